/* SPDX-License-Identifier: MIT */
/* Writes the list of all processes as text or JSON. See maps_all.h. */
#include "cmd/maps_all.h"
#include "input/process_list.h"
#include "util/value.h"

static void put_lines(struct vmt_lines *lines, const struct vmt_process_list *list, uint64_t limit)
{
	struct vmt_number number;

	vmt_lines_add(lines, 0, "    maps     %%      pid  command   (limit %s)",
		      vmt_lines_number(&number, limit));
	for (size_t i = 0; i < list->count; i++) {
		const struct vmt_process_entry *entry = &list->entry[i];

		vmt_lines_add(lines, 0, "%8s %5.1f %8d  %s", vmt_lines_number(&number, entry->maps),
			      limit ? 100.0 * (double)entry->maps / (double)limit : 0.0,
			      (int)entry->process.pid, entry->process.name);
	}
	if (list->unreadable)
		vmt_lines_add(lines, 0, "and %s of other users, which cannot be read",
			      vmt_lines_number(&number, list->unreadable));
}

static void put_json(json_t *array, const struct vmt_process_list *list, uint64_t limit)
{
	json_t *object;

	for (size_t i = 0; i < list->count; i++) {
		object = json_object();
		vmt_value_add_number(object, "pid", (uint64_t)list->entry[i].process.pid);
		json_object_set_new(object, "name", vmt_value_string(list->entry[i].process.name));
		vmt_value_add_number(object, "maps", list->entry[i].maps);
		json_object_set_new(object, "limit",
				    limit ? json_integer((json_int_t)limit) : json_null());
		json_array_append_new(array, object);
	}
}

int vmt_maps_all(struct vmt_lines *lines, json_t *array)
{
	struct vmt_process_list list;
	uint64_t limit = vmt_process_map_limit();
	int ret = vmt_process_list_read(&list);

	if (!ret && lines)
		put_lines(lines, &list, limit);
	else if (!ret)
		put_json(array, &list, limit);
	vmt_process_list_free(&list);
	return ret;
}
