/* SPDX-License-Identifier: MIT */
/*
 * See teardown.h. A call belongs to the end when a function of the list is on its stack. A function
 * that a runtime calls for each request as well is no teardown: it gives back much more than there
 * ever was, and counts for nothing.
 */
#include "core/report/report.h"
#include "core/stack/endings.h"
#include "core/trend/trend.h"
#include "naming/names.h"
#include "naming/teardown.h"

#include <stdio.h>
#include <string.h>

#define CALLS_MAX 64u /* that a program makes after its runtime has ended, until it exits itself */
#define MAPS_FEW  8u /* that are not gone then */
#define LONG_NS   (2 * UINT64_C(1000000000)) /* nor does that take so long */

/* They end threads, which give back what they hold, and do little else. */
static const char *const threads_end[] = {
	"node::DefaultProcessExitHandlerInternal", /* process.exit() */
	"node::DefaultProcessExitHandler",
};

static const char *const joins[] = {
	"pthread_join",
	"__pthread_join",
	"__pthread_clockjoin_ex",
	"__pthread_timedjoin_ex",
};

/* What gcc leaves of a function is called NAME.part.0, NAME.constprop.0, NAME.cold, ... */
static bool is_named(const char *function, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(function, name, length) && (!function[length] || function[length] == '.');
}

static const char *listed_name(const struct vmt_symbol *symbol, const char *const *names,
			       size_t count)
{
	for (; symbol; symbol = symbol->caller) {
		for (size_t i = 0; symbol->function && i < count; i++) {
			if (is_named(symbol->function, names[i]))
				return names[i];
		}
	}
	return NULL;
}

/* Returns the function of the list that this is, as the list has it, or NULL. */
static const char *ending_name(const struct vmt_symbol *symbol)
{
	const struct vmt_ending_name *names = vmt_endings();

	for (; symbol; symbol = symbol->caller) {
		for (size_t i = 0; symbol->function && i < VMT_ENDINGS_COUNT; i++) {
			if (names[i].function && is_named(symbol->function, names[i].function))
				return names[i].function;
		}
	}
	return NULL;
}

/* The outermost one, since a runtime's may call exit handlers of its own. */
static const char *teardown_of(const struct vmt_view *view, const struct vmt_rec_site *site,
			       struct vmt_symbols *symbols)
{
	struct vmt_symbol symbol;

	for (uint32_t i = vmt_view_frame_count(view, site); i > 0; i--) {
		const char *name;

		if (!vmt_names_find(symbols, view, (uint64_t)site->frame_first + i - 1, &symbol))
			continue;
		name = ending_name(&symbol);
		if (name)
			return name;
	}
	return NULL;
}

/* Likewise, but only if it waits there for a thread to end, whose stack goes then. */
static const char *joiner_at_end(const struct vmt_view *view, const struct vmt_rec_site *site,
				 struct vmt_symbols *symbols)
{
	const char *name = NULL;
	bool has_joined = false;
	struct vmt_symbol symbol;

	for (uint32_t i = 0; i < vmt_view_frame_count(view, site); i++) {
		const char *found;

		if (!vmt_names_find(symbols, view, (uint64_t)site->frame_first + i, &symbol))
			continue;
		has_joined |= listed_name(&symbol, joins, VMT_COUNT(joins)) != NULL;
		found = ending_name(&symbol);
		found = found ? found : listed_name(&symbol, threads_end, VMT_COUNT(threads_end));
		name = has_joined && found ? found : name;
	}
	return name;
}

/*
 * Were there many calls after nearly all of these maps were gone, or was that long before the end? Then it was
 * not the end.
 */
static bool has_gone_on(const struct vmt_view *view, uint64_t maps)
{
	const struct vmt_rec_header *header = &view->header;
	uint64_t level = vmt_view_maps_now(view) + maps / 8 + MAPS_FEW, calls = 0;
	uint64_t i = vmt_view_bucket_count(view);
	struct vmt_rec_bucket bucket;

	if (level >= header->maps_peak || header->end_monotonic <= header->start_monotonic)
		return false;
	while (i-- > 0) {
		if (!vmt_view_bucket(view, i, &bucket))
			continue;
		if (bucket.max > level)
			break;
		calls += bucket.calls;
	}
	return calls > CALLS_MAX + maps / 8 || header->end_monotonic - header->start_monotonic >
						       (i + 2) * header->bucket_ns + LONG_NS;
}

typedef const char *teardown_name(const struct vmt_view *view, const struct vmt_rec_site *site,
				  struct vmt_symbols *symbols);

/*
 * Returns how many maps less there are for the call sites that have a name in this sense. The name
 * of the one with most becomes ret_teardown's function. What the library saw, and did not take for the end,
 * is none.
 */
static int64_t sum_up(const struct vmt_view *view, struct vmt_symbols *symbols,
		      teardown_name *name_of, struct vmt_teardown *ret_teardown)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_SITES);
	struct vmt_rec_site site;
	int64_t sum = 0, most = 0;

	for (uint64_t i = VMT_SITE_FIRST; i < count; i++) {
		const char *name;
		int64_t gone;

		if (!vmt_view_site(view, i, &site) || !vmt_view_net(&site.counters) ||
		    (name_of == teardown_of && site.flags & VMT_SITE_OF_END))
			continue;
		gone = -vmt_view_net(&site.counters);
		name = name_of(view, &site, symbols);
		if (!name)
			continue;
		sum += gone;
		if (gone <= most)
			continue;
		most = gone;
		snprintf(ret_teardown->function, sizeof(ret_teardown->function), "%s", name);
	}
	return sum;
}

/* While it ends, other threads and handlers map some more, so that the fall is less than the sum. */
static bool is_of_the_fall(uint64_t sum, uint64_t fall)
{
	return sum <= fall + fall / 8 + VMT_TREND_SMALL;
}

/* How much each function of the list has given back, in all the run. */
static void sum_up_functions(const struct vmt_view *view, struct vmt_symbols *symbols,
			     int64_t sums[VMT_ENDINGS_COUNT])
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_SITES);
	struct vmt_rec_site site;

	for (uint64_t i = VMT_SITE_FIRST; i < count; i++) {
		const char *name = NULL;

		if (vmt_view_site(view, i, &site) && site.flags & VMT_SITE_OF_END)
			name = teardown_of(view, &site, symbols);
		for (size_t k = 0; name && k < VMT_ENDINGS_COUNT; k++)
			sums[k] -= vmt_endings()[k].function == name ?
					   vmt_view_net(&site.counters) :
					   0;
	}
}

/* The recording says what there was before. One that gave back more than that also ran before the end. */
static void read_known(const struct vmt_view *view, struct vmt_symbols *symbols,
		       struct vmt_teardown *ret_teardown)
{
	uint64_t now = vmt_view_maps_now(view), before = view->header.maps_before_end;
	int64_t sums[VMT_ENDINGS_COUNT] = { 0 }, most = 0;
	const char *name = "the runtime";

	if (before <= now)
		return;
	sum_up_functions(view, symbols, sums);
	for (size_t i = 0; i < VMT_ENDINGS_COUNT; i++) {
		if (sums[i] <= most || !is_of_the_fall((uint64_t)sums[i], before - now))
			continue;
		most = sums[i];
		name = vmt_endings()[i].function;
	}
	snprintf(ret_teardown->function, sizeof(ret_teardown->function), "%s", name);
	ret_teardown->maps = before - now;
}

void vmt_teardown_read(const struct vmt_view *view, struct vmt_symbols *symbols,
		       struct vmt_teardown *ret_teardown)
{
	uint64_t now = vmt_view_maps_now(view), fall;
	int64_t sum;

	*ret_teardown = (struct vmt_teardown){ .maps = 0 };
	if (vmt_view_knows_before_end(view)) {
		read_known(view, symbols, ret_teardown);
		return;
	}
	if (view->header.maps_peak <= now)
		return;
	fall = view->header.maps_peak - now;
	sum = sum_up(view, symbols, teardown_of, ret_teardown);
	if (sum > 0 && is_of_the_fall((uint64_t)sum, fall) && !has_gone_on(view, (uint64_t)sum))
		ret_teardown->maps = (uint64_t)sum < fall ? (uint64_t)sum : fall;
}

/* Its clean-up after an exception is a function of its own, "main.cold". */
static bool is_main(const char *function)
{
	return is_named(function, "main");
}

/* What calls main. A main that ends in "return serve();" has jumped there, and is on no stack. */
static bool is_above_main(const char *function)
{
	return !strcmp(function, "__libc_start_call_main") ||
	       !strncmp(function, "__libc_start_main", 17) ||
	       !strcmp(function, "libc_start_main_stage2");
}

/*
 * If a destructor gave maps back, returns what main called for it, or "main" if that has no name
 * that says more; else NULL. What main does by hand may be work, but destructors run at its end.
 */
static const char *destructor_of_main(const struct vmt_view *view, const struct vmt_rec_site *site,
				      struct vmt_symbols *symbols)
{
	const char *inner = NULL; /* the outermost function of the frame before */
	bool has_destructor = false;

	if (vmt_view_net(&site->counters) >= 0)
		return NULL;
	for (uint32_t i = 0; i < vmt_view_frame_count(view, site); i++) {
		struct vmt_symbol symbol;
		const struct vmt_symbol *at = &symbol;

		if (!vmt_names_find(symbols, view, (uint64_t)site->frame_first + i, &symbol)) {
			inner = NULL;
			continue;
		}
		for (; at; at = at->caller) {
			if (at->function && is_main(at->function) && !has_destructor)
				return NULL;
			if (at->function && (is_main(at->function) ||
					     (has_destructor && is_above_main(at->function))))
				return inner && strncmp(inner, "std::", 5) ? inner : "main";
			inner = at->function;
			has_destructor |= inner && strstr(inner, "::~");
		}
	}
	return NULL;
}

/*
 * Was the count highest late in a run that has ended, or stopped by the limit? In a run that is too
 * short to be judged, its start and its end take most of the time.
 */
static bool is_highest_late(const struct vmt_view *view)
{
	const struct vmt_rec_header *header = &view->header;
	uint64_t duration;

	if (header->end_monotonic <= header->start_monotonic)
		return false;
	duration = header->end_monotonic - header->start_monotonic;
	return duration < VMT_TREND_SHORT_NS || vmt_report_is_limit_reached(view) ||
	       header->maps_peak_time >= duration / 4 * 3;
}

static void read_main(const struct vmt_view *view, struct vmt_symbols *symbols,
		      struct vmt_teardown *ret_teardown)
{
	uint64_t now = vmt_view_maps_now(view), fall;
	int64_t sum;

	*ret_teardown = (struct vmt_teardown){ .maps = 0 };
	if (view->header.maps_peak <= now || !is_highest_late(view))
		return;
	fall = view->header.maps_peak - now;
	sum = sum_up(view, symbols, destructor_of_main, ret_teardown);
	if (sum > 0 && (uint64_t)sum <= fall && (uint64_t)sum >= fall - fall / 8)
		ret_teardown->maps = (uint64_t)sum;
}

/*
 * Threads that the end waits for run the same functions as threads that end before, so that their calls say
 * nothing: what is gone since the peak is taken for theirs.
 */
static bool read_threads(const struct vmt_view *view, struct vmt_symbols *symbols,
			 struct vmt_teardown *ret_teardown)
{
	uint64_t now = vmt_view_maps_now(view);
	struct vmt_teardown joined;

	if (view->header.maps_peak <= now || !is_highest_late(view) ||
	    sum_up(view, symbols, joiner_at_end, &joined) <= 0)
		return false;
	*ret_teardown = joined;
	ret_teardown->maps = view->header.maps_peak - now;
	return true;
}

void vmt_teardown_read_all(const struct vmt_view *view, struct vmt_symbols *symbols,
			   struct vmt_teardown *ret_teardown)
{
	if (read_threads(view, symbols, ret_teardown))
		return;
	vmt_teardown_read(view, symbols, ret_teardown);
	if (ret_teardown->maps < VMT_TREND_SMALL)
		read_main(view, symbols, ret_teardown);
}
