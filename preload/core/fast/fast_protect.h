/* SPDX-License-Identifier: MIT */
/*
 * What mprotect and madvise do to a map that lies in their range, or to a piece of it. Mostly it is one
 * map only, which may become one with its neighbours: a heap grows, or a page that was protected is
 * given back its protection. Called by fast_range.c, which has looked at everything else.
 *
 *	"AAABCCC"  B becomes like both  ->  "AAAAAAA"   merged 2
 *	"AAABBCC"  the front of B       ->  "AAAABCC"   split 1, merged 1
 *	"BBBBBBB"  the middle of B      ->  "BBBCBBB"   split 2
 */
#ifndef VMT_FAST_PROTECT_H
#define VMT_FAST_PROTECT_H

#include "core/fast/fast.h"

/*
 * The call has altered range, which lies in map. left and right are the maps that touch the range;
 * NULL: nothing does, or map itself does. Returns false, with nothing changed, if the kernel must
 * be asked.
 */
VMT_MUST_CHECK bool vmt_fast_protect_one(struct vmt_fast *it, const struct vmt_change *change,
					 struct vmt_range range, struct vmt_map *left,
					 struct vmt_map *map, struct vmt_map *right);

/* Alter the part of map in the range; it is certain that the pieces do not merge. */
void vmt_fast_protect_apart(struct vmt_fast *it, const struct vmt_change *change,
			    struct vmt_range range, struct vmt_map *map);

#endif
