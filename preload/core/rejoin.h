/* SPDX-License-Identifier: MIT */
/*
 * mprotect and madvise of one map, or of its front or end, that makes it one with its neighbours: a
 * page that was protected is given back its protection, again and again in programs that write
 * code or keep a write barrier. Only when no question is open; called by carve.c, which has looked
 * at everything else.
 *
 *	"AAABCCC"  B becomes like both  ->  "AAAAAAA"   merged 2
 *	"AAABBCC"  the front of B       ->  "AAAABCC"   split 1, merged 1
 */
#ifndef VMT_REJOIN_H
#define VMT_REJOIN_H

#include "direct.h"

/*
 * The call altered range, of which all bytes lie in map; left and right touch the range (NULL: nothing
 * does, or map itself). False: nothing is changed, for the kernel must be asked or nothing joins.
 */
VMT_MUST_CHECK bool vmt_rejoin_apply(struct vmt_direct *it, const struct vmt_change *change,
				     struct vmt_range range, struct vmt_map *left,
				     struct vmt_map *map, struct vmt_map *right);

#endif
