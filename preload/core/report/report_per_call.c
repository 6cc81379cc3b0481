/* SPDX-License-Identifier: MIT */
/*
 * Growth for each call: how many maps a call of a site adds, and which part of them is given back.
 * A thousand calls are enough to know this, however short the run. Pure like the rest (report.h).
 */
#include "core/report/report_parts.h"

#define ENOUGH_TO_JUDGE 1000u /* calls */
#define ENOUGH_TO_TELL  16u /* calls, and maps */

bool vmt_report_per_call(const struct vmt_rec_counters *counters, uint64_t live,
			 struct vmt_report_per_call *ret_per_call)
{
	int64_t net = vmt_view_net(counters);
	/* A call that replaces another site's maps removes those, and may add none on balance. */
	uint64_t made = net > 0 && (uint64_t)net > live ? (uint64_t)net : live;

	if (!made || counters->calls <= counters->failed)
		return false;
	*ret_per_call = (struct vmt_report_per_call){
		.calls = counters->calls - counters->failed,
		.made = made,
		.given_back = made - live,
		.is_unsure =
			counters->created + counters->split < counters->merged + live - live / 50,
	};
	return true;
}

enum vmt_work vmt_report_work(const struct vmt_report_per_call *per_call, enum vmt_trend trend)
{
	if (per_call->calls <= 2)
		return VMT_WORK_ONE_OFF;
	if (trend == VMT_TREND_SAWTOOTH || trend == VMT_TREND_BURSTS)
		return VMT_WORK_SAWTOOTH;
	if (per_call->given_back >= per_call->made - per_call->made / 100)
		return VMT_WORK_GIVEN_BACK;
	if (trend == VMT_TREND_PLATEAU)
		return VMT_WORK_ONE_OFF;
	if (!per_call->is_unsure && per_call->given_back <= per_call->made / 100 &&
	    per_call->calls >= ENOUGH_TO_JUDGE)
		return VMT_WORK_STEADY;
	return VMT_WORK_MIXED;
}

const char *vmt_report_work_word(enum vmt_work work)
{
	static const char *const words[] = {
		[VMT_WORK_MIXED] = "mixed",           [VMT_WORK_STEADY] = "steady",
		[VMT_WORK_SAWTOOTH] = "sawtooth",     [VMT_WORK_ONE_OFF] = "one-off",
		[VMT_WORK_GIVEN_BACK] = "given-back",
	};

	return words[work];
}

bool vmt_report_is_worth_telling(const struct vmt_report_per_call *per_call)
{
	return per_call->calls >= ENOUGH_TO_TELL && per_call->made >= ENOUGH_TO_TELL;
}

static void put_hundredths(struct vmt_fmt *fmt, uint64_t part, uint64_t whole)
{
	uint64_t hundredths;

	if (__builtin_mul_overflow(part, 100, &hundredths))
		hundredths = UINT64_MAX;
	hundredths = (hundredths + whole / 2) / whole;
	vmt_fmt_num(fmt, hundredths / 100, 0);
	vmt_fmt_str(fmt, hundredths % 100 < 10 ? ".0" : ".");
	vmt_fmt_num(fmt, hundredths % 100, 0);
}

void vmt_report_put_given_back(struct vmt_fmt *fmt, const struct vmt_report_per_call *per_call)
{
	uint64_t percent;

	if (__builtin_mul_overflow(per_call->given_back, 100, &percent))
		percent = UINT64_MAX;
	percent /= per_call->made;
	if (per_call->is_unsure) {
		vmt_fmt_str(fmt, "the rest given back or merged");
	} else if (!per_call->given_back) {
		vmt_fmt_str(fmt, "none given back");
	} else if (per_call->given_back == per_call->made) {
		vmt_fmt_str(fmt, "all given back");
	} else if (percent < 1 || percent > 99) {
		vmt_fmt_str(fmt, percent < 1 ? "nearly none given back" : "nearly all given back");
	} else {
		vmt_fmt_num(fmt, percent, 0);
		vmt_fmt_str(fmt, " % given back");
	}
}

void vmt_report_put_per_call(struct vmt_report *text, const struct vmt_report_per_call *per_call)
{
	put_hundredths(&text->fmt, per_call->made, per_call->calls);
	vmt_fmt_str(&text->fmt, " maps a call, ");
	vmt_report_put_given_back(&text->fmt, per_call);
}

/*
 * "2.00 maps a call of mprotect in f (1.00 its own), none given back": what all sites that grow
 * steadily add while the one with the most maps is called once, since the calls to the limit are
 * counted by that as well.
 */
static void put_all_per_call(struct vmt_report *text, const struct vmt_report_per_call *per_call,
			     const struct vmt_rec_site *site, uint64_t sum)
{
	struct vmt_fmt *fmt = &text->fmt;
	uint64_t others = sum > per_call->made ? sum - per_call->made : 0;

	put_hundredths(fmt, per_call->made + others, per_call->calls);
	vmt_fmt_str(fmt, " maps a call of ");
	vmt_fmt_str(fmt, vmt_calls_name(site->call));
	vmt_fmt_str(fmt, " in ");
	vmt_report_function(text, site);
	if (others > per_call->calls / 100) {
		vmt_fmt_str(fmt, " (");
		put_hundredths(fmt, per_call->made, per_call->calls);
		vmt_fmt_str(fmt, " its own)");
	}
	vmt_fmt_str(fmt, ", ");
	vmt_report_put_given_back(fmt, per_call);
}

static bool is_steady(const struct vmt_report_row *row)
{
	struct vmt_report_per_call per_call;

	return row->live && !row->label &&
	       vmt_report_per_call(&row->counters, row->live, &per_call) &&
	       vmt_report_work(&per_call, VMT_TREND_SHORT) == VMT_WORK_STEADY;
}

/*
 * Sum the maps of all rows (or sites, if there are no rows) that grow steadily, and find the one
 * with most maps.
 */
static uint64_t sum_steady(const struct vmt_report *text, struct vmt_report_row *ret_most)
{
	uint64_t count = text->ops->rows ? text->ops->row_count :
					   vmt_view_count(text->view, VMT_SECTION_SITES);
	struct vmt_report_row row;
	uint64_t sum = 0;

	for (uint64_t i = text->ops->rows ? 0 : VMT_SITE_FIRST; i < count; i++) {
		if (text->ops->rows)
			row = text->ops->rows[i];
		else if (!vmt_report_site_row(text, i, &row))
			continue;
		if (!is_steady(&row))
			continue;
		if (!sum || row.live > ret_most->live)
			*ret_most = row;
		sum += row.live;
	}
	return sum;
}

void vmt_report_put_more_calls(struct vmt_fmt *fmt, const char *start, uint64_t calls)
{
	if (!calls)
		return;
	vmt_fmt_str(fmt, start);
	vmt_fmt_count(fmt, calls, "more call");
	vmt_fmt_str(fmt, " to the limit");
}

bool vmt_report_put_work(struct vmt_report *text, uint64_t growth)
{
	struct vmt_report_per_call per_call;
	struct vmt_report_row row;
	uint64_t sum = sum_steady(text, &row);
	struct vmt_rec_site site;

	if (sum <= growth / 2 || !vmt_report_per_call(&row.counters, row.live, &per_call) ||
	    !vmt_view_site(text->view, row.site, &site) || sum < per_call.calls / VMT_REPORT_RARE ||
	    vmt_report_has_fallen(text->view, text->options->torn_down))
		return false;
	vmt_fmt_str(&text->fmt, "steady, ");
	put_all_per_call(text, &per_call, &site, sum);
	vmt_report_put_more_calls(&text->fmt, "; ",
				  vmt_report_calls_left(text->view, per_call.calls, sum));
	return true;
}

/*
 * Was half of what the row has lost, or more, perhaps not given back? Changes of other rows, such as
 * a guard beside the guard of the next object, merge maps: their starts are gone, the memory is
 * there.
 */
static bool may_have_merged(const struct vmt_report *text, const struct vmt_report_row *row,
			    uint64_t gone)
{
	uint64_t count = vmt_view_count(text->view, VMT_SECTION_SITES);
	struct vmt_rec_site site;
	uint64_t merged = 0;

	if (!gone || row->call != VMT_CALL_MMAP)
		return false;
	for (uint64_t i = VMT_SITE_FIRST; i < count && merged < gone / 2 + 1; i++) {
		if (vmt_view_site(text->view, i, &site) && site.call != VMT_CALL_MMAP)
			merged += site.counters.merged;
	}
	return merged > gone / 2;
}

void vmt_report_put_by_work(struct vmt_report *text, const struct vmt_report_row *row,
			    uint64_t live, bool is_first)
{
	struct vmt_report_per_call per_call;

	if (!vmt_report_per_call(&row->counters, live, &per_call) ||
	    !vmt_report_is_worth_telling(&per_call))
		return;
	vmt_fmt_str(&text->fmt, is_first ? "    growth: " : ", ");
	vmt_report_put_per_call(text, &per_call);
	if (may_have_merged(text, row, per_call.given_back))
		vmt_fmt_str(&text->fmt, " or merged");
	if (per_call.given_back < per_call.made / 2)
		vmt_report_put_more_calls(&text->fmt, "; ",
					  vmt_report_calls_left(text->view, per_call.calls, live));
	if (is_first)
		vmt_fmt_wrap(&text->fmt, 6);
}
