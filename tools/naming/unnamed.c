/* SPDX-License-Identifier: MIT */
/*
 * See unnamed.h. Libraries of the system say nothing about the program, so they are left out; the
 * program itself is looked at wherever it lies. If that is the system's too, as an interpreter is,
 * its code may be in such a library (libruby, libtcl).
 */
#include "naming/unnamed.h"
#include "core/report/report.h"
#include "naming/names.h"
#include "util/must.h"

#include <string.h>
#include <unistd.h>

#define NAME_SHOWN 48u /* bytes of a module's name, so that a line holds it */

static bool is_same(struct vmt_view_string one, struct vmt_view_string two)
{
	return one.length == two.length && !memcmp(one.bytes, two.bytes, one.length);
}

static bool is_of_interest(const struct vmt_view *view, const struct vmt_rec_module *module)
{
	struct vmt_view_string path = vmt_view_string(view, module->path);
	struct vmt_view_string exe = vmt_view_string(view, view->header.exe);

	if (module->kind != VMT_MODULE_FILE || !path.length)
		return false;
	return is_same(path, exe) || (!vmt_report_is_runtime(path) &&
				      (!vmt_report_is_system(path) || vmt_report_is_system(exe)));
}

/* Find the module with the most frames without a function; false if all have one. */
static bool find_most(const struct vmt_view *view, struct vmt_symbols *symbols,
		      struct vmt_rec_module *ret_module)
{
	uint64_t modules = vmt_view_count(view, VMT_SECTION_MODULES), most = 0;
	uint32_t *unnamed = vmt_must_alloc(modules + 1, sizeof(*unnamed));
	struct vmt_rec_module module;
	struct vmt_rec_frame frame;
	struct vmt_symbol symbol;

	for (uint64_t i = 0; i < vmt_view_count(view, VMT_SECTION_FRAMES); i++) {
		if (!vmt_view_frame(view, i, &frame) || frame.module >= modules ||
		    !vmt_view_module(view, frame.module, &module) ||
		    !is_of_interest(view, &module) ||
		    (vmt_names_find(symbols, view, i, &symbol) && symbol.function))
			continue;
		if (++unnamed[frame.module] <= most)
			continue;
		most = unnamed[frame.module];
		*ret_module = module;
	}
	free(unnamed);
	return most > 0;
}

static const char *advice(struct vmt_view_string path, const char *copy)
{
	if (access(copy, R_OK))
		return "is not where it was: vmatrace report --symbols=DIR names its functions if "
		       "DIR has the same file";
	if (vmt_report_is_system(path))
		return "is stripped: its debug package, or vmatrace report --debuginfod, names its "
		       "functions";
	return "is stripped, or was built again since it ran: vmatrace report --symbols=DIR names "
	       "its functions if DIR has the same file before strip (or its .build-id/)";
}

/* Never part of a character. */
static int shown_length(struct vmt_view_string name)
{
	size_t length = name.length;

	if (length <= NAME_SHOWN)
		return (int)length;
	for (length = NAME_SHOWN; length && ((unsigned char)name.bytes[length] & 0xc0) == 0x80;)
		length--;
	return (int)length;
}

char *vmt_unnamed_hint(const struct vmt_view *view, struct vmt_symbols *symbols)
{
	struct vmt_rec_module module;
	struct vmt_view_string path, base;
	char *copy, *hint;
	int shown;

	if (!find_most(view, symbols, &module))
		return NULL;
	path = vmt_view_string(view, module.path);
	base = vmt_report_base_name(path);
	copy = vmt_must(strndup(path.bytes, path.length));
	shown = shown_length(base);
	hint = vmt_must_format("%.*s%s %s", shown, base.bytes,
			       (size_t)shown < base.length ? "..." : "", advice(path, copy));
	for (char *at = hint; *at; at++) {
		if ((unsigned char)*at < ' ')
			*at = '?';
	}
	free(copy);
	return hint;
}
