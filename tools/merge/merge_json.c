/* SPDX-License-Identifier: MIT */
/* Merged recordings as JSON, with all programs and call sites. See merge.h. */
#include "core/base/calls.h"
#include "merge/merge.h"
#include "merge/merge_order.h"
#include "util/json_value.h"

#include <errno.h>

static json_t *spread_of(const struct vmt_merge_program *program, bool is_peak)
{
	uint64_t *sorted = vmt_merge_sorted(program, is_peak);
	json_t *object = json_object();

	vmt_json_add_number(object, "median", sorted[program->runs / 2]);
	vmt_json_add_number(object, "p90", sorted[(program->runs - 1) * 9 / 10]);
	vmt_json_add_number(object, "most", sorted[program->runs - 1]);
	free(sorted);
	return object;
}

static json_t *stack_of(const struct vmt_merge_site *site)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < site->stack.count; i++) {
		const struct vmt_stack_frame *frame = &site->stack.frame[i];
		json_t *object = json_object();

		json_object_set_new(object, "module", vmt_json_string(frame->module));
		vmt_json_add_number(object, "offset", frame->offset);
		if (frame->function)
			json_object_set_new(object, "function", vmt_json_string(frame->function));
		if (frame->file)
			json_object_set_new(object, "file", vmt_json_string(frame->file));
		if (frame->line)
			vmt_json_add_number(object, "line", frame->line);
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *merged_site(const struct vmt_merge_site *site)
{
	json_t *object = json_object();

	json_object_set_new(object, "call", json_string(vmt_calls_name(site->call)));
	vmt_json_add_number(object, "peak", site->peak);
	vmt_json_add_number(object, "live", site->live);
	vmt_json_add_number(object, "recordings", site->recordings);
	vmt_json_add_number(object, "most", site->most);
	vmt_json_add_number(object, "calls", site->calls);
	json_object_set_new(object, "stack", stack_of(site));
	return object;
}

static json_t *merged_program(const struct vmt_merge_program *program)
{
	const struct vmt_merge_site **sites = vmt_merge_sites(program);
	json_t *object = json_object();
	json_t *array = json_array();

	json_object_set_new(object, "program", vmt_json_string(program->name));
	vmt_json_add_number(object, "recordings", program->runs);
	vmt_json_add_number(object, "builds", program->builds);
	vmt_json_add_number(object, "became_another", program->became);
	vmt_json_add_number(object, "limit", program->limit);
	vmt_json_add_number(object, "near_limit", program->near);
	vmt_json_add_number(object, "refused", program->refused);
	vmt_json_add_number(object, "inexact", program->inexact);
	vmt_json_add_number(object, "left_out", program->other);
	json_object_set_new(object, "maps", spread_of(program, false));
	json_object_set_new(object, "peak", spread_of(program, true));
	json_object_set_new(object, "highest", vmt_json_string(program->highest));
	for (size_t i = 0; i < HASH_COUNT(program->sites); i++)
		json_array_append_new(array, merged_site(sites[i]));
	json_object_set_new(object, "sites", array);
	free(sites);
	return object;
}

int vmt_merge_json(FILE *stream, const struct vmt_merge *merge)
{
	const struct vmt_merge_program *program;
	json_t *document = json_object();
	json_t *array = json_array();
	int ret;

	json_object_set_new(document, "schema", json_string("vmatrace.merged/1"));
	vmt_json_add_number(document, "recordings", merge->read);
	vmt_json_add_number(document, "bad", merge->bad);
	for (program = merge->programs; program; program = program->hh.next) {
		if (program->runs)
			json_array_append_new(array, merged_program(program));
	}
	json_object_set_new(document, "programs", array);
	ret = vmt_json_dump(stream, document);
	return ret || fflush(stream) || ferror(stream) ? errno ? -errno : -EIO : 0;
}
