/* SPDX-License-Identifier: MIT */
/*
 * Call sites: each is a system call and the whole stack that made it, stored once. The first two
 * are pseudo-sites with an empty stack: start-up and unseen. The frames themselves are stored in
 * the recording only; here two hashes of 64 bits stand for them.
 *
 * There are two indexes. A call needs only the one by raw addresses; the one by frames (module,
 * file offset) survives dlclose and address reuse. When code is unmapped, the raw index is dropped
 * and filled again on demand.
 */
#ifndef VMT_CALLSITES_H
#define VMT_CALLSITES_H

#include "core/vma/space.h"

/* The allocation macros of uthash take their arena from a variable named `space`. */
#define uthash_malloc(bytes)      vmt_arena_alloc(space->arena, (bytes))
#define uthash_free(piece, bytes) vmt_arena_free(space->arena, (piece), (bytes))
#define uthash_fatal(text)        uthash_fatal_must_not_be_used(text)
#define uthash_bzero(piece, n)    __builtin_memset((piece), 0, (n))
#define HASH_NONFATAL_OOM         1
#define HASH_FUNCTION(key, length, hash) \
	((hash) = vmt_callsites_key(*(const uint64_t *)(const void *)(key)))
#define HASH_KEYCMP(a, b, length) \
	(*(const uint64_t *)(const void *)(a) != *(const uint64_t *)(const void *)(b))
#include <uthash.h>
#undef HASH_INITIAL_NUM_BUCKETS /* uthash defines these unconditionally */
#undef HASH_INITIAL_NUM_BUCKETS_LOG2
#define HASH_INITIAL_NUM_BUCKETS      256u
#define HASH_INITIAL_NUM_BUCKETS_LOG2 8u
#undef HASH_BKT_CAPACITY_THRESH /* uthash's 10 would double the buckets for hardly shorter chains */
#define HASH_BKT_CAPACITY_THRESH 14u

/* The hash of both indexes. */
unsigned vmt_callsites_key(uint64_t key);

struct vmt_site {
	uint32_t id;
	uint16_t call; /* enum vmt_call_id */
	uint16_t frame_count;
	uint32_t flags; /* VMT_SITE_* */
	uint32_t asked; /* see struct vmt_rec_site */
	uint32_t frame_first; /* index into the frames section; VMT_NO_INDEX = not recorded */
	uint32_t peak_epoch;
	/* the one of struct vmt_publish that the site's values were written for */
	uint32_t mark_epoch;
	uint32_t low; /* fewest and most live maps in the current bucket of the site's timeline */
	uint32_t high;
	uint64_t bucket_end; /* when that bucket ends, ns; 0 = there is none yet */
	uint32_t time_row; /* as in struct vmt_rec_site */
	struct vmt_rec_counters counters;
	uint64_t live;
	uint64_t live_at_peak; /* see struct vmt_rec_site */
	uint64_t frame_hash;
	uint64_t frame_check; /* another hash of the frames, independent of the first */
	UT_hash_handle hh; /* keyed by frame_hash; sites of equal hash are chained by next_same */
	struct vmt_site *next_same;
};

/* A stack as it was captured. */
struct vmt_callsites_stack {
	enum vmt_call_id call;
	uint32_t count;
	bool is_truncated;
	const uint64_t *pc; /* return addresses, innermost first */
	uint64_t hash; /* vmt_pc_hash() of all pc, from 0; 0 = not computed yet */
	uint32_t asked; /* by this call; see struct vmt_rec_site */
	uint64_t script; /* a hash of the script's functions that are running; 0 = none */
};

/* What a call with these arguments asks for, as struct vmt_rec_site has it; 0 = nothing told. */
static inline uint32_t vmt_callsites_asked(enum vmt_call_id call, const long args[6])
{
	if (call != VMT_CALL_MMAP && call != VMT_CALL_MPROTECT && call != VMT_CALL_PKEY_MPROTECT &&
	    call != VMT_CALL_MADVISE)
		return 0;
	if (call == VMT_CALL_MMAP)
		return ((uint32_t)args[2] & 7) | VMT_ASKED_KNOWN |
		       ((uint32_t)args[3] & VMT_ASKED_MMAP) << VMT_ASKED_FLAGS;
	return ((uint32_t)args[2] & ~VMT_ASKED_KNOWN) | VMT_ASKED_KNOWN;
}

struct vmt_callsites_ops {
	/* Find the module that contains addr, and the offset of addr in it. Never fails. */
	struct vmt_rec_frame (*frame_of)(void *context, uint64_t addr);
	/*
	 * Store the frames of the script's functions that run in the stack's C frame number
	 * `level`, as many as there is room for. Returns how many there are. May be NULL.
	 */
	uint32_t (*script_at)(void *context, uint32_t level, struct vmt_rec_frame *room,
			      uint32_t most);
	/* A new site has been made, of frames[site->frame_count]. */
	void (*added)(void *context, struct vmt_site *site, const struct vmt_rec_frame *frames);
	void *context;
};

struct vmt_raw_entry;

struct vmt_callsites {
	struct vmt_arena *arena;
	const struct vmt_callsites_ops *ops;
	struct vmt_site **by_id;
	uint32_t count;
	uint32_t room;
	struct vmt_site *by_frames;
	struct vmt_raw_entry *by_raw;
	/* the VMT_SITE_LOST site of each call; NULL = not made yet */
	struct vmt_site *lost[VMT_CALL_COUNT];
};

/* room: the most sites there may be. Returns 0 or -ENOMEM. */
VMT_MUST_CHECK int vmt_callsites_init(struct vmt_callsites *sites, struct vmt_arena *arena,
				      uint32_t room, const struct vmt_callsites_ops *ops);

/*
 * Return the site of this stack, and make it if it is new. When there is no room, return a site of
 * the same call without a stack, flagged VMT_SITE_LOST; when even that does not fit,
 * VMT_SITE_UNSEEN.
 */
struct vmt_site *vmt_callsites_intern(struct vmt_callsites *sites,
				      const struct vmt_callsites_stack *stack);

/* Whether these are the site's frames, frames[site->frame_count]. */
bool vmt_callsites_is_stack(const struct vmt_site *site, const struct vmt_rec_frame *frames);

/* Code has been unmapped: other code may appear at these addresses. */
void vmt_callsites_forget_addresses(struct vmt_callsites *sites, struct vmt_range gone);

/*
 * Rebuild both indexes from by_id, which is always consistent; they may be broken, since a thread
 * that was changing them will never continue. The arena does not get their old memory back.
 */
void vmt_callsites_reindex(struct vmt_callsites *sites);

#endif
