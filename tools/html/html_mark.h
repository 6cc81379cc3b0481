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

/* Is it parted from one of them by its offset in the file that both are of? */
bool vmt_html_has_offset(const struct vmt_explain_map *below, const struct vmt_explain_map *map,
			 const struct vmt_explain_map *above);

#endif
