/* SPDX-License-Identifier: MIT */
/*
 * Turns recorded frames into names that stay the same: across address spaces, rebuilds, patch
 * releases of libraries, and whatever the C library inlines. Prints nothing; used by the summary.
 */
#include "core/report/report.h"
#include "naming/keyname.h"
#include "naming/names.h"
#include "naming/stack.h"
#include "util/must.h"
#include "util/source.h"

#include <ctype.h>

static void trim_module(char *name)
{
	char *at = strstr(name, ".so.");

	if (!at || !isdigit((unsigned char)at[4]))
		return;
	for (at += 4; isdigit((unsigned char)*at); at++)
		;
	if (*at == '.')
		*at = '\0';
}

static void trim_function(char *name)
{
	static const char *const suffixes[] = {
		".isra.", ".constprop.", ".part.",
		".cold",  ".lto_priv.",  " [clone ", /* as the demangler writes them */
	};

	for (size_t i = 0; i < VMT_COUNT(suffixes); i++) {
		char *at = strstr(name, suffixes[i]);

		if (at && at != name)
			*at = '\0';
	}
}

static char *module_name(struct vmt_view_string path)
{
	struct vmt_view_string base = vmt_report_base_name(path);
	char *name = vmt_must(strndup(base.bytes, base.length));

	/* Names become lines of text, so control characters are replaced. */
	for (char *at = name; *at; at++) {
		if ((unsigned char)*at < ' ')
			*at = '?';
	}
	trim_module(name);
	return name;
}

static bool is_system(struct vmt_view_string path)
{
	char *copy = vmt_must(strndup(path.bytes, path.length));
	bool result = vmt_source_is_system(copy) || vmt_report_is_system(path);

	free(copy);
	return result;
}

/* A frame without names, which are added later: inlining makes several frames of one. */
static struct vmt_stack_frame frame_of(const struct vmt_view *view,
				       const struct vmt_rec_frame *recorded,
				       const struct vmt_symbol *symbol)
{
	uint32_t number = symbol->other_module ? symbol->other_module - 1 : recorded->module;
	struct vmt_rec_module module = { .kind = VMT_MODULE_JIT };
	struct vmt_view_string path = { "", 0 };
	struct vmt_stack_frame frame = { .offset = recorded->offset, .mark = "" };

	if (vmt_view_module(view, number, &module))
		path = vmt_view_string(view, module.path);
	if (symbol->other_path)
		path = (struct vmt_view_string){ symbol->other_path,
						 (uint32_t)strlen(symbol->other_path) };
	frame.module = module_name(path);
	frame.is_runtime = path.length && vmt_report_is_runtime(path);
	frame.is_user = (module.kind == VMT_MODULE_FILE || module.kind == VMT_MODULE_SCRIPT) &&
			path.length && !frame.is_runtime;
	frame.is_own = frame.is_user && !is_system(path);
	frame.is_script = symbol->is_script;
	if (frame.is_runtime)
		frame.fold = VMT_FOLD_RUNTIME;
	else if (symbol->is_system)
		frame.fold = module.kind == VMT_MODULE_FILE ? VMT_FOLD_HEADERS : VMT_FOLD_SCRIPT;
	return frame;
}

static void name_frame(struct vmt_stack_frame *frame, const struct vmt_symbol *symbol)
{
	frame->function = symbol->function ? vmt_must_copy(symbol->function) : NULL;
	if (frame->function)
		trim_function(frame->function);
	frame->file = symbol->file ? vmt_source_path(symbol->directory, symbol->file) : NULL;
	frame->short_file = symbol->short_file;
	frame->line = symbol->line;
	frame->mark = vmt_symbol_mark(symbol);
	frame->is_by_pointer = symbol->is_by_pointer;
	frame->is_own = frame->is_own && !(frame->file && vmt_source_is_system(frame->file));
	frame->is_own |= frame->is_script;
}

static bool is_main(const struct vmt_stack_frame *frame)
{
	return frame->is_user && frame->function && !strcmp(frame->function, "main");
}

static void free_frame(struct vmt_stack_frame *frame)
{
	free(frame->module);
	free(frame->function);
	free(frame->file);
}

/*
 * The frames that started main or the thread are always the same, and differ between C libraries.
 */
static void drop_outer(struct vmt_stack *stack)
{
	uint32_t keep = stack->count;

	while (keep && !stack->frame[keep - 1].is_user)
		keep--;
	/* _start is in the program's own file. */
	if (keep > 1 && stack->frame[keep - 1].function &&
	    !strcmp(stack->frame[keep - 1].function, "_start")) {
		keep--;
		while (keep && !stack->frame[keep - 1].is_user)
			keep--;
	}
	if (!keep)
		return;
	while (stack->count > keep)
		free_frame(&stack->frame[--stack->count]);
}

/*
 * Append the functions of a recorded frame: several if some were inlined, so that a stack reads the
 * same however it was compiled. Returns false if the stack ends here, in main or below a signal handler: what
 * that has interrupted is another each time, and did not call it.
 */
static bool add_frame(struct vmt_stack *stack, const struct vmt_names *names,
		      const struct vmt_rec_site *site, uint64_t index)
{
	struct vmt_rec_frame recorded = { .offset = 0 };
	struct vmt_symbol symbol = { .function = NULL };
	struct vmt_report_spot spot = { index, 0 };
	struct vmt_stack_frame *frame;
	bool has_name;

	if (!vmt_view_frame(names->view, index, &recorded))
		recorded.module = VMT_NO_INDEX;
	has_name = vmt_names_find_spot(names, site, spot, &symbol);
	do {
		stack->frame = vmt_must_grow(stack->frame, stack->count, sizeof(*stack->frame));
		frame = &stack->frame[stack->count++];
		*frame = frame_of(names->view, &recorded, &symbol);
		if (has_name)
			name_frame(frame, &symbol);
		frame->lacks_symbols = frame->is_own && !frame->function &&
				       !vmt_names_is_whole(names->symbols, names->view, index);
		spot.level++;
	} while (has_name && !is_main(frame) && vmt_names_find_spot(names, site, spot, &symbol));
	return !is_main(frame) && !symbol.is_signal;
}

void vmt_stack_read(struct vmt_stack *ret_stack, const struct vmt_view *view,
		    const struct vmt_rec_site *site, struct vmt_symbols *symbols)
{
	uint32_t count = vmt_view_frame_count(view, site);
	struct vmt_stack stack = { vmt_must_alloc(1, sizeof(*stack.frame)), 0 };
	const struct vmt_names names = { symbols, view, false };

	for (uint32_t i = 0; i < count; i++) {
		if (!add_frame(&stack, &names, site, (uint64_t)site->frame_first + i))
			break;
	}
	drop_outer(&stack);
	*ret_stack = stack;
}

void vmt_stack_free(struct vmt_stack *stack)
{
	for (uint32_t i = 0; i < stack->count; i++)
		free_frame(&stack->frame[i]);
	free(stack->frame);
	*stack = (struct vmt_stack){ NULL, 0 };
}

/*
 * Generated code has no stable names either: a function that one run interprets is compiled in the
 * next. Where lines are told apart, functions of scripts are, too.
 */
static char *frame_name(const struct vmt_stack_frame *frame, bool with_lines)
{
	const char *module = *frame->module ? frame->module : "?";
	char *line;

	if (!frame->function || !(frame->is_user || (with_lines && frame->is_script)))
		return vmt_must_copy(module);
	if (with_lines && frame->line)
		line = vmt_must_format("%s!%s:%u", module, frame->function, frame->line);
	else
		line = vmt_must_format("%s!%s", module, frame->function);
	vmt_keyname_trim_line(line);
	return line;
}

static void append(char **key, const char *name)
{
	char *longer = vmt_must_format("%s%s%s", *key, **key ? "\n" : "", name);

	free(*key);
	*key = longer;
}

char *vmt_stack_key(const struct vmt_stack *stack, bool with_lines)
{
	char *key = vmt_must_copy("");
	char *last = vmt_must_copy("");

	for (uint32_t i = 0; i < stack->count; i++) {
		const struct vmt_stack_frame *frame = &stack->frame[i];
		char *name;

		if (frame->is_runtime && i + 1 < stack->count && stack->frame[i + 1].is_runtime)
			continue;
		name = frame_name(frame, with_lines);
		if (strcmp(name, last))
			append(&key, name);
		free(last);
		last = name;
	}
	free(last);
	return key;
}

bool vmt_stack_is_thread(const struct vmt_stack *stack)
{
	static const char *const names[] = {
		"pthread_create",   "__pthread_create", "allocate_stack",
		"setup_stack_prot", "thrd_create",
	};

	for (uint32_t i = 0; i < stack->count; i++) {
		const struct vmt_stack_frame *frame = &stack->frame[i];

		for (size_t k = 0; frame->is_runtime && frame->function && k < VMT_COUNT(names);
		     k++) {
			if (!strncmp(frame->function, names[k], strlen(names[k])))
				return true;
		}
	}
	return false;
}

char *vmt_stack_where(const struct vmt_stack_frame *frame)
{
	const char *module = *frame->module ? frame->module : "?";

	if (!frame->function)
		return vmt_must_format("%s+0x%llx", module, (unsigned long long)frame->offset);
	if (frame->file && frame->line)
		return vmt_must_format("%s %s:%u%s", frame->function, frame->file, frame->line,
				       frame->mark);
	return vmt_must_format("%s (%s)%s", frame->function, module, frame->mark);
}

const struct vmt_stack_frame *vmt_stack_blame(const struct vmt_stack *stack)
{
	for (uint32_t i = 0; i < stack->count; i++) {
		if (stack->frame[i].is_script)
			return &stack->frame[i];
	}
	for (uint32_t i = 0; i < stack->count; i++) {
		if (stack->frame[i].is_own)
			return &stack->frame[i];
	}
	for (uint32_t i = 0; i < stack->count; i++) {
		if (stack->frame[i].is_user)
			return &stack->frame[i];
	}
	return stack->count ? &stack->frame[0] : NULL;
}

const struct vmt_stack_frame *vmt_stack_caller(const struct vmt_stack *stack,
					       const struct vmt_stack_frame *frame)
{
	const struct vmt_stack_frame *end = stack->frame + stack->count;
	const char *name = frame->function ? frame->function : "";

	while (++frame < end) {
		if (frame->is_own && frame->function && strcmp(frame->function, name))
			return frame;
	}
	return NULL;
}
