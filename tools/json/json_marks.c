/* SPDX-License-Identifier: MIT */
/*
 * The marks in the JSON report, each with the live maps of every call site at that time. They are
 * computed from the last mark back to the first, since a site's older values are recorded when they
 * change. Part of json.c.
 */
#include "input/phase.h"
#include "json/json_parts.h"
#include "util/must.h"

#include <stdlib.h>

#define ENTRIES_MAX 200000u /* sites at marks; beyond this number, only the marks are listed */

struct state {
	uint64_t live;
	int64_t net;
};

struct past {
	const struct vmt_view *view;
	struct vmt_rec_mark_value *value; /* sorted by mark, the last one first */
	size_t values;
	size_t used; /* of these */
	struct state *state; /* of each site, at the current mark */
	uint64_t sites;
	uint64_t entries;
};

static int by_epoch(const void *a, const void *b)
{
	const struct vmt_rec_mark_value *one = a, *two = b;

	return (one->epoch < two->epoch) - (one->epoch > two->epoch);
}

static void read_values(struct past *past)
{
	uint64_t count = vmt_view_count(past->view, VMT_SECTION_MARK_VALUES);
	struct vmt_rec_mark_value value;

	past->value = vmt_must_alloc(count + 1, sizeof(*past->value));
	for (uint64_t i = 0; i < count; i++) {
		if (vmt_view_mark_value(past->view, i, &value) && value.site < past->sites)
			past->value[past->values++] = value;
	}
	qsort(past->value, past->values, sizeof(*past->value), by_epoch);
}

static void read_now(struct past *past)
{
	struct vmt_view_totals *totals = vmt_must_alloc(past->sites + 1, sizeof(*totals));
	struct vmt_rec_site site;

	past->state = vmt_must_alloc(past->sites + 1, sizeof(*past->state));
	vmt_view_totals(past->view, totals, past->sites);
	for (uint64_t i = 0; i < past->sites; i++) {
		past->state[i].live = totals[i].live;
		if (vmt_view_site(past->view, i, &site))
			past->state[i].net = vmt_view_net(&site.counters);
	}
	free(totals);
}

/* A value holds for its mark and for those before it. */
static void go_back(struct past *past, uint32_t epoch)
{
	for (; past->used < past->values && past->value[past->used].epoch >= epoch; past->used++) {
		const struct vmt_rec_mark_value *value = &past->value[past->used];

		past->state[value->site] = (struct state){ value->live, value->net };
	}
}

static json_t *sites_of(struct past *past)
{
	json_t *sites = json_array();
	json_t *entry;

	for (uint64_t i = 0; i < past->sites && past->entries <= ENTRIES_MAX; i++) {
		if (!past->state[i].live && !past->state[i].net)
			continue;
		entry = json_object();
		vmt_value_add_number(entry, "id", i);
		vmt_value_add_number(entry, "live", past->state[i].live);
		json_object_set_new(entry, "net", json_integer(past->state[i].net));
		json_array_append_new(sites, entry);
		past->entries++;
	}
	if (past->entries <= ENTRIES_MAX)
		return sites;
	json_decref(sites);
	return json_null();
}

static json_t *mark_of(const struct vmt_view *view, const struct vmt_rec_mark *mark)
{
	json_t *entry = json_object();

	json_object_set_new(entry, "name", vmt_value_recorded(view, mark->name));
	json_object_set_new(entry, "time", vmt_value_seconds(mark->time));
	vmt_value_add_number(entry, "maps", mark->maps);
	return entry;
}

json_t *vmt_json_marks(const struct vmt_view *view)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_MARKS);
	struct past past = { .view = view, .sites = vmt_view_count(view, VMT_SECTION_SITES) };
	bool is_known = !vmt_phase_has_lost_values(view);
	json_t *marks = json_array();
	struct vmt_rec_mark mark;
	json_t **made;

	if (!count)
		return marks;
	made = vmt_must_alloc(count, sizeof(json_t *));
	read_values(&past);
	read_now(&past);
	for (uint64_t i = count; i-- > 0;) {
		if (!vmt_view_mark(view, i, &mark))
			continue;
		go_back(&past, mark.epoch);
		made[i] = mark_of(view, &mark);
		json_object_set_new(made[i], "sites", is_known ? sites_of(&past) : json_null());
	}
	for (uint64_t i = 0; i < count; i++) {
		if (made[i])
			json_array_append_new(marks, made[i]);
	}
	free(made);
	free(past.value);
	free(past.state);
	return marks;
}
