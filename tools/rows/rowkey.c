/* SPDX-License-Identifier: MIT */
/*
 * What the call sites of one row have in common: a place, a function, a module or a system call.
 * Prints nothing; used by rows.c.
 */
#include "naming/place.h"
#include "rows/rowkey.h"
#include "naming/names.h"
#include "util/must.h"

char *vmt_rowkey_module(const struct vmt_view *view, uint64_t index)
{
	struct vmt_rec_module module;
	struct vmt_rec_frame frame;
	struct vmt_view_string path = { "", 0 };

	if (vmt_view_frame(view, index, &frame) && vmt_view_module(view, frame.module, &module))
		path = vmt_view_string(view, module.path);
	if (!path.length || !path.bytes) /* bytes is never NULL, but gcc does not know */
		return vmt_must_copy("unknown module");
	path = vmt_report_base_name(path);
	return vmt_must(strndup(path.bytes, path.length));
}

static char *function_label(const struct vmt_view *view, const struct vmt_place *place)
{
	char *module;
	char *label;

	if (place->symbol.function)
		return vmt_must_copy(place->symbol.function);
	module = vmt_rowkey_module(view, place->spot.frame);
	label = vmt_must_format("(%s)", module);
	free(module);
	return label;
}

/* Returns the function of the user's own script; NULL if there is none. */
static char *script_label(const struct vmt_place *place)
{
	const char *file = place->symbol.file, *base = file ? strrchr(file, '/') : NULL;

	return place->symbol.is_script ? vmt_place_text(place, base ? base + 1 : file) : NULL;
}

/*
 * A row of the table stands for the system call at the project's own place. A line that was
 * compiled several times is one place, in each function that it was inlined into.
 */
static char *line_key(const struct vmt_view *view, const struct vmt_rec_site *site,
		      const struct vmt_place *place, char **ret_label)
{
	struct vmt_rec_frame frame;
	char *text;
	char *key;

	*ret_label = script_label(place);
	if (*ret_label)
		return vmt_must_format("%u %s", site->call, *ret_label);
	if (place->symbol.line && vmt_view_frame(view, place->spot.frame, &frame)) {
		text = vmt_must(vmt_place_text(place, place->symbol.file));
		key = vmt_must_format("%u %u %s %s", site->call, frame.module, text,
				      place->inlined_into ? place->inlined_into : "");
		free(text);
		return key;
	}
	if (vmt_view_frame(view, place->spot.frame, &frame))
		return vmt_must_format("%u %u %llu", site->call, frame.module,
				       (unsigned long long)frame.offset);
	return vmt_must_format("%u", site->call);
}

char *vmt_rowkey_of(const struct vmt_view *view, struct vmt_symbols *symbols, enum vmt_rows_by by,
		    uint64_t index, const struct vmt_rec_site *site, char **ret_label)
{
	struct vmt_place place = { .spot = { UINT64_MAX, 0 } };

	*ret_label = NULL;
	if (by == VMT_ROWS_BY_LINE || by == VMT_ROWS_BY_FUNCTION)
		vmt_place_find(symbols, view, site, &place);
	switch (by) {
	case VMT_ROWS_BY_FUNCTION:
		*ret_label = script_label(&place);
		if (!*ret_label)
			*ret_label = function_label(view, &place);
		return vmt_must_copy(*ret_label);
	case VMT_ROWS_BY_MODULE:
		*ret_label = vmt_rowkey_module(view, vmt_report_user_frame(view, site));
		return vmt_must_copy(*ret_label);
	case VMT_ROWS_BY_CALL: return vmt_must_format("%u", site->call);
	case VMT_ROWS_BY_LINE: return line_key(view, site, &place, ret_label);
	default: return vmt_must_format("%llu", (unsigned long long)index);
	}
}
