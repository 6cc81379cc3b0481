/* SPDX-License-Identifier: MIT */
/*
 * See unnamed.h. Libraries of the system say nothing about the program, so they are left out; the
 * program itself is looked at wherever it lies. If that is the system's too, as an interpreter is,
 * its code may be in such a library (libruby, libtcl).
 *
 * Where optimised code has symbols only, the place of a call site is the function that others were
 * inlined into, far from the call. A single function without a line proves nothing, since assembly has
 * none: the module has none anywhere.
 */
#include "naming/unnamed.h"
#include "core/report/report.h"
#include "input/debuginfod.h"
#include "naming/names.h"
#include "util/must.h"

#include <elf.h>
#include <fcntl.h>
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

/* What is missing in a module. */
struct gaps {
	uint64_t made; /* maps made at call sites whose place is such a frame… */
	uint64_t unnamed; /* …without a function, which another copy of the file may name */
	uint64_t lineless; /* maps made at call sites whose place is a function without a line */
	bool has_lines;
};

static void count_frames(const struct vmt_view *view, struct vmt_symbols *symbols,
			 struct gaps *gaps)
{
	struct vmt_rec_module module;
	struct vmt_rec_frame frame;
	struct vmt_symbol symbol;

	for (uint64_t i = 0; i < vmt_view_count(view, VMT_SECTION_FRAMES); i++) {
		if (!vmt_view_frame(view, i, &frame) ||
		    !vmt_view_module(view, frame.module, &module) || !is_of_interest(view, &module))
			continue;
		if (!vmt_names_find(symbols, view, i, &symbol) || !symbol.function)
			gaps[frame.module].unnamed += !vmt_names_is_whole(symbols, view, i);
		else if (symbol.file)
			gaps[frame.module].has_lines = true;
	}
}

static void count_places(const struct vmt_view *view, struct vmt_symbols *symbols,
			 struct gaps *gaps)
{
	struct vmt_names names = { symbols, view, false };
	struct vmt_rec_module module;
	struct vmt_report_place place;
	struct vmt_report_spot spot;
	struct vmt_rec_frame frame;
	struct vmt_rec_site site;

	for (uint64_t i = VMT_SITE_FIRST; i < vmt_view_count(view, VMT_SECTION_SITES); i++) {
		struct gaps *of;

		if (!vmt_view_site(view, i, &site) ||
		    !vmt_report_blame(view, &site, vmt_names_resolve, &names, &spot) ||
		    !vmt_view_frame(view, spot.frame, &frame) ||
		    !vmt_view_module(view, frame.module, &module) || !is_of_interest(view, &module))
			continue;
		of = &gaps[frame.module];
		if (!vmt_names_resolve(&names, &site, spot, &place))
			of->made += of->unnamed ? site.counters.created + site.counters.split : 0;
		else if (!place.file && !place.other_module && !place.other_path &&
			 !of->has_lines &&
			 !vmt_report_is_system(vmt_view_string(view, module.path)))
			of->lineless += site.counters.created + site.counters.split;
	}
}

/* Is it code that symbols could be of? A heap of Lisp (sbcl.core) or a class archive is not. */
static bool may_be_elf(const struct vmt_view *view, const struct vmt_rec_module *module)
{
	struct vmt_view_string path = vmt_view_string(view, module->path);
	char *copy = vmt_must(strndup(path.bytes, path.length));
	int fd = open(copy, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char magic[SELFMAG];
	ssize_t n = fd < 0 ? -1 : read(fd, magic, sizeof(magic));

	if (fd >= 0)
		close(fd);
	free(copy);
	return n < 0 || (n == SELFMAG && !memcmp(magic, ELFMAG, SELFMAG));
}

static uint64_t missing_of(const struct gaps *gaps, int step)
{
	return step == 0 ? gaps->made : step == 1 ? gaps->unnamed : gaps->lineless;
}

/*
 * Find the module that lacks most: functions, those that made maps first, or else lines; false if none lacks
 * anything.
 */
static bool find_most(const struct vmt_view *view, struct vmt_symbols *symbols,
		      struct vmt_rec_module *ret_module, bool *ret_has_functions)
{
	uint64_t modules = vmt_view_count(view, VMT_SECTION_MODULES), most = 0;
	struct gaps *gaps = vmt_must_alloc(modules + 1, sizeof(*gaps));
	struct vmt_rec_module module;

	count_frames(view, symbols, gaps);
	count_places(view, symbols, gaps);
	for (int step = 0; step < 3 && !most; step++) {
		for (uint64_t i = 0; i < modules; i++) {
			uint64_t missing = missing_of(&gaps[i], step);

			if (missing <= most || !vmt_view_module(view, i, &module) ||
			    !may_be_elf(view, &module))
				continue;
			most = missing;
			*ret_module = module;
			*ret_has_functions = step == 2;
		}
	}
	free(gaps);
	return most > 0;
}

static const char *advice(struct vmt_view_string path, const char *copy, bool has_functions)
{
	if (has_functions)
		return "has no debug information: built with -g, it has lines, and names of functions "
		       "that were inlined";
	if (access(copy, R_OK))
		return "is not where it was: vmatrace report --symbols=DIR names its functions if "
		       "DIR has the same file";
	if (vmt_report_is_system(path) && vmt_debuginfod_is_allowed())
		return "is stripped, and debuginfod gave no symbols for it (is its server, "
		       "DEBUGINFOD_URLS, reachable?): its debug package names its functions";
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
	bool has_functions;
	int shown;

	if (!find_most(view, symbols, &module, &has_functions))
		return NULL;
	path = vmt_view_string(view, module.path);
	base = vmt_report_base_name(path);
	copy = vmt_must(strndup(path.bytes, path.length));
	shown = shown_length(base);
	hint = vmt_must_format("%.*s%s %s", shown, base.bytes,
			       (size_t)shown < base.length ? "..." : "",
			       advice(path, copy, has_functions));
	for (char *at = hint; *at; at++) {
		if ((unsigned char)*at < ' ')
			*at = '?';
	}
	free(copy);
	return hint;
}
