/* SPDX-License-Identifier: MIT */
/*
 * Maps that the program itself gave back when its work was done, after they had grown like a leak: a
 * container that is never pruned, which a destructor of main empties. They do not exist at the end,
 * so that no limit of the growth sees them; a note tells them. Used by check.
 */
#ifndef VMT_RETURNED_H
#define VMT_RETURNED_H

#include "check/summary.h"
#include "core/recording/view.h"
#include "naming/teardown.h"
#include "symbols/symbols.h"

/*
 * Keep what the process gave back so in its program, if that is more than its other processes did. kept: what
 * vmt_teardown_read() says, which counts as kept.
 */
void vmt_returned_read(struct vmt_summary_program *program, const struct vmt_view *view,
		       struct vmt_symbols *symbols, const struct vmt_teardown *kept);

/* Returns a sentence, or NULL if there is nothing to tell; the caller frees it. */
char *vmt_returned_note(const struct vmt_summary_program *program);

#endif
