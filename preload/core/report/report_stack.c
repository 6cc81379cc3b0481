/* SPDX-License-Identifier: MIT */
/*
 * Stacks in the text report, without what every program has in common. A run of frames in libc and
 * the like becomes one line; its outermost frame, which the program called, is kept. Frames that
 * called main are not shown. Pure like the rest of the report (report.h).
 */
#include "core/report/fold.h"
#include "core/report/report_parts.h"

#define RUN_MODULES 3u

/* How far the stack has been printed. */
struct progress {
	uint32_t lines;
	uint32_t number; /* of the next function; inlined functions count */
	bool is_over;
	bool shows_headers; /* functions of system headers are not skipped */
};

static struct vmt_report_spot spot_of(const struct vmt_rec_site *site, uint32_t at)
{
	return (struct vmt_report_spot){ (uint64_t)site->frame_first + at, 0 };
}

static bool is_same(const char *text, const char *other)
{
	for (; *text && *text == *other; text++)
		other++;
	return *text == *other;
}

/* Frames outside of main tell the reader nothing. */
static bool is_main(const struct vmt_report *text, const struct vmt_report_frame *frame)
{
	return !text->options->verbose && frame->names.function &&
	       is_same(frame->names.function, "main");
}

/* The same for a main without a name, and for threads. */
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

	return vmt_report_find(text, site, spot_of(site, 0), true, &frame) &&
	       vmt_report_is_users(&frame) && !frame.is_inlined && is_main(text, &frame);
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

/*
 * Returns the number of consecutive runtime frames from number `from` on, without those below main.
 */
static uint32_t run_length(struct vmt_report *text, const struct vmt_rec_site *site, uint32_t from,
			   uint32_t count)
{
	struct vmt_report_frame frame;
	uint32_t n = 0;

	while (!text->options->verbose && from + n < count &&
	       vmt_report_find(text, site, spot_of(site, from + n), true, &frame) &&
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
		if (!vmt_report_find(text, site, spot_of(site, from + i), false, &frame))
			break;
		frame.path = vmt_report_base_name(frame.path);
		if (is_listed(names, count, frame.path))
			continue;
		if (count && vmt_fmt_room(&text->fmt) < frame.path.length + 5 + 9) {
			vmt_fmt_str(&text->fmt, " and more");
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

static struct vmt_report_spot next_spot(struct vmt_report_spot spot,
					const struct vmt_report_frame *frame)
{
	if (frame->is_inlined)
		return (struct vmt_report_spot){ spot.frame, spot.level + 1 };
	return (struct vmt_report_spot){ spot.frame + 1, 0 };
}

/* Consecutive functions of system headers, or of modules that come with a script's language. */
struct skipped {
	uint32_t functions;
	enum vmt_fold kind;
};

/*
 * Skip consecutive functions of the C++ library's headers, or of a language's own modules, apart
 * from the outermost, which the program called. Returns what was skipped, and the spot of that
 * outermost one.
 */
static struct skipped skip_headers(struct vmt_report *text, const struct vmt_rec_site *site,
				   uint32_t count, struct vmt_report_spot *spot)
{
	struct vmt_report_spot at = *spot, last = *spot;
	struct vmt_report_frame frame;
	struct skipped skipped = { 0, VMT_FOLD_NONE };

	while (at.frame < (uint64_t)site->frame_first + count &&
	       vmt_report_find(text, site, at, true, &frame) && frame.names.is_system &&
	       !vmt_report_is_runtime(frame.path)) {
		enum vmt_fold kind =
			frame.module.kind == VMT_MODULE_FILE ? VMT_FOLD_HEADERS : VMT_FOLD_SCRIPT;

		if (skipped.functions && kind != skipped.kind)
			break;
		skipped = (struct skipped){ skipped.functions + 1, kind };
		last = at;
		at = next_spot(at, &frame);
	}
	skipped.functions = vmt_fold_left_out(skipped.functions);
	if (skipped.functions)
		*spot = last;
	return skipped;
}

static void put_headers(struct vmt_report *text, struct skipped skipped)
{
	put_indent(text);
	vmt_fmt_str(&text->fmt, "... ");
	vmt_fmt_count(&text->fmt, skipped.functions, "function");
	vmt_fmt_str(&text->fmt, vmt_fold_words(skipped.kind));
	vmt_fmt_end(&text->fmt);
}

/*
 * The functions of a frame; for a runtime frame only the innermost. Returns how many frames that
 * was: a run of functions of headers may end in a later one.
 */
static uint32_t put_functions(struct vmt_report *text, const struct vmt_rec_site *site, uint32_t at,
			      uint32_t count, struct progress *progress)
{
	struct vmt_report_spot spot = spot_of(site, at);
	struct vmt_report_frame frame = { .is_inlined = true };
	struct skipped skipped = { 0, VMT_FOLD_NONE };

	for (; frame.is_inlined && !progress->is_over; spot.level++) {
		if (!progress->shows_headers)
			skipped = skip_headers(text, site, count, &spot);
		if (skipped.functions) {
			put_headers(text, skipped);
			progress->number += skipped.functions;
			progress->lines++;
		}
		if (!vmt_report_find(text, site, spot, true, &frame) ||
		    (progress->number && is_below_main(text, &frame))) {
			progress->is_over = true;
			break;
		}
		put_frame(text, &frame, progress->number++);
		progress->lines++;
		progress->is_over = is_main(text, &frame);
		frame.is_inlined &= !vmt_report_is_runtime(frame.path);
	}
	return (uint32_t)(spot.frame - site->frame_first) + 1 - at;
}

/* Print one frame, or a run of runtime frames. Returns how many frames that was. */
static uint32_t put_next(struct vmt_report *text, const struct vmt_rec_site *site, uint32_t at,
			 uint32_t count, struct progress *progress)
{
	uint32_t left_out = vmt_fold_left_out(run_length(text, site, at, count));

	if (!left_out)
		return put_functions(text, site, at, count, progress);
	put_run(text, site, at, left_out);
	progress->lines++;
	progress->number += left_out;
	return left_out;
}

/* Returns the number of the frame that is blamed; ret_is_system: it is a header's as well. */
static uint32_t blamed_frame(struct vmt_report *text, const struct vmt_rec_site *site,
			     bool *ret_is_system)
{
	const struct vmt_report_ops *ops = text->ops;
	struct vmt_report_frame frame;
	struct vmt_report_spot spot;

	*ret_is_system = true;
	if (!vmt_report_blame(text->view, site, ops->resolve, ops->context, &spot))
		return 0;
	*ret_is_system = !vmt_report_find(text, site, spot, true, &frame) || frame.names.is_system;
	return (uint32_t)(spot.frame - site->frame_first);
}

void vmt_report_stack(struct vmt_report *text, const struct vmt_rec_site *site)
{
	uint32_t count = vmt_view_frame_count(text->view, site);
	struct progress progress = { .lines = 0 };
	bool is_system;
	uint32_t blamed = blamed_frame(text, site, &is_system);

	progress.shows_headers = is_system || text->options->verbose;
	for (uint32_t at = 0; at < count && !progress.is_over;) {
		if (progress.lines >= text->depth && at > blamed) {
			put_rest(text, count - at);
			return;
		}
		/* The line that is blamed is shown however deep it is. */
		if (progress.lines >= text->depth && at + 1 < blamed) {
			put_run(text, site, at, blamed - at);
			progress.number += blamed - at;
			at = blamed;
		}
		at += put_next(text, site, at, count, &progress);
	}
	if (site->flags & VMT_SITE_TRUNCATED && count && !progress.is_over) {
		put_indent(text);
		vmt_fmt_str(&text->fmt, "(the stack ends here: outer frames unknown)");
		vmt_fmt_end(&text->fmt);
	}
}
