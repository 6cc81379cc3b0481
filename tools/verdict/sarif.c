/* SPDX-License-Identifier: MIT */
/*
 * A verdict as SARIF 2.1.0: a result for each finding, located at the user's own line, with its
 * stack. The fingerprint is a hash of the normalised stack, so the same finding is recognised after
 * lines have moved.
 */
#include "verdict/gone.h"
#include "verdict/other_lines.h"
#include "check/verdict.h"
#include "util/value.h"
#include "util/must.h"
#include "util/source.h"

#include <errno.h>

static const char schema[] = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
			     "sarif-schema-2.1.0.json";

/* A path as a URI reference; a relative path stays relative to the repository's root. */
static json_t *uri_of(const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "-._~/+@,=";
	char *uri = vmt_must_alloc(strlen(path) * 3 + 8, 1);
	size_t n = 0;
	json_t *text;

	if (*path == '/')
		n = (size_t)sprintf(uri, "file://");
	for (; *path; path++) {
		if (strchr(plain, *path))
			uri[n++] = *path;
		else
			n += (size_t)sprintf(uri + n, "%%%02X", (unsigned char)*path);
	}
	text = json_string(uri);
	free(uri);
	return text;
}

static json_t *message_of(const char *text)
{
	json_t *message = json_object();

	json_object_set_new(message, "text", vmt_value_string(text));
	return message;
}

static json_t *physical_of(const char *path, uint32_t line)
{
	json_t *physical = json_object();
	json_t *artifact = json_object();
	json_t *region;

	json_object_set_new(artifact, "uri", uri_of(path));
	json_object_set_new(physical, "artifactLocation", artifact);
	if (!line)
		return physical;
	region = json_object();
	json_object_set_new(region, "startLine", json_integer(line));
	json_object_set_new(physical, "region", region);
	return physical;
}

static json_t *location_of(const struct vmt_stack_frame *frame)
{
	json_t *location = json_object();
	json_t *logical;
	json_t *array;

	if (frame->function) {
		logical = json_object();
		array = json_array();
		json_object_set_new(logical, "name", vmt_value_string(frame->function));
		json_object_set_new(logical, "kind", json_string("function"));
		json_array_append_new(array, logical);
		json_object_set_new(location, "logicalLocations", array);
	}
	if (frame->file)
		json_object_set_new(location, "physicalLocation",
				    physical_of(frame->file, frame->line));
	return location;
}

/*
 * GitHub refuses the whole file if a single result has no place in a file. If no source is known,
 * the program is that file.
 */
static json_t *result_location(const struct vmt_finding *finding)
{
	const struct vmt_stack_frame *place = vmt_verdict_place(finding);
	json_t *location = place ? location_of(place) : json_object();
	char *path;

	if (place && place->file)
		return location;
	path = finding->program->exe && *finding->program->exe ?
		       vmt_source_path(NULL, finding->program->exe) :
		       vmt_must_copy(finding->program->name);
	json_object_set_new(location, "physicalLocation", physical_of(path, 1));
	free(path);
	return location;
}

static json_t *stacks_of(const struct vmt_stack *stack)
{
	json_t *stacks = json_array();
	json_t *object = json_object();
	json_t *frames = json_array();

	for (uint32_t i = 0; i < stack->count; i++) {
		json_t *frame = json_object();

		json_object_set_new(frame, "location", location_of(&stack->frame[i]));
		json_object_set_new(frame, "module", vmt_value_string(stack->frame[i].module));
		json_array_append_new(frames, frame);
	}
	json_object_set_new(object, "message", message_of("The call that put the maps there"));
	json_object_set_new(object, "frames", frames);
	json_array_append_new(stacks, object);
	return stacks;
}

static json_t *fingerprint_of(const struct vmt_summary_site *site)
{
	json_t *object = json_object();
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
	char text[20];

	for (const char *at = site->key; *at; at++)
		hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
	snprintf(text, sizeof(text), "%016llx", (unsigned long long)hash);
	json_object_set_new(object, "vmatraceStack/v1", json_string(text));
	return object;
}

/* The finding's sentence, the other lines of its function, and what of the baseline may explain it. */
static json_t *result_message(const struct vmt_verdict *verdict, const struct vmt_finding *finding)
{
	char *lines = vmt_other_lines_note(finding);
	char *note = vmt_gone_note(verdict, finding);
	char *text = vmt_must_format("%s%s%s%s%s", finding->message, lines ? ", " : "",
				     lines ? lines : "", note ? ". Note: " : "", note ? note : "");
	json_t *message = message_of(text);

	free(text);
	free(lines);
	free(note);
	return message;
}

static json_t *result_of(const struct vmt_verdict *verdict, const struct vmt_finding *finding)
{
	json_t *result = json_object();
	json_t *locations = json_array();

	json_object_set_new(result, "ruleId", json_string(vmt_rules_name(finding->rule)));
	json_object_set_new(result, "ruleIndex", json_integer(finding->rule));
	json_object_set_new(result, "level", json_string("error"));
	json_object_set_new(result, "message", result_message(verdict, finding));
	json_array_append_new(locations, result_location(finding));
	json_object_set_new(result, "locations", locations);
	if (finding->site) {
		json_object_set_new(result, "stacks", stacks_of(finding->stack));
		json_object_set_new(result, "partialFingerprints", fingerprint_of(finding->site));
	}
	return result;
}

static json_t *driver_of(void)
{
	json_t *driver = json_object();
	json_t *rules = json_array();

	for (int i = 0; i < VMT_RULE_COUNT; i++) {
		json_t *rule = json_object();

		json_object_set_new(rule, "id", json_string(vmt_rules_name((enum vmt_rule)i)));
		json_object_set_new(rule, "shortDescription",
				    message_of(vmt_rules_title((enum vmt_rule)i)));
		json_object_set_new(rule, "fullDescription",
				    message_of(vmt_rules_help((enum vmt_rule)i)));
		json_object_set_new(rule, "help", message_of(vmt_rules_help((enum vmt_rule)i)));
		json_array_append_new(rules, rule);
	}
	json_object_set_new(driver, "name", json_string("vmatrace"));
	json_object_set_new(driver, "version", json_string(VMT_VERSION));
	json_object_set_new(driver, "rules", rules);
	return driver;
}

int vmt_sarif_write(FILE *stream, const struct vmt_verdict *verdict)
{
	json_t *root = json_object();
	json_t *runs = json_array();
	json_t *run = json_object();
	json_t *tool = json_object();
	json_t *results = json_array();

	for (size_t i = 0; i < verdict->count; i++)
		json_array_append_new(results, result_of(verdict, &verdict->finding[i]));
	json_object_set_new(tool, "driver", driver_of());
	json_object_set_new(run, "tool", tool);
	json_object_set_new(run, "results", results);
	json_array_append_new(runs, run);
	json_object_set_new(root, "$schema", json_string(schema));
	json_object_set_new(root, "version", json_string("2.1.0"));
	json_object_set_new(root, "runs", runs);
	return vmt_value_dump(stream, root);
}
