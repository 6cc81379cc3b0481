/* SPDX-License-Identifier: MIT */
/*
 * The functions that are missing on a stack because each ended in a jump to the next: the first is
 * known by the call that led to it, and the others by the only jump out of the one before.
 */
#ifndef VMT_JUMPS_H
#define VMT_JUMPS_H

#include "core/recording/view.h"
#include "symbols/symbols.h"

#define VMT_JUMPS_MAX 8u

struct vmt_jumps {
	struct vmt_symbol item[VMT_JUMPS_MAX]; /* the first is what the frame called */
	uint32_t count; /* the last one has jumped, too; where to is not told */
	/* the first is one of the project's own functions, and the others need not be told */
	bool is_own;
	bool caller_is_runtime; /* the frame is in the C library or the like */
};

/* Find those that a frame of a site led to; count is 0 if there is none, or if nothing is known. */
void vmt_jumps_find(struct vmt_symbols *symbols, const struct vmt_view *view,
		    const struct vmt_rec_site *site, uint64_t index, struct vmt_jumps *ret_jumps);

/*
 * Did the program's own code call the innermost function through a pointer, so that something may be
 * missing before it?
 */
bool vmt_jumps_is_by_pointer(struct vmt_symbols *symbols, const struct vmt_view *view,
			     const struct vmt_rec_site *site, uint64_t index);

/* Returns false for a module that has no file. ret_wanted points into the module and the view. */
bool vmt_jumps_file(const struct vmt_view *view, const struct vmt_rec_module *module,
		    struct vmt_symbols_module *ret_wanted);

#endif
