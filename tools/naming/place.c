/* SPDX-License-Identifier: MIT */
/* The core decides which function it is; this adds its description. Prints nothing. See place.h. */
#include "naming/place.h"
#include "util/must.h"

static const char *outermost_of(const struct vmt_symbol *symbol)
{
	if (!symbol->caller)
		return NULL;
	while (symbol->caller)
		symbol = symbol->caller;
	return symbol->function;
}

bool vmt_place_find(struct vmt_symbols *symbols, const struct vmt_view *view,
		    const struct vmt_rec_site *site, struct vmt_place *ret_place)
{
	struct vmt_function_names names = { symbols, view, false };

	*ret_place = (struct vmt_place){ .spot = { UINT64_MAX, 0 } };
	if (!vmt_report_blame(view, site, vmt_names_resolve, &names, &ret_place->spot))
		return false;
	if (!vmt_names_find_spot(&names, site, ret_place->spot, &ret_place->symbol))
		ret_place->symbol = (struct vmt_symbol){ .function = NULL };
	ret_place->outermost = outermost_of(&ret_place->symbol);
	return true;
}

char *vmt_place_text(const struct vmt_place *place, const char *file)
{
	const struct vmt_symbol *symbol = &place->symbol;
	const char *function = symbol->function ? symbol->function : "??";
	char line[16] = "";

	if (!symbol->function && !file)
		return NULL;
	if (file && symbol->line)
		snprintf(line, sizeof(line), ":%u", symbol->line);
	return vmt_must_format("%s%s%s%s%s%s%s", function, file ? " " : "", file ? file : "", line,
			       place->outermost ? " in " : "",
			       place->outermost ? place->outermost : "",
			       symbol->is_tail ? " [tail call]" : "");
}
