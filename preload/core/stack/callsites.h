/* SPDX-License-Identifier: MIT */
/*
 * Call sites: a system call and the whole stack it was made from, held once. The
 * first two are pseudo-sites with an empty stack: start-up and unseen.
 *
 * Two indexes: by raw addresses, which is all a call has to look up; and by
 * frames (module, file offset), which survives dlclose and address reuse. When code is
 * unmapped the raw index is forgotten and filled again on demand.
 */
#ifndef VMT_CALLSITES_H
#define VMT_CALLSITES_H

#include "core/vma/space.h"

struct vmt_site {
	uint32_t id;
	uint16_t call; /* enum vmt_call_id */
	uint16_t frame_count;
	uint32_t flags; /* VMT_SITE_* */
	uint32_t peak_epoch;
	uint32_t mark_epoch; /* the last mark its values were written for */
	uint32_t low; /* fewest and most live maps in the bucket of its timeline that ends… */
	uint32_t high;
	uint64_t bucket_end; /* …then, ns; 0 = not begun */
	struct vmt_rec_frame *frames; /* NULL when frame_count is 0 */
	struct vmt_rec_counters counters;
	uint64_t live;
	uint64_t live_at_peak; /* see struct vmt_rec_site */
	uint64_t frame_hash;
	UT_hash_handle hh; /* by frame_hash; equal hashes are chained by next_same */
	struct vmt_site *next_same;
};

/* One stack as it was captured. */
struct vmt_callsites_stack {
	enum vmt_call_id call;
	uint32_t count;
	bool is_truncated;
	const uint64_t *pc; /* innermost first */
	uint64_t hash; /* of them, by vmt_callsites_hash() from 0; 0 = not known yet */
};

struct vmt_callsites_ops {
	/* Where addr lies: which module, which offset in it. Always answers. */
	struct vmt_rec_frame (*frame_of)(void *context, uint64_t addr);
	/* A site has been made. */
	void (*added)(void *context, const struct vmt_site *site);
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
	struct vmt_site
		*lost[VMT_CALL_COUNT]; /* VMT_SITE_LOST of each call; NULL = not needed yet */
};

/* room: sites at most. Returns 0 or -ENOMEM. */
VMT_MUST_CHECK int vmt_callsites_init(struct vmt_callsites *sites, struct vmt_arena *arena,
				      uint32_t room, const struct vmt_callsites_ops *ops);

/*
 * The site of this stack, made when it is new. When there is no room left:
 * a site of the same call without a stack, flagged VMT_SITE_LOST; VMT_SITE_UNSEEN when there is not
 * even that.
 */
struct vmt_site *vmt_callsites_intern(struct vmt_callsites *sites,
				      const struct vmt_callsites_stack *stack);

/* Code has been unmapped: the same addresses may be other code from now on. */
void vmt_callsites_forget_addresses(struct vmt_callsites *sites);

/*
 * Both indexes may be broken (their writer was interrupted for good): make them
 * anew from by_id, which is always whole. What they held is lost to the arena.
 */
void vmt_callsites_reindex(struct vmt_callsites *sites);

#endif
