/* SPDX-License-Identifier: MIT */
/*
 * Maps that were given back because the program ended: by the exit handlers of libc, or by what
 * runtimes of languages call before they exit. What a program kept is known only without them.
 * Used by the report and by check.
 */
#ifndef VMT_TEARDOWN_H
#define VMT_TEARDOWN_H

#include "core/recording/view.h"
#include "symbols/symbols.h"

struct vmt_teardown {
	uint64_t maps; /* how many fewer there are since; 0 = nothing was given back */
	char function[64]; /* that gave most of them back */
};

void vmt_teardown_read(const struct vmt_view *view, struct vmt_symbols *symbols,
		       struct vmt_teardown *ret_teardown);

/*
 * The same and, if that is nothing, what destructors of main gave back as its last work, or threads for
 * whose end the process waited. This is for
 * words about the growth only: check counts what a program returns by itself as returned.
 */
void vmt_teardown_read_all(const struct vmt_view *view, struct vmt_symbols *symbols,
			   struct vmt_teardown *ret_teardown);

#endif
