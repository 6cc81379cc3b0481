/* SPDX-License-Identifier: MIT */
/* Compares the stacks of the call sites in a row by their text. See same_line.h. */
#include "rows/same_line.h"
#include "naming/stack.h"
#include "util/must.h"

static char *text_of(const struct vmt_view *view, struct vmt_symbols *symbols, uint64_t index)
{
	struct vmt_rec_site site;
	struct vmt_stack stack;
	char *text;

	if (!vmt_view_site(view, index, &site))
		return vmt_must_copy("");
	vmt_stack_read(&stack, view, &site, symbols);
	text = vmt_stack_key(&stack, true);
	vmt_stack_free(&stack);
	return text;
}

bool vmt_same_line_find(const struct vmt_rows *rows, const struct vmt_view *view,
			struct vmt_symbols *symbols)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_SITES);
	struct vmt_rec_site site, other;
	bool found = false;

	for (size_t i = 0; i < rows->count && !found; i++) {
		uint64_t index = rows->item[i].site;
		char *text;

		if (rows->item[i].sites < 2 || !vmt_view_site(view, index, &site))
			continue;
		text = text_of(view, symbols, index);
		for (uint64_t k = VMT_SITE_FIRST; k < count && !found; k++) {
			char *other_text = text_of(view, symbols, k);

			found = k != index && vmt_view_site(view, k, &other) &&
				other.call == site.call && *text && !strcmp(text, other_text);
			free(other_text);
		}
		free(text);
	}
	return found;
}
