/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing of baselines by jansson. A damaged baseline is refused as a whole:
 * half of one would let growth pass or blame the innocent. Prints nothing.
 */
#include "baseline.h"
#include "inlined.h"
#include "json_parts.h"
#include "must.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static const char schema[] = "vmatrace.baseline/1";

/* More maps than any kernel has; sums of them do not overflow. */
#define MAPS_MAX (INT64_C(1) << 40)

/* Of a stack: each frame may be several functions. */
#define LINES_MAX (VMT_FRAMES_MAX * (1 + VMT_INLINED_CALLERS))

bool vmt_baseline_is(const char *path)
{
	FILE *file = fopen(path, "re");
	struct stat status;
	int c = EOF;

	if (!file)
		return false;
	if (!fstat(fileno(file), &status) && S_ISREG(status.st_mode)) {
		do
			c = fgetc(file);
		while (c == ' ' || c == '\n' || c == '\t' || c == '\r');
	}
	fclose(file);
	return c == '{';
}

static int refuse(char *error, const char *what, const char *name)
{
	snprintf(error, VMT_BASELINE_ERROR_MAX, "%s%.100s%s", what, name ? name : "",
		 name ? "\"" : "");
	return -EBADMSG;
}

static bool read_number(const json_t *object, const char *key, int64_t low, int64_t *ret)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value) || json_integer_value(value) < low ||
	    json_integer_value(value) > MAPS_MAX)
		return false;
	*ret = json_integer_value(value);
	return true;
}

/* The lines of a key, or NULL when the stack is none. */
static char *read_stack(const json_t *array)
{
	char *key = vmt_must_copy("");
	const json_t *frame;
	char *longer;
	size_t i;

	json_array_foreach(array, i, frame) {
		const char *text = json_string_value(frame);

		if (!text || !*text || i >= LINES_MAX || strchr(text, '\n')) {
			free(key);
			return NULL;
		}
		longer = vmt_must_format("%s%s%s", key, i ? "\n" : "", text);
		free(key);
		key = longer;
	}
	return key;
}

static int read_site(struct vmt_census_program *program, const json_t *object, char *error)
{
	const char *call = json_string_value(json_object_get(object, "call"));
	const json_t *array = json_object_get(object, "stack");
	struct vmt_census_site *site;
	int64_t maps;
	char *stack;

	if (!call || strchr(call, '\n') || !read_number(object, "maps", -MAPS_MAX, &maps) ||
	    !json_is_array(array))
		return refuse(error, "a call site without call, maps or stack in \"",
			      program->name);
	stack = read_stack(array);
	if (!stack)
		return refuse(error, "a stack that is no list of names in \"", program->name);
	site = vmt_census_site(program, call, stack);
	free(stack);
	if (site->maps)
		return refuse(error, "a call site that is there twice in \"", program->name);
	site->maps = maps;
	return 0;
}

static int read_program(struct vmt_census *census, const json_t *object, char *error)
{
	const char *name = json_string_value(json_object_get(object, "program"));
	const json_t *sites = json_object_get(object, "sites");
	struct vmt_census_program *program;
	const json_t *site;
	size_t i;
	int ret = 0;

	if (!name)
		return refuse(error, "a program without a name", NULL);
	if (vmt_census_find_program(census, name))
		return refuse(error, "a program that is there twice: \"", name);
	program = vmt_census_program(census, name);
	if (!json_is_array(sites) || !read_number(object, "growth", -MAPS_MAX, &program->growth))
		return refuse(error, "no growth or no sites in \"", name);
	if (json_object_get(object, "merged") && !read_number(object, "merged", 0, &program->merged))
		return refuse(error, "merges that are no number in \"", name);
	json_array_foreach(sites, i, site) {
		ret = read_site(program, site, error);
		if (ret)
			return ret;
	}
	return 0;
}

static int read_phase(struct vmt_census *census, const json_t *phase, char *error)
{
	const char *from = json_string_value(json_object_get(phase, "from"));
	const char *to = json_string_value(json_object_get(phase, "to"));
	int64_t warmup = 0;

	if (!phase)
		return 0;
	if (!json_is_object(phase) || (json_object_get(phase, "warmup") &&
				       !read_number(phase, "warmup", 0, &warmup)))
		return refuse(error, "a phase that is none", NULL);
	census->from = from ? vmt_must_copy(from) : NULL;
	census->to = to ? vmt_must_copy(to) : NULL;
	census->warmup = (uint64_t)warmup;
	return 0;
}

static int read_census(struct vmt_census *census, const json_t *root, char *error)
{
	const json_t *programs = json_object_get(root, "programs");
	const char *name = json_string_value(json_object_get(root, "schema"));
	const json_t *program;
	size_t i;
	int ret;

	if (!name || strcmp(name, schema))
		return refuse(error, "its schema is not vmatrace.baseline/1 but \"",
			      name ? name : "");
	if (!json_is_array(programs))
		return refuse(error, "it has no list of programs", NULL);
	census->with_lines = json_is_true(json_object_get(root, "lines"));
	ret = read_phase(census, json_object_get(root, "phase"), error);
	json_array_foreach(programs, i, program) {
		if (!ret)
			ret = read_program(census, program, error);
	}
	return ret;
}

int vmt_baseline_load(const char *path, struct vmt_census *ret_census,
		      char error[VMT_BASELINE_ERROR_MAX])
{
	FILE *file = fopen(path, "re");
	json_error_t problem;
	json_t *root;
	int ret = file ? 0 : -errno;

	*ret_census = (struct vmt_census){ .programs = NULL };
	if (ret) {
		snprintf(error, VMT_BASELINE_ERROR_MAX, "%s", strerror(-ret));
		return ret;
	}
	root = json_loadf(file, JSON_REJECT_DUPLICATES, &problem);
	fclose(file);
	if (!root) {
		snprintf(error, VMT_BASELINE_ERROR_MAX, "%s (line %d)", problem.text,
			 problem.line);
		return -EBADMSG;
	}
	ret = read_census(ret_census, root, error);
	json_decref(root);
	if (ret)
		vmt_census_free(ret_census);
	else
		vmt_census_sort(ret_census);
	return ret;
}

static json_t *site_of(const struct vmt_census_site *site)
{
	const char *line = strchr(site->key, '\n');
	json_t *object = json_object();
	json_t *stack = json_array();

	json_object_set_new(object, "call", vmt_json_string(site->call));
	json_object_set_new(object, "maps", json_integer(site->maps));
	while (line && line[1]) {
		const char *start = line + 1;

		line = strchr(start, '\n');
		json_array_append_new(stack, vmt_json_text(start, line ? (size_t)(line - start) :
								     strlen(start)));
	}
	json_object_set_new(object, "stack", stack);
	return object;
}

static json_t *program_of(const struct vmt_census_program *program)
{
	const struct vmt_census_site *site;
	json_t *object = json_object();
	json_t *sites = json_array();

	for (site = program->sites; site; site = site->hh.next) {
		if (site->maps)
			json_array_append_new(sites, site_of(site));
	}
	json_object_set_new(object, "program", vmt_json_string(program->name));
	json_object_set_new(object, "growth", json_integer(program->growth));
	if (program->merged >= 0)
		json_object_set_new(object, "merged", json_integer(program->merged));
	json_object_set_new(object, "sites", sites);
	return object;
}

static json_t *root_of(const struct vmt_census *census)
{
	const struct vmt_census_program *program;
	json_t *root = json_object();
	json_t *programs = json_array();
	json_t *phase;

	json_object_set_new(root, "schema", json_string(schema));
	if (census->with_lines)
		json_object_set_new(root, "lines", json_true());
	if (census->from || census->to) {
		phase = json_object();
		json_object_set_new(phase, "from", vmt_json_string(census->from));
		json_object_set_new(phase, "to", vmt_json_string(census->to));
		vmt_json_add_number(phase, "warmup", census->warmup);
		json_object_set_new(root, "phase", phase);
	}
	for (program = census->programs; program; program = program->hh.next)
		json_array_append_new(programs, program_of(program));
	json_object_set_new(root, "programs", programs);
	return root;
}

int vmt_baseline_save(const char *path, const struct vmt_census *census)
{
	char *temporary = vmt_must_format("%s.new", path);
	FILE *file = fopen(temporary, "we");
	json_t *root = root_of(census);
	int ret = file ? 0 : -errno;

	if (file) {
		if (json_dumpf(root, file, JSON_INDENT(1)) || fputc('\n', file) == EOF)
			ret = -EIO;
		if (fclose(file) && !ret)
			ret = -errno;
		if (!ret && rename(temporary, path))
			ret = -errno;
		if (ret)
			unlink(temporary);
	}
	json_decref(root);
	free(temporary);
	return ret;
}
