/* SPDX-License-Identifier: MIT */
/*
 * Leak, burst or plateau in words: a line for the process, and one for each call site shown. If the
 * run was too short or the count too small to judge, the line says so or is left out. Pure like the
 * rest (report.h); trend.h does the judging.
 */
#include "core/report/report_parts.h"

/*
 * Two digits: the curve of a call site has fewer buckets than that of the process, so that rates of the
 * same maps differ in the third.
 */
static uint64_t rounded(uint64_t rate)
{
	uint64_t unit = 1;

	while (rate / unit >= 100)
		unit *= 10;
	return (rate / unit + (rate % unit >= unit - unit / 2)) * unit;
}

/* "+5,100 a second", or per minute or hour if the rate is low. */
static void put_rate(struct vmt_fmt *fmt, uint64_t maps, uint64_t ns)
{
	static const struct {
		uint64_t seconds;
		const char *word;
	} units[] = { { 1, " a second" }, { 60, " a minute" }, { 3600, " an hour" } };
	uint64_t rate = 0;

	for (size_t i = 0; i < VMT_COUNT(units); i++) {
		uint64_t ms = ns / 1000000 ? ns / 1000000 : 1;

		if (__builtin_mul_overflow(maps, 1000 * units[i].seconds, &rate))
			return;
		rate /= ms;
		if (rate < 10 && i + 1 < VMT_COUNT(units))
			continue;
		vmt_fmt_signed(fmt, (int64_t)rounded(rate), 0);
		vmt_fmt_str(fmt, units[i].word);
		return;
	}
}

static void put_leak_rate(struct vmt_fmt *fmt, const struct vmt_curve *curve)
{
	if (curve->is_rough)
		vmt_fmt_str(fmt, "about ");
	put_rate(fmt, curve->rise, curve->span);
}

static void put_since(struct vmt_fmt *fmt, uint64_t ns)
{
	vmt_fmt_str(fmt, " since ");
	vmt_fmt_seconds(fmt, ns);
}

/* Two digits, since an extrapolation is no more precise. */
static void put_duration(struct vmt_fmt *fmt, uint64_t ns)
{
	static const struct {
		uint64_t seconds;
		const char *word;
	} units[] = { { 86400, " days" }, { 3600, " h" }, { 60, " min" }, { 1, " s" } };
	uint64_t seconds = ns / 1000000000;

	for (size_t i = 0; i < VMT_COUNT(units); i++) {
		if (seconds < 3 * units[i].seconds && i + 1 < VMT_COUNT(units))
			continue;
		vmt_fmt_num(fmt, seconds / units[i].seconds, 0);
		vmt_fmt_str(fmt, units[i].word);
		return;
	}
}

/* As it was before the end gave maps back. */
static uint64_t left_before_end(const struct vmt_report *text)
{
	uint64_t left = vmt_report_left(text->view), gone = text->options->torn_down;

	return left > gone ? left - gone : 0;
}

static void put_time_left(struct vmt_report *text, const struct vmt_curve *curve)
{
	uint64_t time = vmt_report_time_left(curve, left_before_end(text));
	bool is_running = vmt_report_is_running(text);
	struct vmt_fmt *fmt = &text->fmt;

	if (!time)
		return;
	vmt_fmt_str(fmt, "; at this rate the limit ");
	vmt_fmt_str(fmt, is_running ? "is reached in " : "would be reached in ");
	vmt_fmt_str(fmt, curve->is_rough ? "about " : "");
	vmt_fmt_str(fmt, is_running ? "" : "another ");
	put_duration(fmt, time);
}

static void put_leak(struct vmt_report *text, const struct vmt_curve *curve)
{
	struct vmt_fmt *fmt = &text->fmt;

	vmt_fmt_str(fmt, "a leak, ");
	put_leak_rate(fmt, curve);
	put_since(fmt, curve->since);
	vmt_fmt_str(fmt, curve->is_falling ? ", falling at times" : ", never falling");
	if (vmt_report_duration(text->view, text->options->now) < VMT_TREND_START_UP_NS)
		vmt_fmt_str(fmt, " (or a start-up)");
	else if (curve->is_doubtful)
		vmt_fmt_str(fmt, " (or by chance: it comes and goes)");
	put_time_left(text, curve);
}

static const char *end_words(const struct vmt_curve *curve)
{
	return curve->is_at_peak ? "highest at the end" : "near its peak at the end";
}

/* Growth that was not there for the first half of the run. */
static void put_recent(struct vmt_fmt *fmt, const struct vmt_curve *curve)
{
	vmt_fmt_str(fmt, end_words(curve));
	vmt_fmt_str(fmt, ", ");
	put_leak_rate(fmt, curve);
	put_since(fmt, curve->since);
}

/* The second half of the growth up to the peak. */
struct half {
	uint64_t maps;
	uint64_t ns;
};

static struct half half_of(const struct vmt_view *view)
{
	uint64_t had, since = vmt_report_half(view, &had), to = view->header.maps_peak_time;

	return (struct half){ view->header.maps_peak - had, to > since ? to - since : 0 };
}

static uint64_t maps_an_hour(uint64_t maps, uint64_t ns)
{
	uint64_t ms = ns / 1000000;

	return maps * 3600000 / (ms ? ms : 1);
}

/* Was it so much faster that the mean, with a quiet time before, says nothing about how long is left? */
static bool is_faster_of_late(const struct vmt_rec_header *header, const struct vmt_curve *curve,
			      struct half late)
{
	uint64_t began = curve->began, to = header->maps_peak_time;

	return late.ns && to > began &&
	       maps_an_hour(late.maps, late.ns) >
		       maps_an_hour(header->maps_peak - header->maps_start, to - began) / 4 * 5;
}

/*
 * The rate of a leak is measured as those of call sites are; without one, from the start to the peak, or
 * over the second half of the growth.
 */
static void put_to_limit(struct vmt_report *text, const struct vmt_curve *curve)
{
	const struct vmt_rec_header *header = &text->view->header;
	uint64_t to = header->maps_peak_time;
	struct vmt_fmt *fmt = &text->fmt;
	struct half late = half_of(text->view);

	vmt_fmt_str(fmt, "up to the limit, ");
	if (curve->trend == VMT_TREND_LEAK) {
		put_leak_rate(fmt, curve);
		put_since(fmt, curve->since);
	} else if (is_faster_of_late(header, curve, late)) {
		put_rate(fmt, late.maps, late.ns);
		vmt_fmt_str(fmt, " of late");
	} else {
		put_rate(fmt, header->maps_peak - header->maps_start,
			 to > curve->began ? to - curve->began : header->bucket_ns);
		put_since(fmt, curve->began);
	}
	if (!curve->is_falling)
		vmt_fmt_str(fmt, ", never falling");
}

/*
 * A plateau may still rise, as a cache does that fills more and more slowly. now: what there is at
 * the end.
 */
static void put_plateau(struct vmt_fmt *fmt, const struct vmt_curve *curve, uint64_t now)
{
	bool is_falling = !curve->span && (curve->is_falling || now < curve->high);

	put_since(fmt, curve->since);
	if (curve->low == curve->high) {
		vmt_fmt_str(fmt, ", no change");
		return;
	}
	vmt_fmt_str(fmt, is_falling ? ", between " : ", slowly up from ");
	vmt_fmt_num(fmt, curve->low, 0);
	vmt_fmt_str(fmt, is_falling ? " and " : " to ");
	vmt_fmt_num(fmt, curve->high, 0);
	if (!curve->span)
		return;
	vmt_fmt_str(fmt, ", ");
	put_leak_rate(fmt, curve);
	vmt_fmt_str(fmt, " (a slow leak, or a cache that fills)");
}

static void put_peak(struct vmt_report *text)
{
	struct vmt_fmt *fmt = &text->fmt;

	vmt_fmt_str(fmt, "peak ");
	vmt_fmt_num(fmt, text->view->header.maps_peak, 0);
	vmt_fmt_str(fmt, " at ");
	vmt_fmt_seconds(fmt, text->view->header.maps_peak_time);
	vmt_fmt_str(fmt, ", ");
	vmt_fmt_num(fmt, text->maps_now, 0);
	vmt_fmt_str(fmt, " now");
}

static const char *trend_words(const struct vmt_curve *curve)
{
	static const char *const words[VMT_TREND_COUNT] = {
		[VMT_TREND_NONE] = "little",
		[VMT_TREND_SHORT] = "the run is too short to tell a leak from start-up",
		[VMT_TREND_BURST] = "a burst",
		[VMT_TREND_BURSTS] = "bursts",
		[VMT_TREND_SAWTOOTH] = "a sawtooth",
		[VMT_TREND_GIVEN_BACK] = "high for most of the run, then given back",
		[VMT_TREND_PLATEAU] = "a plateau",
		[VMT_TREND_LEAK] = "a leak",
		[VMT_TREND_UNEVEN] = "up and down, not at a steady rate",
	};

	return words[curve->trend];
}

static void put_trend(struct vmt_fmt *fmt, const struct vmt_curve *curve)
{
	if (curve->trend != VMT_TREND_GROWING) {
		vmt_fmt_str(fmt, trend_words(curve));
		return;
	}
	vmt_fmt_str(fmt, end_words(curve));
	vmt_fmt_str(fmt, curve->is_slowing ? ", but rising slower and slower" :
					     ", but not by steady growth");
}

/* Given back when the run was nearly over: it may be a leak that only the program's end gave back. */
static void put_rise_and_fall(struct vmt_report *text, const struct vmt_curve *curve)
{
	bool is_partly = curve->trend == VMT_TREND_UNEVEN;
	struct vmt_fmt *fmt = &text->fmt;

	put_leak_rate(fmt, curve);
	put_since(fmt, curve->began);
	vmt_fmt_str(fmt, is_partly ? ", then partly given back: " : ", then given back: ");
	put_peak(text);
	vmt_fmt_str(fmt, is_partly && vmt_report_is_running(text) ?
				 " (a leak, unless more of it is given back)" :
				 " (a leak, if it was given back only because the program ended)");
}

/* "in step with the calls, 330 maps in 1,000 (…)" */
static void put_in_step(struct vmt_report *text, const struct vmt_curve *curve)
{
	struct vmt_fmt *fmt = &text->fmt;
	uint64_t calls, per_mille;

	if (__builtin_mul_overflow(curve->step, 1000, &per_mille))
		return;
	vmt_fmt_str(fmt, ", in step with the program's calls: ");
	vmt_fmt_num(fmt, per_mille / curve->step_calls, 0);
	vmt_fmt_str(fmt, " maps in 1,000 (a leak under uneven load, or a phase that needs more)");
	if (!__builtin_mul_overflow(left_before_end(text), curve->step_calls, &calls))
		vmt_report_put_more_calls(fmt, "; about ", calls / curve->step);
}

/* "7 times up to 1,022 and back to 24" */
static void put_times(struct vmt_fmt *fmt, const struct vmt_curve *curve, const char *start)
{
	vmt_fmt_str(fmt, start);
	vmt_fmt_count(fmt, curve->times, "time");
	vmt_fmt_str(fmt, " up to ");
	vmt_fmt_num(fmt, curve->high, 0);
	vmt_fmt_str(fmt, " and back to ");
	vmt_fmt_num(fmt, curve->low, 0);
	if (curve->lows[0] == curve->lows[1])
		return;
	vmt_fmt_str(fmt, "; its lowest counts rose from ");
	vmt_fmt_num(fmt, curve->lows[0], 0);
	vmt_fmt_str(fmt, " to ");
	vmt_fmt_num(fmt, curve->lows[1], 0);
	vmt_fmt_str(fmt, ": a leak, unless the load rose");
}

/* A run that is too short to judge by time may be long enough to judge by calls. False: it is not. */
static bool put_work(struct vmt_report *text)
{
	const struct vmt_rec_header *header = &text->view->header;

	return text->maps_now > header->maps_start &&
	       vmt_report_put_work(text, text->maps_now - header->maps_start);
}

static void put_curve(struct vmt_report *text, const struct vmt_curve *curve)
{
	struct vmt_fmt *fmt = &text->fmt;

	if (vmt_report_is_limit_reached(text->view)) {
		put_to_limit(text, curve);
		return;
	}
	if (curve->trend == VMT_TREND_LEAK) {
		put_leak(text, curve);
		return;
	}
	if (curve->trend == VMT_TREND_GROWING && curve->span) {
		put_recent(fmt, curve);
		vmt_fmt_str(fmt, " (a leak, or a phase that needs more)");
		put_time_left(text, curve);
		return;
	}
	if (curve->trend == VMT_TREND_SHORT && put_work(text))
		return;
	if ((curve->trend == VMT_TREND_GIVEN_BACK || curve->trend == VMT_TREND_UNEVEN) &&
	    curve->span) {
		put_rise_and_fall(text, curve);
		return;
	}
	if (curve->step) {
		vmt_fmt_str(fmt, end_words(curve));
		put_in_step(text, curve);
		return;
	}
	put_trend(fmt, curve);
	switch (curve->trend) {
	case VMT_TREND_SHORT:
		if (vmt_report_duration(text->view, text->options->now) >= VMT_TREND_SHORT_NS)
			vmt_fmt_str(fmt, ", which may take 60 s");
		break;
	case VMT_TREND_PLATEAU:
		put_plateau(fmt, curve, text->maps_now + text->options->torn_down);
		break;
	case VMT_TREND_BURSTS:
	case VMT_TREND_SAWTOOTH: put_times(fmt, curve, ": "); break;
	case VMT_TREND_BURST:
	case VMT_TREND_GIVEN_BACK:
	case VMT_TREND_UNEVEN:
		vmt_fmt_str(fmt, ": ");
		put_peak(text);
		break;
	default: break;
	}
}

static void put_torn_down(struct vmt_report *text)
{
	vmt_fmt_str(&text->fmt, " before ");
	vmt_fmt_str(&text->fmt, text->options->torn_down_by);
	vmt_fmt_str(&text->fmt, " gave back ");
	vmt_fmt_num(&text->fmt, text->options->torn_down, 0);
	vmt_fmt_str(&text->fmt, " at the end");
}

void vmt_report_growth(struct vmt_report *text)
{
	uint64_t torn_down = text->options->torn_down;
	struct vmt_curve curve;

	if (!vmt_report_trend_before(text->view, text->options->now, torn_down, &curve) ||
	    (curve.trend == VMT_TREND_NONE && !text->options->verbose))
		return;
	vmt_fmt_str(&text->fmt, "  growth  ");
	vmt_fmt_signed(&text->fmt,
		       (int64_t)(text->maps_now + torn_down - text->view->header.maps_start), 0);
	if (torn_down)
		put_torn_down(text);
	vmt_fmt_str(&text->fmt, ": ");
	put_curve(text, &curve);
	vmt_fmt_wrap(&text->fmt, 10);
}

/*
 * Judge the site's maps. Of one that had most of them until the process gave them back because it ended, up
 * to there: before_end becomes their number then, else 0.
 */
static enum vmt_trend read_site_curve(const struct vmt_report *text,
				      const struct vmt_report_row *row, uint64_t live,
				      struct vmt_curve *curve, uint64_t *before_end)
{
	uint64_t now = text->options->now, torn_down = text->options->torn_down, before = 0;
	struct vmt_rec_site site;

	if (torn_down && vmt_report_is_cut(text->view, now, torn_down) &&
	    vmt_view_site(text->view, row->site, &site))
		before = vmt_view_live_before(text->view, &site, live, torn_down);
	*before_end = before > 2 * live ? before : 0;
	if (*before_end ? vmt_report_site_trend_before(text->view, row->site, before, now,
						       torn_down, curve) :
			  vmt_report_site_trend(text->view, row->site, live, now, curve))
		return curve->trend;
	return VMT_TREND_NONE;
}

static void put_until_end(struct vmt_report *text, const char *start, uint64_t before_end,
			  const char *verb)
{
	vmt_fmt_str(&text->fmt, start);
	vmt_fmt_num(&text->fmt, before_end, 0);
	vmt_fmt_str(&text->fmt, verb);
	vmt_fmt_str(&text->fmt, text->options->torn_down_by);
	vmt_fmt_str(&text->fmt, " gave back at the end");
}

/* Once the limit is reached, there was no more to start up. */
static void put_site_doubt(struct vmt_report *text, const struct vmt_curve *curve)
{
	bool is_early = vmt_report_duration(text->view, text->options->now) < VMT_TREND_START_UP_NS;

	if (is_early && !vmt_report_is_limit_reached(text->view))
		vmt_fmt_str(&text->fmt, " (or a start-up)");
	else if (curve->is_doubtful)
		vmt_fmt_str(&text->fmt, " (or by chance)");
	vmt_fmt_str(&text->fmt, ", ");
}

void vmt_report_site_growth(struct vmt_report *text, const struct vmt_report_row *row,
			    uint64_t live)
{
	struct vmt_fmt *fmt = &text->fmt;
	struct vmt_curve curve;
	uint64_t before_end;

	if (text->options->is_by_mapper)
		return;
	switch (read_site_curve(text, row, live, &curve, &before_end)) {
	case VMT_TREND_NONE:
	case VMT_TREND_SHORT:
		if (before_end >= VMT_TREND_SMALL) {
			put_until_end(text, "    growth: up to ", before_end, ", which ");
			vmt_fmt_wrap(fmt, 6);
		} else {
			vmt_report_put_by_work(text, row, live, true);
		}
		return;
	default: break;
	}
	vmt_fmt_str(fmt, "    growth: ");
	if (text->ops->is_others && text->ops->is_others[row->site]) {
		vmt_fmt_str(fmt, "by other objects, which its own had merged with");
		vmt_fmt_wrap(fmt, 6);
		return;
	}
	if (curve.trend == VMT_TREND_GROWING && curve.span)
		put_recent(fmt, &curve);
	else if (curve.trend != VMT_TREND_GIVEN_BACK)
		put_trend(fmt, &curve);
	switch (curve.trend) {
	case VMT_TREND_LEAK:
		put_site_doubt(text, &curve);
		put_leak_rate(fmt, &curve);
		if (!before_end)
			vmt_report_put_by_work(text, row, live, false);
		break;
	case VMT_TREND_PLATEAU: put_plateau(fmt, &curve, before_end ? before_end : live); break;
	case VMT_TREND_BURSTS:
	/* A site's timeline is coarse: some of them may have been in one bucket. */
	case VMT_TREND_SAWTOOTH: put_times(fmt, &curve, ": at least "); break;
	case VMT_TREND_BURST:
		vmt_fmt_str(fmt, " up to ");
		vmt_fmt_num(fmt, curve.high, 0);
		break;
	case VMT_TREND_GIVEN_BACK:
		vmt_fmt_str(fmt, "up to ");
		vmt_fmt_num(fmt, curve.high, 0);
		if (curve.span) {
			vmt_fmt_str(fmt, ", ");
			put_leak_rate(fmt, &curve);
		}
		vmt_fmt_str(fmt, curve.span ? ", then given back" :
					      " for most of the run, then given back");
		break;
	default: break;
	}
	if (before_end)
		put_until_end(text, ", up to ", before_end, " that ");
	vmt_fmt_wrap(fmt, 6);
}
