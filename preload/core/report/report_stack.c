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
	struct vmt_report_spot spot; /* the next function */
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
	       vmt_report_is_runtime(frame.path) && !frame.names.is_tail &&
	       !is_below_main(text, &frame))
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
 * The next function, of a runtime frame only the innermost; or a line for those of headers that
 * stand before it.
 */
static void put_function(struct vmt_report *text, const struct vmt_rec_site *site, uint32_t count,
			 struct progress *progress)
{
	struct vmt_report_frame frame;
	struct skipped skipped = { 0, VMT_FOLD_NONE };

	if (!progress->shows_headers)
		skipped = skip_headers(text, site, count, &progress->spot);
	if (skipped.functions) {
		put_headers(text, skipped);
		progress->number += skipped.functions;
		progress->lines++;
		return;
	}
	if (!vmt_report_find(text, site, progress->spot, true, &frame) ||
	    (progress->number && is_below_main(text, &frame))) {
		progress->is_over = true;
		return;
	}
	put_frame(text, &frame, progress->number++);
	progress->lines++;
	progress->is_over = is_main(text, &frame);
	frame.is_inlined &= frame.names.is_tail || !vmt_report_is_runtime(frame.path);
	progress->spot = next_spot(progress->spot, &frame);
}

/* Skip so many frames, which a line stands for. */
static void pass_over(struct progress *progress, uint32_t frames)
{
	progress->spot = (struct vmt_report_spot){ progress->spot.frame + frames, 0 };
	progress->number += frames;
}

/* Print one function, or a run of runtime frames. */
static void put_next(struct vmt_report *text, const struct vmt_rec_site *site, uint32_t count,
		     struct progress *progress)
{
	uint32_t at = (uint32_t)(progress->spot.frame - site->frame_first);
	uint32_t left_out =
		progress->spot.level ? 0 : vmt_fold_left_out(run_length(text, site, at, count));

	if (!left_out) {
		put_function(text, site, count, progress);
		return;
	}
	put_run(text, site, at, left_out);
	progress->lines++;
	pass_over(progress, left_out);
}

/* Returns the function that is blamed; ret_is_system: it is a header's as well. */
static struct vmt_report_spot blamed_spot(struct vmt_report *text, const struct vmt_rec_site *site,
					  bool *ret_is_system)
{
	const struct vmt_report_ops *ops = text->ops;
	struct vmt_report_frame frame;
	struct vmt_report_spot spot;

	*ret_is_system = true;
	if (!vmt_report_blame(text->view, site, ops->resolve, ops->context, &spot))
		return spot_of(site, 0);
	*ret_is_system = !vmt_report_find(text, site, spot, true, &frame) || frame.names.is_system;
	return spot;
}

static bool is_beyond(struct vmt_report_spot spot, struct vmt_report_spot other)
{
	return spot.frame > other.frame || (spot.frame == other.frame && spot.level > other.level);
}

void vmt_report_stack(struct vmt_report *text, const struct vmt_rec_site *site)
{
	uint32_t count = vmt_view_frame_count(text->view, site);
	uint64_t end = (uint64_t)site->frame_first + count;
	struct progress progress = { .spot = spot_of(site, 0) };
	bool is_system;
	struct vmt_report_spot blamed = blamed_spot(text, site, &is_system);

	progress.shows_headers = is_system || text->options->verbose;
	while (progress.spot.frame < end && !progress.is_over) {
		bool is_enough = progress.lines >= text->depth;

		if (is_enough && is_beyond(progress.spot, blamed)) {
			put_rest(text, (uint32_t)(end - progress.spot.frame));
			return;
		}
		/* The line that is blamed is shown however deep it is. */
		if (is_enough && progress.spot.frame + 1 < blamed.frame) {
			uint32_t frames = (uint32_t)(blamed.frame - progress.spot.frame);

			put_run(text, site, (uint32_t)(progress.spot.frame - site->frame_first),
				frames);
			pass_over(&progress, frames);
		}
		put_next(text, site, count, &progress);
	}
	if (site->flags & VMT_SITE_TRUNCATED && count && !progress.is_over) {
		put_indent(text);
		vmt_fmt_str(&text->fmt, "(the stack ends here: outer frames unknown)");
		vmt_fmt_end(&text->fmt);
	}
}
