/* SPDX-License-Identifier: MIT */
/*
 * What a call did to the maps, and who owns them afterwards.
 *
 * After a call, every map consists of pieces: runs of bytes that come from one earlier map, or from
 * one mapping that the call made. Bytes keep their identity when they are moved, grown or changed.
 *
 * 	created = new mappings that the call made
 * 	split   = for each earlier map that keeps a byte, its pieces - 1
 * 	removed = earlier maps that keep none
 * 	merged  = for each map after the call, its pieces - 1
 * 	net     = created + split - merged - removed: always the change of the count
 *
 * 	"AAA"  munmap of the middle    ->  "A.A"   split 1
 * 	"A.A"  mmap into the hole      ->  "AAA"   created 1, merged 2
 * 	"AAA"  mprotect of the middle  ->  "AaA"   split 2
 * 	"A.B"  munmap of the last      ->  "A.."   removed 1
 *
 * Pieces that the call does not explain (another call came in between) are counted separately, as
 * unseen.
 */
#ifndef VMT_EFFECT_H
#define VMT_EFFECT_H

#include "core/resolve/resolve.h"

struct vmt_counts {
	uint64_t created;
	uint64_t split;
	uint64_t merged;
	uint64_t removed;
};

struct vmt_effect {
	struct vmt_counts call; /* done by the call */
	struct vmt_counts unseen; /* differences that no captured call explains */
	bool out_of_memory; /* the table has lost a map */
};

/*
 * Callbacks for the count of live maps of each site, where a call may concern any number of sites.
 * The library's own maps are not reported.
 */
struct vmt_effect_ops {
	void (*live)(void *context, uint32_t site, int delta);
	void *context;
};

static inline int64_t vmt_counts_net(const struct vmt_counts *counts)
{
	return (int64_t)(counts->created + counts->split) -
	       (int64_t)(counts->merged + counts->removed);
}

/*
 * Replace the maps in resolution's spans by resolution's outcome, and count the difference. Owners:
 * the leftmost piece of an earlier map keeps that map's record; its other pieces are put by `site`.
 * A new mapping is both mapped and put by `site`. Where pieces merge, the record of the leftmost
 * earlier piece survives. Where a map has got a new start and the space has parts, these say who mapped
 * what is there, and who had put a start there before. change->how == VMT_CHANGE_NOTHING means that no call was made: every
 * difference is unseen.
 */
void vmt_effect_apply(struct vmt_space *space, const struct vmt_change *change,
		      struct vmt_resolution *resolution, uint32_t site, uint64_t time,
		      const struct vmt_effect_ops *ops, struct vmt_effect *ret_effect);

#endif
