/* SPDX-License-Identifier: MIT */
/*
 * Leak, burst or plateau in the JSON report: "growth" of the process and of each call
 * site that has grown. Part of json.c, see there.
 */
#include "core/report/report.h"
#include "input/liveness.h"
#include "json/json_parts.h"

#include <time.h>

static json_t *course_of(const struct vmt_course *course)
{
	json_t *growth = json_object();

	json_object_set_new(growth, "verdict", json_string(vmt_course_word(course->trend)));
	json_object_set_new(growth, "since", vmt_json_seconds(course->since));
	if (course->trend == VMT_TREND_LEAK && course->span)
		json_object_set_new(growth, "rate", json_real((double)course->rise * 1e9 /
							      (double)course->span));
	if (course->trend == VMT_TREND_BURSTS || course->trend == VMT_TREND_SAWTOOTH)
		vmt_json_add_number(growth, "times", course->times);
	if (course->trend == VMT_TREND_BURSTS || course->trend == VMT_TREND_SAWTOOTH ||
	    course->trend == VMT_TREND_PLATEAU) {
		vmt_json_add_number(growth, "low", course->low);
		vmt_json_add_number(growth, "high", course->high);
	}
	return growth;
}

static uint64_t now_of(const struct vmt_view *view)
{
	return vmt_liveness_is_gone(view) ? 0 : vmt_liveness_now(CLOCK_MONOTONIC);
}

void vmt_json_add_site_growth(json_t *site, const struct vmt_view *view, uint64_t index,
			      uint64_t calls, uint64_t live)
{
	struct vmt_course course;
	json_t *growth;
	uint64_t left;

	if (!vmt_text_site_course(view, index, live, now_of(view), &course) ||
	    course.trend == VMT_TREND_NONE)
		return;
	growth = course_of(&course);
	left = course.trend == VMT_TREND_LEAK ? vmt_text_calls_left(view, calls, live) : 0;
	json_object_set_new(growth, "calls_left", left ? json_integer((json_int_t)left) :
							 json_null());
	json_object_set_new(site, "growth", growth);
}

void vmt_json_add_growth(json_t *process, const struct vmt_view *view)
{
	struct vmt_course course;
	json_t *growth;
	uint64_t left;

	if (!vmt_text_course(view, now_of(view), &course))
		return;
	growth = course_of(&course);
	left = vmt_text_time_left(&course, vmt_text_left(view));
	json_object_set_new(growth, "limit_reached",
			    json_boolean(vmt_text_is_limit_reached(view)));
	json_object_set_new(growth, "seconds_left", left ? vmt_json_seconds(left) : json_null());
	json_object_set_new(process, "growth", growth);
}
