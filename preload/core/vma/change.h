/* SPDX-License-Identifier: MIT */
/*
 * What a finished system call may have done to the maps: which bytes went, came,
 * moved or changed. Decoded from the arguments and the result alone; which maps the
 * kernel then split and merged is worked out in resolve.h and effect.h.
 */
#ifndef VMT_CHANGE_H
#define VMT_CHANGE_H

#include "core/base/base.h"
#include "core/base/calls.h"

/* A call with its result. brk: the program break before the call (brk only). */
struct vmt_done {
	enum vmt_call_id call;
	long args[6];
	long result; /* -errno on failure */
	uint64_t brk;
	uint64_t aio; /* io_setup: the context it has made, which is its map's address */
	bool is_loaders; /* ld.so's own code has made it */
	struct vmt_range told; /* ioctl, process_madvise: the range in the memory they were given */
};

enum vmt_change_how {
	VMT_CHANGE_NOTHING, /* the call left every map as it was */
	VMT_CHANGE_DERIVE, /* the rules tell the outcome but for merges that look possible */
	VMT_CHANGE_WALK, /* the kernel must be asked what is there now */
	VMT_CHANGE_EVERYTHING, /* …about the whole address space */
};

/*
 * before the call:   AAAAAAAA        window: where starts may have come or gone
 * munmap of the middle: gone ^^^^
 * mmap there:           fresh ^^^^
 * mremap:               from ^^^^ -> to
 * brk, mremap growing:  grown ^^^^, which belongs to the map that grown_of lies in
 */
struct vmt_change {
	enum vmt_change_how how;
	struct vmt_range window[2]; /* the second is empty but for mremap that moves */
	struct vmt_range gone[2];
	struct vmt_range fresh; /* end == 0: the new map's end is not in the arguments */
	struct vmt_range copied; /* what fresh is a copy of; start == 0: of nothing */
	struct vmt_range from;
	uint64_t to;
	struct vmt_range grown;
	uint64_t grown_of;
	struct vmt_range protect; /* rwx becomes flags; nothing else changes visibly */
	struct vmt_range advise; /* hidden attributes change */
	uint32_t flags; /* VMT_MAP_* of fresh or protect */
	struct vmt_range touched; /* may have an anon_vma now (merge_rules.h) */
	uint32_t born; /* enum vmt_vma_class of fresh, and of what brk has grown */
	uint32_t known_set; /* VMT_MAP_ADVICE to set… */
	uint32_t known_clear; /* …and to clear in advise */
	bool blurs; /* protect or advise: nothing is known of it afterwards */
	struct vmt_range remapped; /* mremap: what stays of the old range; derived if it is one
				      anonymous map */
	bool is_file; /* fresh shows the file fd, from offset on */
	bool is_loaders; /* ld.so maps it, as part of a library */
	int fd;
	uint64_t offset;
	uint64_t length; /* bytes asked for, for the record */
	bool failed; /* bytes that should be gone may still be there */
	bool met_hole; /* protect, advise: failed as those do that come to a hole */
};

/*
 * The commonest changes, in few words: anonymous memory mapped, replacing nothing, or memory given
 * back.
 */
struct vmt_simple {
	struct vmt_range range;
	bool is_fresh; /* otherwise it is gone */
	uint32_t flags; /* VMT_MAP_* of fresh memory */
	uint32_t born; /* enum vmt_vma_class of it */
};

/* Can this call change maps at all? False for madvise(MADV_DONTNEED) and the like. */
bool vmt_change_is_possible(enum vmt_call_id call, const long args[6]);

/* May this call run long with the kernel's map lock released (populating, locking)? */
bool vmt_change_is_slow(enum vmt_call_id call, const long args[6]);

/* Is this one of them? False says nothing: the call may still have changed something. */
bool vmt_change_decode_simple(const struct vmt_done *done, struct vmt_simple *ret_simple);

/* Decode done. Never fails: what it cannot judge becomes VMT_CHANGE_WALK or _EVERYTHING. */
void vmt_change_decode(const struct vmt_done *done, struct vmt_change *ret_change);

#endif
