/* SPDX-License-Identifier: MIT */
/*
 * What a finished system call may have done to the maps: which bytes went, came, moved or changed.
 * This is decoded from the arguments and the result alone; resolve.h and effect.h work out which
 * maps the kernel split and merged.
 */
#ifndef VMT_CHANGE_H
#define VMT_CHANGE_H

#include "core/base/base.h"
#include "core/base/calls.h"
#include "core/vma/vma.h"

/* A finished call with its result. brk: the program break before the call (for brk only). */
struct vmt_done {
	enum vmt_call_id call;
	long args[6];
	long result; /* -errno on failure */
	uint64_t brk;
	/* io_setup: the context that it made, which is the address of the context's map */
	uint64_t aio;
	bool is_loaders; /* the call was made by ld.so's own code */
	/* ioctl, process_madvise: the range of addresses that was passed in memory */
	struct vmt_range user_range;
};

enum vmt_change_how {
	VMT_CHANGE_NOTHING, /* the call left every map as it was */
	VMT_CHANGE_DERIVE, /* the rules give the outcome, except for merges that remain possible */
	VMT_CHANGE_WALK, /* the kernel must be asked what is in the windows now */
	VMT_CHANGE_EVERYTHING, /* the kernel must be asked about the whole address space */
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
	struct vmt_range window[2]; /* the second is empty, except for an mremap that moves */
	struct vmt_range gone[2];
	struct vmt_range fresh; /* the new map; end == 0: the arguments do not tell its end */
	/* the range that fresh is a copy of; start == 0: fresh is no copy */
	struct vmt_range copied;
	struct vmt_range from;
	uint64_t to;
	struct vmt_range grown;
	uint64_t grown_of;
	struct vmt_range protect; /* protections change to flags; nothing else changes visibly */
	struct vmt_range advise; /* hidden attributes change here */
	uint32_t flags; /* VMT_MAP_* flags of fresh or protect */
	struct vmt_range touched; /* may have an anon_vma after the call (merge_rules.h) */
	uint32_t new_class; /* enum vmt_vma_class of fresh, and of the memory that brk added */
	uint32_t known_set; /* VMT_MAP_ADVICE bits to set in advise */
	uint32_t known_clear; /* VMT_MAP_ADVICE bits to clear in advise */
	bool loses_class; /* maps in protect or advise are of unknown class after the call */
	/* mremap: what remains of the old range; derived only if that is one anonymous map */
	struct vmt_range remapped;
	bool is_file; /* fresh maps the file fd, from offset on */
	bool is_loaders; /* ld.so makes the map, as part of a library */
	bool is_identified; /* inode, dev and new_class are those of the file's map (resolve.h) */
	int fd;
	uint32_t dev;
	uint64_t inode;
	uint64_t offset;
	uint64_t length; /* bytes asked for; goes into the recording only */
	bool failed; /* the call failed; bytes that it should have removed may still be there */
	bool met_hole; /* protect, advise: failed with the error that a hole in the range gives */
};

/* Returns the map in the range fresh, as far as change tells what it is; its class is not set. */
static inline struct vmt_vma vmt_change_fresh(const struct vmt_change *change)
{
	return (struct vmt_vma){
		.start = change->fresh.start,
		.end = change->fresh.end,
		.offset = change->offset,
		.inode = change->inode,
		.dev = change->dev,
		.flags = change->flags,
	};
}

/*
 * The most frequent changes in short: anonymous memory mapped where nothing was, or memory
 * unmapped.
 */
struct vmt_simple {
	struct vmt_range range;
	bool is_fresh; /* true: mapped; false: unmapped */
	uint32_t flags; /* VMT_MAP_* flags of the new map */
	uint32_t new_class; /* enum vmt_vma_class of the new map */
};

/* Can this call change maps at all? False for madvise(MADV_DONTNEED) and the like. */
bool vmt_change_is_possible(enum vmt_call_id call, const long args[6]);

/* Does this advice of madvise change flags of maps, and so may cut them? */
bool vmt_change_is_flag_advice(long advice);

/* May this call run long with the kernel's map lock released (populating, locking)? */
bool vmt_change_is_slow(enum vmt_call_id call, const long args[6]);

#endif
