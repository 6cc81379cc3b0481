/* SPDX-License-Identifier: MIT */
/*
 * Stacks in the text report. What every program has in common is left out: runs of frames
 * inside libc and its like are one line, of which the outermost, which the program called,
 * stays; what called main is not shown. Pure like the rest of the report (report.h).
 */
#include "core/report/report_parts.h"

#define RUN_MIN     3u /* shorter runs are shown as they are */
#define RUN_MODULES 3u

static bool is_same(const char *text, const char *other)
{
	for (; *text && *text == *other; text++)
		other++;
	return *text == *other;
}

/* What called main tells nobody anything. */
static bool is_main(const struct vmt_report *text, const struct vmt_report_frame *frame)
{
	return !text->options->verbose && frame->names.function &&
	       is_same(frame->names.function, "main");
}

/* The same for programs whose main has no name, and for threads. */
static bool is_below_main(const struct vmt_report *text, const struct vmt_report_frame *frame)
{
	static const char *const names[] = { "__libc_start_call_main", "__libc_start_main",
					     "_start", "clone3", "__clone3" };

	for (size_t i = 0; i < VMT_COUNT(names); i++) {
		if (!text->options->verbose && frame->names.function &&
		    is_same(frame->names.function, names[i]))
			return true;
	}
	return false;
}

bool vmt_report_stack_is_headline(struct vmt_report *text, const struct vmt_rec_site *site)
{
	struct vmt_report_frame frame;

	return vmt_report_find(text, site->frame_first, true, &frame) &&
	       vmt_report_is_users(&frame) && is_main(text, &frame);
}

static void put_indent(struct vmt_report *text)
{
	vmt_fmt_str(&text->fmt, "    ");
}

static void put_frame(struct vmt_report *text, const struct vmt_report_frame *frame,
		      uint32_t number)
{
	put_indent(text);
	vmt_fmt_str(&text->fmt, "#");
	vmt_fmt_num(&text->fmt, number, 0);
	vmt_fmt_str(&text->fmt, number < 10 ? "  " : " ");
	vmt_report_put_frame(text, frame, true);
	vmt_fmt_end(&text->fmt);
}

/* Frames from number `from` on that are the runtime's, without those below main. */
static uint32_t run_length(struct vmt_report *text, const struct vmt_rec_site *site, uint32_t from,
			   uint32_t count)
{
	struct vmt_report_frame frame;
	uint32_t n = 0;

	while (!text->options->verbose && from + n < count &&
	       vmt_report_find(text, (uint64_t)site->frame_first + from + n, true, &frame) &&
	       vmt_report_is_runtime(frame.path) && !is_below_main(text, &frame))
		n++;
	return n;
}

static bool is_listed(const struct vmt_view_string *names, uint32_t count,
		      struct vmt_view_string name)
{
	for (uint32_t i = 0; i < count; i++) {
		if (names[i].bytes == name.bytes && names[i].length == name.length)
			return true;
	}
	return false;
}

/* "... 10 frames in ld-linux-x86-64.so.2 and libc.so.6" */
static void put_run(struct vmt_report *text, const struct vmt_rec_site *site, uint32_t from,
		    uint32_t length)
{
	struct vmt_view_string names[RUN_MODULES];
	struct vmt_report_frame frame;
	uint32_t count = 0;

	put_indent(text);
	vmt_fmt_str(&text->fmt, "... ");
	vmt_fmt_count(&text->fmt, length, "frame");
	for (uint32_t i = 0; i < length && count < RUN_MODULES; i++) {
		if (!vmt_report_find(text, (uint64_t)site->frame_first + from + i, false, &frame))
			break;
		frame.path = vmt_report_base_name(frame.path);
		if (is_listed(names, count, frame.path))
			continue;
		if (count && vmt_fmt_room(&text->fmt) < frame.path.length + 5 + 5) {
			vmt_fmt_str(&text->fmt, ", ...");
			break;
		}
		vmt_fmt_str(&text->fmt, count ? " and " : " in ");
		vmt_fmt_bytes(&text->fmt, frame.path.bytes, frame.path.length);
		names[count++] = frame.path;
	}
	vmt_fmt_end(&text->fmt);
}

static void put_rest(struct vmt_report *text, uint32_t frames)
{
	put_indent(text);
	vmt_fmt_str(&text->fmt, "and ");
	vmt_fmt_count(&text->fmt, frames, "outer frame");
	vmt_fmt_end(&text->fmt);
}

/* One frame, or a run of the runtime's; how many frames that were, 0 at the stack's end. */
static uint32_t put_next(struct vmt_report *text, const struct vmt_rec_site *site, uint32_t at,
			 uint32_t count, bool *found_user)
{
	uint32_t run = run_length(text, site, at, count);
	struct vmt_report_frame frame;

	if (run >= RUN_MIN) {
		put_run(text, site, at, run - 1);
		return run - 1;
	}
	if (!vmt_report_find(text, (uint64_t)site->frame_first + at, true, &frame) ||
	    (at && is_below_main(text, &frame)))
		return 0;
	*found_user |= vmt_report_is_users(&frame);
	put_frame(text, &frame, at);
	return is_main(text, &frame) ? 0 : 1;
}

void vmt_report_stack(struct vmt_report *text, const struct vmt_rec_site *site)
{
	uint32_t count = vmt_view_frame_count(text->view, site);
	bool found_user = false;
	uint32_t lines = 0;
	uint32_t n;

	for (uint32_t at = 0; at < count; at += n, lines++) {
		/* However deep, the user's line is shown. */
		if (lines >= text->depth && found_user) {
			put_rest(text, count - at);
			return;
		}
		n = put_next(text, site, at, count, &found_user);
		if (!n)
			return;
	}
	if (site->flags & VMT_SITE_TRUNCATED && count) {
		put_indent(text);
		vmt_fmt_str(&text->fmt, "(the stack ends here: outer frames unknown)");
		vmt_fmt_end(&text->fmt);
	}
}
