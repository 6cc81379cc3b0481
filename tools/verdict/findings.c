/* SPDX-License-Identifier: MIT */
/* A verdict as JSON, "schema": "vmatrace.check/1"; fields are added, never changed. */
#include "verdict/gone.h"
#include "verdict/other_lines.h"
#include "check/returned.h"
#include "check/verdict.h"
#include "util/value.h"
#include "util/must.h"

#include <errno.h>

static json_t *number_or_null(uint32_t value)
{
	return value ? json_integer(value) : json_null();
}

static json_t *stack_of(const struct vmt_stack *stack)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < stack->count; i++) {
		const struct vmt_stack_frame *frame = &stack->frame[i];
		json_t *object = json_object();

		json_object_set_new(object, "module", vmt_value_string(frame->module));
		json_object_set_new(object, "function", vmt_value_string(frame->function));
		json_object_set_new(object, "file", vmt_value_string(frame->file));
		json_object_set_new(object, "line", number_or_null(frame->line));
		json_array_append_new(array, object);
	}
	return array;
}

static void add_gone(json_t *object, const struct vmt_verdict *verdict,
		     const struct vmt_finding *finding)
{
	char *note = vmt_gone_note(verdict, finding);
	json_t *array = json_array();
	struct vmt_gone gone;

	vmt_gone_find(verdict, finding, &gone);
	for (size_t i = 0; i < gone.count; i++) {
		json_t *site = json_object();

		json_object_set_new(site, "call", vmt_value_string(gone.site[i]->call));
		json_object_set_new(site, "maps", json_integer(gone.site[i]->maps));
		json_object_set_new(site, "stack",
				    vmt_value_lines(vmt_summary_frames(gone.site[i])));
		json_array_append_new(array, site);
	}
	json_object_set_new(object, "gone", array);
	if (note)
		json_object_set_new(object, "note", vmt_value_string(note));
	free(note);
}

static json_t *other_lines_of(const struct vmt_finding *finding)
{
	const struct vmt_summary_part *part = vmt_other_lines_next(finding, NULL);
	json_t *array = json_array();

	for (; part; part = vmt_other_lines_next(finding, part)) {
		const struct vmt_stack_frame *place = vmt_stack_blame(&part->stack);
		json_t *object = json_object();

		json_object_set_new(object, "function", vmt_value_string(place->function));
		json_object_set_new(object, "file", vmt_value_string(place->file));
		json_object_set_new(object, "line", number_or_null(place->line));
		json_object_set_new(object, "maps", json_integer(part->maps));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *finding_of(const struct vmt_verdict *verdict, const struct vmt_finding *finding)
{
	const struct vmt_stack_frame *place = vmt_verdict_place(finding);
	json_t *object = json_object();

	json_object_set_new(object, "rule", json_string(vmt_rules_name(finding->rule)));
	json_object_set_new(object, "program", vmt_value_string(finding->program->name));
	json_object_set_new(object, "message", vmt_value_string(finding->message));
	json_object_set_new(object, "maps", json_integer(finding->maps));
	json_object_set_new(object, "base", json_integer(finding->base));
	json_object_set_new(object, "allowed", json_integer(finding->allowed));
	if (finding->is_forked)
		json_object_set_new(object, "forked", json_true());
	if (!finding->site)
		return object;
	json_object_set_new(object, "site_maps", json_integer(finding->site_maps));
	json_object_set_new(object, "call", vmt_value_string(finding->site->call));
	json_object_set_new(object, "function", vmt_value_string(place ? place->function : NULL));
	json_object_set_new(object, "file", vmt_value_string(place ? place->file : NULL));
	json_object_set_new(object, "line", number_or_null(place ? place->line : 0));
	json_object_set_new(object, "other_lines", other_lines_of(finding));
	json_object_set_new(object, "stack", stack_of(finding->stack));
	add_gone(object, verdict, finding);
	return object;
}

static json_t *program_of(const struct vmt_summary_program *program)
{
	json_t *object = json_object();
	char *note = vmt_returned_note(program);

	json_object_set_new(object, "program", vmt_value_string(program->name));
	vmt_value_add_number(object, "processes", program->processes);
	vmt_value_add_number(object, "maps", program->maps);
	vmt_value_add_number(object, "peak", program->peak);
	vmt_value_add_number(object, "limit", program->limit);
	json_object_set_new(object, "growth", json_integer(program->growth));
	if (program->has_forked)
		json_object_set_new(object, "forked", json_integer(program->forked));
	vmt_value_add_number(object, "unseen", program->unseen);
	vmt_value_add_number(object, "uncompared", program->uncompared);
	json_object_set_new(object, "exact", json_boolean(program->is_exact));
	if (note)
		json_object_set_new(object, "note", vmt_value_string(note));
	free(note);
	return object;
}

static json_t *suppression_of(const struct vmt_suppression *item)
{
	json_t *object = json_object();

	json_object_set_new(object, "type", json_string(vmt_suppress_type_name(item->type)));
	json_object_set_new(object, "pattern", vmt_value_string(item->pattern));
	vmt_value_add_number(object, "sites", item->sites);
	json_object_set_new(object, "maps", json_integer(item->maps));
	return object;
}

int vmt_findings_write(FILE *stream, const struct vmt_verdict *verdict)
{
	const struct vmt_summary_program *program = verdict->summary->programs;
	json_t *programs = json_array();
	json_t *findings = json_array();
	json_t *suppressions = json_array();
	json_t *root = json_object();
	char *summary = vmt_verdict_summary(verdict);

	for (; program; program = program->hh.next)
		json_array_append_new(programs, program_of(program));
	for (size_t i = 0; i < verdict->count; i++)
		json_array_append_new(findings, finding_of(verdict, &verdict->finding[i]));
	for (size_t i = 0; i < verdict->suppressions->count; i++)
		json_array_append_new(suppressions,
				      suppression_of(&verdict->suppressions->item[i]));
	json_object_set_new(root, "schema", json_string("vmatrace.check/1"));
	json_object_set_new(root, "verdict", json_string(verdict->count ? "fail" : "pass"));
	json_object_set_new(root, "summary", vmt_value_string(summary));
	json_object_set_new(root, "programs", programs);
	json_object_set_new(root, "findings", findings);
	json_object_set_new(root, "suppressions", suppressions);
	free(summary);
	return vmt_value_dump(stream, root);
}
