/* SPDX-License-Identifier: MIT */
/*
 * Where a call site is, in one line: the function that the core blames (vmt_report_blame), by all
 * commands alike.
 */
#ifndef VMT_PLACE_H
#define VMT_PLACE_H

#include "naming/names.h"

struct vmt_place {
	struct vmt_report_spot spot;
	struct vmt_symbol symbol; /* empty when it has no name */
	const char *outermost; /* what the function was inlined into, not inlined itself; or NULL */
};

/* False without a stack. Names live as long as the symbols. */
bool vmt_place_find(struct vmt_symbols *symbols, const struct vmt_view *view,
		    const struct vmt_rec_site *site, struct vmt_place *ret_place);

/*
 * "raw pool.c:2 in session_open", with the file as it is given; NULL without a name. The caller
 * frees it.
 */
char *vmt_place_text(const struct vmt_place *place, const char *file);

#endif
