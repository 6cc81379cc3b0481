/* SPDX-License-Identifier: MIT */
/* The core decides which function it is; this adds its description. Prints nothing. See place.h. */
#include "core/report/short_name.h"
#include "naming/place.h"
#include "util/must.h"

#define SHORT    50u /* letters of a function's name; templates have longer ones */
#define FILE_MAX 45u /* letters of a path; the last ones are kept */

/* The same rule as vmt_report_outer()'s, without asking for each name again. */
static void find_outer(struct vmt_place *place)
{
	const struct vmt_symbol *symbol = place->symbol.caller;

	for (; symbol; symbol = symbol->caller) {
		place->inlined_into = symbol->function;
		if (symbol->is_system && !place->symbol.is_system)
			continue;
		place->outer = *symbol;
		place->outermost = symbol->function;
	}
}

bool vmt_place_find(struct vmt_symbols *symbols, const struct vmt_view *view,
		    const struct vmt_rec_site *site, struct vmt_place *ret_place)
{
	struct vmt_names names = { symbols, view, false };

	*ret_place = (struct vmt_place){ .spot = { UINT64_MAX, 0 } };
	if (!vmt_report_blame(view, site, vmt_names_resolve, &names, &ret_place->spot))
		return false;
	if (!vmt_names_find_spot(&names, site, ret_place->spot, &ret_place->symbol))
		ret_place->symbol = (struct vmt_symbol){ .function = NULL };
	find_outer(ret_place);
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
			       place->outermost ? place->outermost : "", vmt_symbol_mark(symbol));
}

/* Returns NULL for NULL. */
static char *short_of(const char *name)
{
	char text[VMT_SHORT_NAME_MAX];

	return name ? vmt_must(strndup(text, vmt_short_name(name, strlen(name), SHORT, text))) :
		      NULL;
}

char *vmt_place_text_short(const struct vmt_place *place, const char *file)
{
	char *function = short_of(place->symbol.function);
	char *outermost = short_of(place->outermost);
	struct vmt_place copy = *place;
	char *text;

	copy.symbol.function = function;
	copy.outermost = outermost;
	text = vmt_place_text(&copy, file);
	free(function);
	free(outermost);
	return text;
}

void vmt_place_put_source(const char *file, uint32_t line, char text[VMT_PLACE_SOURCE_MAX])
{
	size_t n = file ? strlen(file) : 0;
	char number[16] = "";

	if (line)
		snprintf(number, sizeof(number), ":%u", line);
	text[0] = '\0';
	if (n)
		snprintf(text, VMT_PLACE_SOURCE_MAX, " %s%s%s", n > FILE_MAX ? "..." : "",
			 n > FILE_MAX ? file + n - FILE_MAX : file, number);
}
