/* SPDX-License-Identifier: MIT */
/* What was tried as JSON, "schema": "vmatrace.try/1"; fields are added, never changed. */
#include "try/try.h"
#include "util/value.h"

#include <stdlib.h>

static json_t *run_of(const struct vmt_trial *trial)
{
	json_t *run = json_object();

	vmt_value_add_number(run, "start", trial->maps_start);
	vmt_value_add_number(run, "peak", trial->maps_peak);
	vmt_value_add_number(run, "end", trial->maps_end);
	json_object_set_new(run, "seconds", vmt_value_seconds(trial->ns));
	json_object_set_new(run, "status", json_integer(trial->status));
	json_object_set_new(run, "limit_reached", json_boolean(trial->is_at_limit));
	json_object_set_new(run, "recorded", json_boolean(trial->is_recorded));
	return run;
}

/* "NAME=VALUE", what was set; null = nothing that has an effect. */
static json_t *variable_of(const struct vmt_remedied *remedied)
{
	bool has_one = remedied->setting.tunable && !remedied->is_overridden;
	char *text = has_one ? vmt_setting_text(&remedied->setting) : NULL;
	json_t *value = vmt_value_string(text);

	free(text);
	return value;
}

static json_t *remedy_of(const struct vmt_try *tried, const struct vmt_remedied *remedied)
{
	json_t *remedy = json_object();

	json_object_set_new(remedy, "name", vmt_value_string(remedied->name));
	json_object_set_new(remedy, "what", vmt_value_string(remedied->what));
	json_object_set_new(remedy, "variable", variable_of(remedied));
	json_object_set_new(remedy, "notice", vmt_value_string(remedied->notice));
	json_object_set_new(remedy, "promised",
			    remedied->is_promised ? json_integer(-(json_int_t)remedied->saves) :
						    json_null());
	json_object_set_new(remedy, "measured", json_integer(-vmt_try_measured(tried, remedied)));
	json_object_set_new(remedy, "output", json_string(vmt_try_output(tried, &remedied->trial)));
	json_object_set_new(remedy, "same_status",
			    json_boolean(remedied->trial.status == tried->plain.status));
	json_object_set_new(remedy, "run", run_of(&remedied->trial));
	return remedy;
}

int vmt_try_json(FILE *stream, const struct vmt_try *tried)
{
	json_t *remedies = json_array(), *root = json_object();

	for (size_t i = 0; i < tried->count; i++)
		json_array_append_new(remedies, remedy_of(tried, &tried->remedy[i]));
	json_object_set_new(root, "schema", json_string("vmatrace.try/1"));
	json_object_set_new(root, "measured_at",
			    json_string(vmt_try_is_by_peak(tried) ? "peak" : "end"));
	json_object_set_new(root, "plain", run_of(&tried->plain));
	json_object_set_new(root, "remedies", remedies);
	return vmt_value_dump(stream, root);
}
