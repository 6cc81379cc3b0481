/* SPDX-License-Identifier: MIT */
/* The JSON of the command maps; see json_snapshot.h. */
#include "json/json_explain.h"
#include "json/json_snapshot.h"
#include "util/value.h"

json_t *vmt_json_snapshot(const struct vmt_snapshot *snapshot)
{
	json_t *object = json_object();
	const struct vmt_process *process = &snapshot->process;

	json_object_set_new(object, "pid",
			    snapshot->file ? json_null() : json_integer(process->pid));
	json_object_set_new(object, "name",
			    vmt_value_string(snapshot->file ? snapshot->file : process->name));
	vmt_value_add_number(object, "maps", snapshot->explain.count);
	json_object_set_new(object, "limit",
			    snapshot->limit ? json_integer((json_int_t)snapshot->limit) :
					      json_null());
	json_object_set_new(object, "threads",
			    process->threads ? json_integer((json_int_t)process->threads) :
					       json_null());
	json_object_set_new(object, "cut_off", json_boolean(snapshot->maps.is_cut));
	json_object_set_new(object, "flags", json_boolean(snapshot->explain.flags_known));
	vmt_json_explain(object, &snapshot->explain);
	vmt_json_explain_files(object, &snapshot->explain);
	return object;
}
