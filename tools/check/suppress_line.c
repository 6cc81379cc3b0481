/* SPDX-License-Identifier: MIT */
/* Writes the line for a call site. Prints nothing; used by suppress_generate.c. See suppress_line.h. */
#include "check/suppress_line.h"
#include "naming/keyname.h"
#include "util/must.h"

static const char *type_of(const struct vmt_summary_site *site)
{
	return site->is_cut ? "split" : "vma";
}

/* Characters that are special in a pattern become *, and so does what changes when the code is generated again. */
static char *quoted(const char *name)
{
	size_t length, hash = vmt_keyname_hash(name, &length);
	char *copy = length ? vmt_must_format("%.*s*%s", (int)hash, name, name + hash + length) :
			      vmt_must_copy(name);

	for (char *at = copy; *at; at++) {
		if (*at == '^' || *at == '$' || *at == '\n' || *at == '\r')
			*at = '*';
	}
	return copy;
}

/* The code of a whole program or script, of which every stack has a frame. */
static bool is_everywhere(const struct vmt_stack *stack, const struct vmt_stack_frame *frame)
{
	const struct vmt_stack_frame *outermost = &stack->frame[stack->count - 1];

	if (frame->function)
		return !strcmp(frame->function, "main") || !strcmp(frame->function, "<module>");
	return !strcmp(frame->module, outermost->module);
}

/* Is it where a thread starts, or code that runs before main? Then all that it calls has this frame. */
static bool is_outermost(const struct vmt_stack *stack, const struct vmt_stack_frame *frame)
{
	const struct vmt_stack_frame *end = stack->frame + stack->count;

	while (++frame < end && !frame->is_own)
		;
	return frame == end;
}

/* Returns the next function of the project further out; recursion counts once. NULL: only main is. */
static const struct vmt_stack_frame *caller_of(const struct vmt_stack *stack,
					       const struct vmt_stack_frame *frame)
{
	const struct vmt_stack_frame *end = stack->frame + stack->count;
	const char *name = frame->function ? frame->function : "";

	while (++frame < end) {
		if (frame->is_own && frame->function && strcmp(frame->function, name) &&
		    !is_everywhere(stack, frame) && !is_outermost(stack, frame))
			return frame;
	}
	return NULL;
}

/* Does the line name a place in the source, since the function would be too much? */
static bool is_by_place(const struct vmt_stack *stack, const struct vmt_stack_frame *frame)
{
	return frame->file && frame->line &&
	       (is_everywhere(stack, frame) || is_outermost(stack, frame));
}

uint32_t vmt_suppress_line_depth(const struct vmt_summary_site *site)
{
	const struct vmt_stack_frame *frame = vmt_stack_blame(&site->stack);
	uint32_t depth = 0;

	for (; frame; frame = caller_of(&site->stack, frame))
		depth++;
	return depth;
}

static char *place_line(const char *type, const struct vmt_stack_frame *frame)
{
	const char *base = strrchr(frame->file, '/');
	char *name = quoted(base ? base : frame->file);
	char *line = vmt_must_format("%s:%s:%u$", type, name, frame->line);

	free(name);
	return line;
}

/* " by " where the project's code calls the frame from `outer`; elsewhere, or if is_wide, " in ". */
static const char *word_between(const struct vmt_stack *stack, const struct vmt_stack_frame *inner,
				const struct vmt_stack_frame *outer, bool is_wide)
{
	const struct vmt_stack_frame *caller = is_wide ? NULL : vmt_stack_caller(stack, inner);

	return caller && !strcmp(caller->function, outer->function) ? " by " : " in ";
}

/* Main, or what a thread begins with, calls the outermost function of the line: others may call it as well. */
static char *add_outermost(char *line, const struct vmt_stack *stack,
			   const struct vmt_stack_frame *inner)
{
	const struct vmt_stack_frame *caller = vmt_stack_caller(stack, inner);
	char *name, *longer;

	if (!caller)
		return line;
	name = quoted(caller->function);
	longer = vmt_must_format("%s by ^%s$", line, name);
	free(name);
	free(line);
	return longer;
}

static char *function_line(const struct vmt_summary_site *site, uint32_t depth, bool is_wide)
{
	const struct vmt_stack_frame *frame = vmt_stack_blame(&site->stack), *inner = NULL;
	char *line = vmt_must_format("%s:", type_of(site));

	for (uint32_t i = 0; frame && i < depth; i++, frame = caller_of(&site->stack, frame)) {
		char *name = quoted(frame->function ? frame->function : frame->module);
		char *longer = vmt_must_format(
			"%s%s^%s$", line,
			inner ? word_between(&site->stack, inner, frame, is_wide) : "", name);

		free(line);
		free(name);
		line = longer;
		inner = frame;
	}
	return frame || is_wide || !inner->function ? line :
						      add_outermost(line, &site->stack, inner);
}

/* Does a line suppress the call site? A pattern takes the innermost frame that it fits. */
static bool is_fit(const char *line, const struct vmt_summary_site *site)
{
	struct vmt_suppressions one = { NULL, 0 };
	char error[VMT_SUPPRESS_ERROR_MAX];
	bool result = !vmt_suppress_parse(&one, line, strlen(line), error) && one.count &&
		      vmt_suppress_covers(&one.item[0], site);

	vmt_suppress_free(&one);
	return result;
}

static char *narrowest_line(const struct vmt_summary_site *site, uint32_t depth)
{
	char *line = function_line(site, depth, false);

	if (is_fit(line, site))
		return line;
	free(line);
	return function_line(site, depth, true);
}

char *vmt_suppress_line(const struct vmt_summary_site *site, uint32_t depth)
{
	const struct vmt_stack_frame *frame = vmt_stack_blame(&site->stack);

	if (!frame)
		return vmt_must_format("%s:^%s$", type_of(site), VMT_SUPPRESS_NO_STACK);
	if (is_by_place(&site->stack, frame))
		return place_line(type_of(site), frame);
	if (is_everywhere(&site->stack, frame))
		return NULL;
	return narrowest_line(site, depth);
}

bool vmt_suppress_line_is_numbered(const struct vmt_summary_site *site)
{
	const struct vmt_stack_frame *frame = vmt_stack_blame(&site->stack);

	return frame && is_by_place(&site->stack, frame);
}

char *vmt_suppress_line_extent(const struct vmt_summary_site *site, const char *line)
{
	const struct vmt_stack_frame *frame = vmt_stack_blame(&site->stack);

	if (!frame)
		return vmt_must_copy("every call whose stack is unknown");
	if (is_by_place(&site->stack, frame))
		return NULL;
	if (!frame->function && !caller_of(&site->stack, frame))
		return vmt_must_format("everything of %s", frame->module);
	if (frame->function && (!frame->is_own || is_outermost(&site->stack, frame)))
		return vmt_must_format("everything that %s does", frame->function);
	if (frame->is_by_pointer)
		return vmt_must_format(
			"all that %s calls through a pointer and that ends in a jump",
			frame->function);
	if (strstr(line, "$ in ^"))
		return vmt_must_copy("these functions whatever others are between them");
	return NULL;
}
