/* SPDX-License-Identifier: MIT */
/*
 * What a program gives back because it ends counts as kept, and who had it is known only if there were
 * never more maps than then. Where that is so in one of two runs alone, their call sites cannot be
 * compared as they are. Used by check and diff, before they compare.
 */
#ifndef VMT_ALIGN_H
#define VMT_ALIGN_H

#include "check/summary.h"

/*
 * Maps that were given back at the end, and whose call sites are not known since there had been more
 * before, are judged together if there are so many: by the growth of all, with this tolerance for what a
 * runtime does.
 */
#define VMT_ALIGN_TEARDOWN 16

/*
 * Change the maps of call sites so that both are of the same moment. Where it is not known in both what
 * they had before the end gave maps back, this is the true end; but call sites that then had more than ever
 * in the base keep that, and are compared with the most of the base.
 */
void vmt_align(struct vmt_summary *summary, struct vmt_summary *base);

#endif
