/* SPDX-License-Identifier: MIT */
/*
 * What a map has and a neighbour has not, so that the two are not one: "locked", "not locked", the
 * name, the file. Its kind and protection are left out, since the page shows them in any case.
 */
#ifndef VMT_HTML_MARK_H
#define VMT_HTML_MARK_H

#include "explain/explain.h"

/* Puts the mark of a map that touches the neighbours given; NULL = it touches none there. */
void vmt_html_mark(const struct vmt_explain_map *below, const struct vmt_explain_map *map,
		   const struct vmt_explain_map *above, char *text, size_t size);

#endif
