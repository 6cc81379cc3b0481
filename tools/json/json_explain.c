/* SPDX-License-Identifier: MIT */
/*
 * "site" is the "id" of a site in the report, or null. Fields are added, never changed. See
 * json_explain.h.
 */
#include "explain/explain_files.h"
#include "json/json_explain.h"
#include "util/value.h"

#define FILES_SHOWN 20u

static void add_site(json_t *object, uint32_t site)
{
	json_object_set_new(object, "site",
			    site == VMT_NO_INDEX ? json_null() : json_integer(site));
}

/* Add the site, and its place's share of the total. */
static void add_share(json_t *object, const struct vmt_explain_share *share)
{
	add_site(object, share->site);
	json_object_set_new(object, "site_part",
			    share->all ? json_real((double)share->part / (double)share->all) :
					 json_null());
}

static json_t *kinds_of(const struct vmt_explain *explain)
{
	json_t *array = json_array();
	json_t *entry;

	for (size_t i = 0; i < explain->kind_count; i++) {
		const struct vmt_explain_kind *kind = &explain->kinds[i];

		entry = json_object();
		json_object_set_new(entry, "kind", json_string(vmt_explain_kind_word(kind->kind)));
		json_object_set_new(entry, "detail", vmt_value_string(kind->detail));
		vmt_value_add_number(entry, "maps", kind->maps);
		vmt_value_add_number(entry, "bytes", kind->bytes);
		json_array_append_new(array, entry);
	}
	return array;
}

static json_t *patterns_of(const struct vmt_explain *explain)
{
	json_t *array = json_array();
	json_t *entry;

	for (size_t i = 0; i < explain->pattern_count; i++) {
		const struct vmt_explain_pattern *pattern = &explain->patterns[i];

		entry = json_object();
		json_object_set_new(entry, "pattern",
				    json_string(vmt_explain_pattern_id(pattern->pattern)));
		vmt_value_add_number(entry, "maps", pattern->maps);
		vmt_value_add_number(entry, "after", pattern->maps - pattern->saves);
		vmt_value_add_number(entry, "saves", pattern->saves);
		json_object_set_new(entry, "saves_known", json_boolean(!pattern->is_open));
		add_share(entry, &pattern->by);
		json_object_set_new(entry, "guards_site",
				    pattern->guards.site == VMT_NO_INDEX ?
					    json_null() :
					    json_integer(pattern->guards.site));
		json_object_set_new(
			entry, "what",
			json_string(vmt_explain_pattern_word(explain, pattern->pattern)));
		json_object_set_new(entry, "remedy",
				    json_string(vmt_explain_remedy(explain, pattern->pattern)));
		json_object_set_new(entry, "also",
				    vmt_value_string(vmt_explain_also(pattern->pattern)));
		json_array_append_new(array, entry);
	}
	return array;
}

static json_t *neighbours_of(const struct vmt_explain *explain)
{
	json_t *array = json_array();
	char detail[160];
	json_t *entry;

	for (size_t i = 0; i < explain->pairs_count; i++) {
		const struct vmt_explain_neighbours *pairs = &explain->pairs[i];

		vmt_explain_detail(pairs->why, pairs->detail, false, detail, sizeof(detail));
		entry = json_object();
		json_object_set_new(entry, "reason", json_string(vmt_explain_apart_id(pairs->why)));
		json_object_set_new(entry, "detail", *detail ? json_string(detail) : json_null());
		vmt_value_add_number(entry, "pairs", pairs->pairs);
		add_site(entry, pairs->site);
		json_array_append_new(array, entry);
	}
	return array;
}

static json_t *holes_of(const struct vmt_explain *explain)
{
	json_t *holes = json_object();

	vmt_value_add_number(holes, "count", explain->holes);
	vmt_value_add_number(holes, "largest", explain->largest_hole);
	vmt_value_add_number(holes, "punched", explain->holes_punched);
	vmt_value_add_number(holes, "punched_bytes", explain->punched_bytes);
	vmt_value_add_number(holes, "alone", explain->alone);
	vmt_value_add_number(holes, "alone_size", explain->alone_size);
	vmt_value_add_number(holes, "alone_alike", explain->alone_alike);
	add_share(holes, &explain->punched_by);
	return holes;
}

static json_t *cost_of(const struct vmt_explain *explain)
{
	struct vmt_explain_cost cost = vmt_explain_cost(explain->count);
	json_t *object = json_object();

	json_object_set_new(object, "estimate", json_true());
	vmt_value_add_number(object, "kernel_bytes_low", cost.bytes_low);
	vmt_value_add_number(object, "kernel_bytes_high", cost.bytes_high);
	json_object_set_new(object, "fork_seconds_low", vmt_value_seconds(cost.fork_low));
	json_object_set_new(object, "fork_seconds_high", vmt_value_seconds(cost.fork_high));
	vmt_value_add_number(object, "fault_percent_low", cost.fault_low);
	vmt_value_add_number(object, "fault_percent_high", cost.fault_high);
	json_object_set_new(object, "source", json_string("measured on Linux 6.18"));
	return object;
}

void vmt_json_explain(json_t *object, const struct vmt_explain *explain)
{
	json_object_set_new(object, "kinds", kinds_of(explain));
	json_object_set_new(object, "patterns", patterns_of(explain));
	json_object_set_new(object, "neighbours", neighbours_of(explain));
	json_object_set_new(object, "holes", holes_of(explain));
	json_object_set_new(object, "cost", cost_of(explain));
}

void vmt_json_explain_files(json_t *object, const struct vmt_explain *explain)
{
	static const enum vmt_kind kinds[] = { VMT_KIND_FILE, VMT_KIND_DELETED, VMT_KIND_SHARED };
	struct vmt_explain_files files[FILES_SHOWN];
	json_t *array = json_array();
	json_t *entry;
	size_t n;

	for (size_t k = 0; k < VMT_COUNT(kinds); k++) {
		n = vmt_explain_top_files(explain, kinds[k], files, FILES_SHOWN);
		for (size_t i = 0; i < n; i++) {
			entry = json_object();
			json_object_set_new(entry, "kind",
					    json_string(vmt_explain_kind_word(kinds[k])));
			json_object_set_new(entry, "files", vmt_value_string(files[i].pattern));
			vmt_value_add_number(entry, "maps", files[i].maps);
			json_array_append_new(array, entry);
		}
		vmt_explain_free_files(files, n);
	}
	json_object_set_new(object, "files", array);
}
