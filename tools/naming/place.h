/* SPDX-License-Identifier: MIT */
/*
 * The place of a call site in one line: the function that the core blames (vmt_report_blame), the
 * same in all commands.
 */
#ifndef VMT_PLACE_H
#define VMT_PLACE_H

#include "naming/names.h"

struct vmt_place {
	struct vmt_report_spot spot;
	struct vmt_symbol symbol; /* empty if it has no name */
	/* the outermost function that it was inlined into, if it is as much the project's; or NULL */
	const char *outermost;
	struct vmt_symbol outer; /* that function's call, if there is one */
	/* the function that it was inlined into and that was not inlined itself; or NULL */
	const char *inlined_into;
};

/* Returns false without a stack. Names live as long as the symbols. */
bool vmt_place_find(struct vmt_symbols *symbols, const struct vmt_view *view,
		    const struct vmt_rec_site *site, struct vmt_place *ret_place);

/*
 * Returns "raw pool.c:2 in session_open", with the file as given; NULL without a name. The caller
 * frees it.
 */
char *vmt_place_text(const struct vmt_place *place, const char *file);
/* The same with names shortened for reading. */
char *vmt_place_text_short(const struct vmt_place *place, const char *file);

#define VMT_PLACE_SOURCE_MAX 80

/* Write " src/pool.c:40", with the last letters of a long path; "" without a file (NULL). */
void vmt_place_put_source(const char *file, uint32_t line, char text[VMT_PLACE_SOURCE_MAX]);

#endif
