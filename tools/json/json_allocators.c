/* SPDX-License-Identifier: MIT */
/* The allocators in the JSON report, as part of json.c. */
#include "json/json_allocators.h"
#include "util/value.h"

#define BYTES_END (UINT64_C(1) << 62) /* nobody has asked for so much in earnest */

static void add_counts(json_t *object, const struct vmt_allocator *item)
{
	static const char *const keys[] = { "allocations", "frees", "resizes", "live", "bytes" };
	const uint64_t values[] = { item->counts.allocations, item->counts.frees,
				    item->counts.resizes, item->live, item->counts.bytes };

	/*
	 * Without these calls nothing is known, which is not the same as "none". How many of those that
	 * failed were allocations is not known, nor how much of the bytes was asked for in vain.
	 */
	const bool is_known[] = { true, true, true, !item->maps.failed,
				  item->counts.bytes < BYTES_END };

	for (size_t i = 0; i < VMT_COUNT(keys); i++) {
		if (item->is_counted && is_known[i])
			vmt_value_add_number(object, keys[i], values[i]);
		else
			json_object_set_new(object, keys[i], json_null());
	}
	if (item->is_counted && item->counts.live_bound) {
		vmt_value_add_number(object, "live_most", item->counts.live_most);
		vmt_value_add_number(object, "live_bound", item->counts.live_bound);
	}
	if (item->is_counted && item->counts.inherited)
		vmt_value_add_number(object, "inherited", item->counts.inherited);
	json_object_set_new(
		object, "counts_new",
		json_boolean(item->is_counted && !(item->counts.flags & VMT_ALLOCATOR_HAS_NEW)));
}

json_t *vmt_json_allocators(const struct vmt_allocators *allocators)
{
	json_t *array = json_array();

	for (size_t i = 0; i < allocators->count; i++) {
		const struct vmt_allocator *item = &allocators->item[i];
		json_t *object = json_object();
		json_t *maps = json_object();

		json_object_set_new(object, "module",
				    vmt_value_text(item->path.bytes, item->path.length));
		add_counts(object, item);
		vmt_value_add_number(object, "maps_live", item->maps_live);
		vmt_value_add_number(object, "maps_at_peak", item->maps_at_peak);
		json_object_set_new(
			object, "maps_per_allocation",
			item->live && !item->maps.failed ?
				json_real((double)item->maps_live / (double)item->live) :
				json_null());
		vmt_value_add_counters(maps, &item->maps);
		json_object_set_new(object, "maps", maps);
		json_array_append_new(array, object);
	}
	return array;
}
