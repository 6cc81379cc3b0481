/* SPDX-License-Identifier: MIT */
/*
 * Leak, burst or plateau in the JSON report: "growth" of the process, and of each call site that
 * has grown, and "leak", which call sites make a leak. Part of json.c.
 */
#include "core/report/report.h"
#include "input/liveness.h"
#include "json/json_parts.h"
#include "leak/leak.h"
#include "naming/teardown.h"

#include <time.h>

static json_t *curve_of(const struct vmt_curve *curve)
{
	json_t *growth = json_object();

	json_object_set_new(growth, "verdict", json_string(vmt_trend_word(curve->trend)));
	json_object_set_new(growth, "since", vmt_value_seconds(curve->since));
	if (curve->span) {
		json_object_set_new(growth, "rate",
				    json_real((double)curve->rise * 1e9 / (double)curve->span));
		json_object_set_new(growth, "is_rough", json_boolean(curve->is_rough));
		json_object_set_new(growth, "is_doubtful", json_boolean(curve->is_doubtful));
	}
	if (curve->step)
		json_object_set_new(growth, "maps_per_call",
				    json_real((double)curve->step / (double)curve->step_calls));
	if (curve->trend == VMT_TREND_BURSTS || curve->trend == VMT_TREND_SAWTOOTH)
		vmt_value_add_number(growth, "times", curve->times);
	if (curve->trend == VMT_TREND_BURSTS || curve->trend == VMT_TREND_SAWTOOTH ||
	    curve->trend == VMT_TREND_PLATEAU) {
		vmt_value_add_number(growth, "low", curve->low);
		vmt_value_add_number(growth, "high", curve->high);
	}
	return growth;
}

/* If it is not known how a site's maps developed, they did as those of the process. */
static enum vmt_trend course_of(const struct vmt_view *view, enum vmt_trend trend)
{
	struct vmt_curve curve;

	if ((trend == VMT_TREND_NONE || trend == VMT_TREND_SHORT) &&
	    vmt_report_trend(view, vmt_liveness_clock(view), &curve) &&
	    curve.trend == VMT_TREND_PLATEAU)
		return VMT_TREND_PLATEAU;
	return trend;
}

/*
 * Growth by calls: what each call adds, the share that is given back, and how many more calls the
 * limit allows.
 */
static void add_per_call(json_t *site, const struct vmt_view *view, uint64_t live,
			 const struct vmt_rec_counters *counters, enum vmt_trend trend)
{
	struct vmt_report_per_call per_call;
	json_t *object;
	uint64_t left;

	if (!vmt_report_per_call(counters, live, &per_call) ||
	    !vmt_report_is_worth_telling(&per_call))
		return;
	object = json_object();
	json_object_set_new(object, "maps",
			    json_real((double)per_call.made / (double)per_call.calls));
	json_object_set_new(object, "given_back",
			    per_call.is_unsure ?
				    json_null() :
				    json_real((double)per_call.given_back / (double)per_call.made));
	json_object_set_new(object, "course",
			    json_string(vmt_report_work_word(
				    vmt_report_work(&per_call, course_of(view, trend)))));
	left = vmt_report_calls_left(view, per_call.calls, live);
	json_object_set_new(object, "calls_left",
			    left ? json_integer((json_int_t)left) : json_null());
	json_object_set_new(site, "per_call", object);
}

void vmt_json_add_site_growth(json_t *site, const struct vmt_view *view, uint64_t index,
			      const struct vmt_rec_counters *counters, uint64_t live)
{
	struct vmt_curve curve = { .trend = VMT_TREND_NONE };
	json_t *growth;
	uint64_t left;

	if (!vmt_report_site_trend(view, index, live, vmt_liveness_clock(view), &curve))
		curve.trend = VMT_TREND_NONE;
	add_per_call(site, view, live, counters, curve.trend);
	if (curve.trend == VMT_TREND_NONE)
		return;
	growth = curve_of(&curve);
	left = curve.trend == VMT_TREND_LEAK ? vmt_report_calls_left(view, counters->calls, live) :
					       0;
	json_object_set_new(growth, "calls_left",
			    left ? json_integer((json_int_t)left) : json_null());
	json_object_set_new(site, "growth", growth);
}

static json_t *teardown_of(const struct vmt_teardown *teardown)
{
	json_t *object = json_object();

	vmt_value_add_number(object, "maps", teardown->maps);
	json_object_set_new(object, "function", json_string(teardown->function));
	return object;
}

/* A handful of maps says little about what the program kept. */
static void read_teardown(const struct vmt_view *view, struct vmt_symbols *symbols,
			  struct vmt_teardown *ret_teardown)
{
	vmt_teardown_read_all(view, symbols, ret_teardown);
	if (ret_teardown->maps < VMT_TREND_SMALL)
		ret_teardown->maps = 0;
}

void vmt_json_add_growth(json_t *process, const struct vmt_view *view, struct vmt_symbols *symbols)
{
	struct vmt_teardown teardown;
	struct vmt_curve curve;
	json_t *growth;
	uint64_t left;

	read_teardown(view, symbols, &teardown);
	if (!vmt_report_trend_before(view, vmt_liveness_clock(view), teardown.maps, &curve))
		return;
	growth = curve_of(&curve);
	left = vmt_report_time_left(&curve, vmt_report_left(view));
	json_object_set_new(growth, "limit_reached",
			    json_boolean(vmt_report_is_limit_reached(view)));
	json_object_set_new(growth, "seconds_left", left ? vmt_value_seconds(left) : json_null());
	if (teardown.maps)
		json_object_set_new(growth, "torn_down", teardown_of(&teardown));
	json_object_set_new(process, "growth", growth);
}

static json_t *leak_of(const struct vmt_explain_record *record, const struct vmt_leak *leak)
{
	const uint32_t *place = record->place;
	json_t *object = json_object(), *sites = json_array(), *removers = json_array();

	for (uint32_t i = VMT_SITE_FIRST; i < record->explain.facts.sites; i++) {
		if (leak->is_of[i] && (place ? place[i] == place[leak->site] : i == leak->site))
			json_array_append_new(sites, json_integer(i));
	}
	for (unsigned i = 0; i < leak->removers; i++)
		json_array_append_new(removers, json_integer(leak->remover[i]));
	json_object_set_new(object, "verdict", json_string(leak->is_leak ? "leak" : "kept"));
	vmt_value_add_number(object, "site", leak->site);
	json_object_set_new(object, "sites", sites);
	vmt_value_add_number(object, "made", leak->made);
	vmt_value_add_number(object, "left", leak->left);
	json_object_set_new(object, "given_back_by", removers);
	return object;
}

void vmt_json_add_leak(json_t *process, const struct vmt_explain_record *record)
{
	struct vmt_teardown teardown;
	struct vmt_leak leak;

	read_teardown(record->view, record->symbols, &teardown);
	if (!vmt_leak_find(record, vmt_liveness_clock(record->view), teardown.maps, &leak))
		return;
	json_object_set_new(process, "leak", leak_of(record, &leak));
	vmt_leak_free(&leak);
}
