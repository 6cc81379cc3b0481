/* SPDX-License-Identifier: MIT */
/* Prints nothing itself: the formats have different line ends and quotes. See backtrace.h. */
#include "verdict/backtrace.h"
#include "util/must.h"

#define MODULES 3u /* named of a run of frames */

struct text {
	const struct vmt_stack *stack;
	void (*put)(void *context, const char *line);
	void *context;
	uint32_t lines;
	bool shows_headers; /* there is nothing of the project's own to be seen between them */
};

/* Put a line, and free it. */
static void put_line(struct text *text, char *line)
{
	text->put(text->context, line);
	text->lines++;
	free(line);
}

static void put_frame(struct text *text, uint32_t at)
{
	const struct vmt_stack_frame *frame = &text->stack->frame[at];
	bool has_module = !frame->is_user && frame->function && frame->file && frame->line;
	char *where = vmt_stack_where(frame);

	put_line(text, vmt_must_format("#%u %s%s%s%s", at, where, has_module ? "  (" : "",
				       has_module ? frame->module : "", has_module ? ")" : ""));
	free(where);
}

static bool is_named_before(const struct vmt_stack_frame *run, uint32_t at)
{
	for (uint32_t i = 0; i < at; i++) {
		if (!strcmp(run[i].module, run[at].module))
			return true;
	}
	return false;
}

/* " in libc.so.6 and libstdc++.so.6" */
static char *modules_of(const struct vmt_stack_frame *run, uint32_t count)
{
	char *names = vmt_must_copy("");
	uint32_t n = 0;

	for (uint32_t i = 0; i < count && n < MODULES; i++) {
		char *longer;

		if (!*run[i].module || is_named_before(run, i))
			continue;
		longer = vmt_must_format("%s%s%s", names, n++ ? " and " : " in ", run[i].module);
		free(names);
		names = longer;
	}
	return names;
}

static void put_left_out(struct text *text, uint32_t at, uint32_t count, enum vmt_fold kind)
{
	char *modules = kind == VMT_FOLD_RUNTIME ? modules_of(&text->stack->frame[at], count) :
						   vmt_must_copy(vmt_fold_words(kind));
	bool is_frames = kind == VMT_FOLD_RUNTIME || kind == VMT_FOLD_NONE;

	put_line(text, vmt_must_format("... %u %s%s%s", count, is_frames ? "frame" : "function",
				       count == 1 ? "" : "s", modules));
	free(modules);
}

/* Returns how many frames of one kind follow one another. */
static uint32_t run_length(const struct text *text, uint32_t at)
{
	const struct vmt_stack *stack = text->stack;
	enum vmt_fold kind = stack->frame[at].fold;
	uint32_t n = 0;

	if (kind == VMT_FOLD_NONE || (kind != VMT_FOLD_RUNTIME && text->shows_headers))
		return 0;
	while (at + n < stack->count && stack->frame[at + n].fold == kind)
		n++;
	return n;
}

/*
 * Returns the number of the frame that must be seen: the project's line that called what is around
 * its innermost function, if that is a function that others call through a library.
 */
static uint32_t find_last(const struct vmt_stack *stack)
{
	const struct vmt_stack_frame *blamed = vmt_stack_blame(stack);
	uint32_t first = blamed ? (uint32_t)(blamed - stack->frame) : 0;
	uint32_t at = first;

	while (at < stack->count && stack->frame[at].is_own)
		at++;
	while (at < stack->count && !stack->frame[at].is_own)
		at++;
	return at < stack->count ? at : first;
}

void vmt_backtrace_put(const struct vmt_stack *stack, uint32_t depth,
		       void (*put)(void *context, const char *line), void *context)
{
	const struct vmt_stack_frame *blamed = vmt_stack_blame(stack);
	struct text text = { .stack = stack,
			     .put = put,
			     .context = context,
			     .shows_headers = !blamed || !blamed->is_own };
	uint32_t last = find_last(stack);

	for (uint32_t at = 0; at < stack->count; at++) {
		uint32_t left_out = vmt_fold_left_out(run_length(&text, at));

		if (text.lines >= depth && at > last) {
			put_line(&text, vmt_must_format("and %u outer frame%s", stack->count - at,
							stack->count - at == 1 ? "" : "s"));
			return;
		}
		if (text.lines >= depth && at + 1 < last)
			put_left_out(&text, at, left_out = last - at, VMT_FOLD_NONE);
		else if (left_out)
			put_left_out(&text, at, left_out, stack->frame[at].fold);
		at += left_out;
		put_frame(&text, at);
	}
}
