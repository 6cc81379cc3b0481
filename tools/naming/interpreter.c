/* SPDX-License-Identifier: MIT */
/*
 * See interpreter.h. An interpreter is known by the name of its program: a library of it is used by
 * many programs that are no interpreters.
 */
#include "core/report/report.h"
#include "naming/interpreter.h"
#include "naming/names.h"

#include <string.h>

#define MARKS  "; vmatrace_mark(\"name\") tells its phases apart (doc/ci.md)"
#define MODULE "; vmatrace_mark(\"name\"), from a C module, tells its phases apart (doc/ci.md)"

/* Versions and variants follow the name: python3.11, lua5.4. */
static const struct interpreter {
	const char *program;
	const char *hint;
	bool names_compiled; /* compiled functions have names also where the others have none */
	const char
		*rest; /* the hint where many maps are of functions that still have none, or NULL */
} interpreters[] = {
	{ "python",
	  "lines of scripts are known for CPython 3.11.2 to 3.13; later versions "
	  "name functions with python3 -X perf",
	  false, NULL },
	{ "node",
	  "functions of scripts have names with node --perf-basic-prof "
	  "--interpreted-frames-native-stack; add --no-logfile-per-isolate "
	  "--logfile=/tmp/v8.log, or a log is left in the current folder",
	  true, NULL },
	{ "java",
	  "compiled methods have names with java -XX:+PreserveFramePointer "
	  "-XX:+UnlockDiagnosticVMOptions -XX:+DumpPerfMapAtExit (17 or later; with -Xcomp "
	  "all methods are compiled)",
	  false,
	  "methods that were interpreted have no names (Interpreter in the stacks); with -Xcomp all "
	  "are compiled" },
	{ "php", "php does not say which line of a script runs" MARKS, false, NULL },
	{ "ruby", "ruby does not say which line of a script runs" MARKS, false, NULL },
	{ "perl", "perl does not say which line of a script runs" MODULE, false, NULL },
	{ "lua", "lua does not say which line of a script runs" MODULE, false, NULL },
	{ "luajit", "luajit does not say which line of a script runs" MARKS, false, NULL },
	{ "sbcl", "sbcl does not say which function of Lisp runs" MARKS, false, NULL },
	{ "tclsh", "tcl does not say which line of a script runs" MODULE, false, NULL },
	{ "wish", "tcl does not say which line of a script runs" MODULE, false, NULL },
	{ "guile", "guile does not say which function of a script runs" MARKS, false, NULL },
};

/*
 * Versions before 3.12 have no -X perf, and lines of scripts are known from 3.11.2 on. A program's
 * name mostly has the version.
 */
static bool is_old_python(const char *version, size_t length)
{
	unsigned minor = 0;

	if (length < 3 || memcmp(version, "3.", 2))
		return length > 0 && *version == '2';
	for (size_t i = 2; i < length && version[i] >= '0' && version[i] <= '9' && minor < 100; i++)
		minor = minor * 10 + (unsigned)(version[i] - '0');
	return minor < 12;
}

static const struct interpreter old_python = {
	.hint = "python before 3.11.2 does not say which line of a script runs" MARKS,
};

static const struct interpreter *find_interpreter(struct vmt_view_string base)
{
	for (size_t i = 0; i < VMT_COUNT(interpreters); i++) {
		size_t n = strlen(interpreters[i].program);
		const char *rest = base.bytes + n;

		if (base.length < n || memcmp(base.bytes, interpreters[i].program, n))
			continue;
		if (strspn(rest, "0123456789.-") < base.length - n)
			continue;
		if (!strcmp(interpreters[i].program, "python") &&
		    is_old_python(rest, base.length - n))
			return &old_python;
		return &interpreters[i];
	}
	return NULL;
}

static bool shows_script(const struct vmt_view *view, struct vmt_symbols *symbols, uint64_t index,
			 bool names_compiled)
{
	struct vmt_rec_module module;
	struct vmt_rec_frame frame;
	struct vmt_symbol symbol;

	return vmt_view_frame(view, index, &frame) &&
	       vmt_view_module(view, frame.module, &module) &&
	       (module.kind == VMT_MODULE_JIT || module.kind == VMT_MODULE_SCRIPT) &&
	       vmt_names_find(symbols, view, index, &symbol) &&
	       (!names_compiled || symbol.is_interpreted);
}

/* Is it of HotSpot's interpreter, and of no method that has a name outside of it? */
static bool is_interpreted(const struct vmt_view *view, struct vmt_symbols *symbols,
			   const struct vmt_rec_site *site)
{
	bool any = false;

	for (uint32_t i = 0; i < vmt_view_frame_count(view, site); i++) {
		struct vmt_symbol symbol;

		if (!vmt_names_find(symbols, view, site->frame_first + i, &symbol) ||
		    !symbol.function)
			continue;
		if (symbol.is_script)
			return false;
		any |= !strcmp(symbol.function, "Interpreter");
	}
	return any;
}

/* Are a tenth of the maps of functions that have no name, although others have? */
static bool lacks_many(const struct vmt_view *view, struct vmt_symbols *symbols)
{
	struct vmt_rec_site site;
	uint64_t maps = 0;

	for (uint64_t i = VMT_SITE_FIRST; i < vmt_view_count(view, VMT_SECTION_SITES); i++) {
		if (vmt_view_site(view, i, &site) && site.live &&
		    is_interpreted(view, symbols, &site))
			maps += site.live;
	}
	return maps && maps >= vmt_view_maps_now(view) / 10;
}

const char *vmt_interpreter_hint(const struct vmt_view *view, struct vmt_symbols *symbols)
{
	const struct interpreter *interpreter =
		find_interpreter(vmt_report_base_name(vmt_view_string(view, view->header.exe)));
	uint64_t count = vmt_view_count(view, VMT_SECTION_FRAMES);

	for (uint64_t i = 0; interpreter && i < count; i++) {
		if (shows_script(view, symbols, i, interpreter->names_compiled))
			return interpreter->rest && lacks_many(view, symbols) ? interpreter->rest :
										NULL;
	}
	if (!interpreter ||
	    (vmt_view_count(view, VMT_SECTION_MARKS) && strstr(interpreter->hint, "vmatrace_mark")))
		return NULL;
	return interpreter->hint;
}
