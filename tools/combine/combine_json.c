/* SPDX-License-Identifier: MIT */
/* Merged recordings as JSON, with all programs and call sites. See combine.h. */
#include "core/base/calls.h"
#include "combine/combine.h"
#include "combine/combine_order.h"
#include "util/value.h"

#include <errno.h>

static json_t *spread_of(const struct vmt_combine_program *program, bool is_peak)
{
	uint64_t *sorted = vmt_combine_sorted(program, is_peak);
	json_t *object = json_object();

	vmt_value_add_number(object, "median", vmt_combine_median(sorted, program->runs));
	vmt_value_add_number(object, "p90", vmt_combine_p90(sorted, program->runs));
	vmt_value_add_number(object, "most", sorted[program->runs - 1]);
	free(sorted);
	return object;
}

static json_t *stack_of(const struct vmt_combine_site *site)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < site->stack.count; i++) {
		const struct vmt_stack_frame *frame = &site->stack.frame[i];
		json_t *object = json_object();

		json_object_set_new(object, "module", vmt_value_string(frame->module));
		vmt_value_add_number(object, "offset", frame->offset);
		if (frame->function)
			json_object_set_new(object, "function", vmt_value_string(frame->function));
		if (frame->file)
			json_object_set_new(object, "file", vmt_value_string(frame->file));
		if (frame->line)
			vmt_value_add_number(object, "line", frame->line);
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *merged_site(const struct vmt_combine_site *site)
{
	json_t *object = json_object();

	json_object_set_new(object, "call", json_string(vmt_calls_name(site->call)));
	vmt_value_add_number(object, "peak", site->peak);
	vmt_value_add_number(object, "live", site->live);
	vmt_value_add_number(object, "recordings", site->recordings);
	vmt_value_add_number(object, "most", site->most);
	vmt_value_add_number(object, "calls", site->calls);
	json_object_set_new(object, "stack", stack_of(site));
	return object;
}

static json_t *merged_program(const struct vmt_combine_program *program)
{
	const struct vmt_combine_site **sites = vmt_combine_sites(program);
	json_t *object = json_object();
	json_t *array = json_array();

	json_object_set_new(object, "program", vmt_value_string(program->name));
	vmt_value_add_number(object, "recordings", program->runs);
	vmt_value_add_number(object, "builds", program->builds);
	vmt_value_add_number(object, "became_another", program->became);
	vmt_value_add_number(object, "limit", program->limit);
	vmt_value_add_number(object, "near_limit", program->near);
	vmt_value_add_number(object, "refused", program->refused);
	vmt_value_add_number(object, "inexact", program->inexact);
	vmt_value_add_number(object, "left_out", program->other);
	json_object_set_new(object, "maps", spread_of(program, false));
	json_object_set_new(object, "peak", spread_of(program, true));
	json_object_set_new(object, "highest", vmt_value_string(program->highest));
	for (size_t i = 0; i < HASH_COUNT(program->sites); i++)
		json_array_append_new(array, merged_site(sites[i]));
	json_object_set_new(object, "sites", array);
	free(sites);
	return object;
}

int vmt_combine_json(FILE *stream, const struct vmt_combine *combine)
{
	const struct vmt_combine_program *program;
	json_t *document = json_object();
	json_t *array = json_array();
	int ret;

	json_object_set_new(document, "schema", json_string("vmatrace.merged/1"));
	vmt_value_add_number(document, "recordings", combine->read);
	vmt_value_add_number(document, "bad", combine->bad);
	for (program = combine->programs; program; program = program->hh.next) {
		if (program->runs)
			json_array_append_new(array, merged_program(program));
	}
	json_object_set_new(document, "programs", array);
	ret = vmt_value_dump(stream, document);
	return ret || fflush(stream) || ferror(stream) ? errno ? -errno : -EIO : 0;
}
