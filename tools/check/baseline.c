/* SPDX-License-Identifier: MIT */
/*
 * Reads baselines with jansson. A damaged baseline is refused as a whole: half of one would let
 * growth pass, or blame the wrong call site. Prints nothing. See baseline.h.
 */
#include "check/baseline.h"
#include "util/value.h"
#include "symbols/inlined.h"
#include "naming/keyname.h"
#include "util/must.h"
#include "util/slurp.h"

#include <errno.h>
#include <sys/stat.h>

/* More maps than any kernel allows, yet small enough that sums do not overflow. */
#define MAPS_MAX (INT64_C(1) << 40)

#define BYTES_MAX (UINT64_C(256) << 20)

/* The most lines of a stack, in which each frame may be several functions. */
#define LINES_MAX (VMT_FRAMES_MAX * (1 + VMT_INLINED_CALLERS))

bool vmt_baseline_is(const char *path)
{
	struct stat status;
	int c = EOF;
	FILE *file;

	if (stat(path, &status))
		return false;
	/* A recording has to be mapped, so a pipe cannot be one. */
	if (S_ISFIFO(status.st_mode))
		return true;
	file = S_ISREG(status.st_mode) ? fopen(path, "re") : NULL;
	if (!file)
		return false;
	do
		c = fgetc(file);
	while (c == ' ' || c == '\n' || c == '\t' || c == '\r');
	fclose(file);
	return c == '{' || c == 0xef;
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

/*
 * Returns the lines of a key, or NULL if the array is no stack. Older versions shortened names
 * less, so several of their call sites may now have the same key.
 */
static char *read_stack(const json_t *array, bool *ret_is_older)
{
	char *key = vmt_must_copy("");
	const json_t *frame;
	char *longer;
	size_t length;
	size_t i;

	*ret_is_older = false;
	json_array_foreach(array, i, frame)
	{
		const char *text = json_string_value(frame);

		if (!text || !*text || i >= LINES_MAX || strchr(text, '\n')) {
			free(key);
			return NULL;
		}
		length = strlen(key) + (i > 0);
		longer = vmt_must_format("%s%s%s", key, i ? "\n" : "", text);
		free(key);
		key = longer;
		vmt_keyname_trim_line(key + length);
		*ret_is_older |= strlen(key) != length + strlen(text);
	}
	return key;
}

static int read_site(struct vmt_summary_program *program, const json_t *object, char *error)
{
	const char *call = json_string_value(json_object_get(object, "call"));
	const json_t *array = json_object_get(object, "stack");
	struct vmt_summary_site *site;
	bool is_older;
	int64_t maps, at_end, unforked, forked = 0, most = 0;
	char *stack;

	if (!call || strchr(call, '\n') || !read_number(object, "maps", -MAPS_MAX, &maps) ||
	    !json_is_array(array))
		return refuse(error, "a call site without call, maps or stack in \"",
			      program->name);
	at_end = unforked = maps;
	if ((json_object_get(object, "at_end") &&
	     !read_number(object, "at_end", -MAPS_MAX, &at_end)) ||
	    (json_object_get(object, "forked") && !read_number(object, "forked", 0, &forked)) ||
	    (json_object_get(object, "unforked") &&
	     !read_number(object, "unforked", -MAPS_MAX, &unforked)) ||
	    (json_object_get(object, "most") && !read_number(object, "most", 0, &most)))
		return refuse(error, "at_end, forked, unforked or most is not a number in \"",
			      program->name);
	stack = read_stack(array, &is_older);
	if (!stack)
		return refuse(error, "a stack that is not a list of names in \"", program->name);
	site = vmt_summary_site(program, call, stack);
	free(stack);
	/* `current` counts the entries that were written with exactly this key. */
	if (!is_older && site->current++)
		return refuse(error, "a duplicate call site in \"", program->name);
	site->maps += maps;
	site->at_end += at_end;
	site->forked += forked;
	site->unforked += unforked;
	site->most += most;
	/* Who had what was given back is known if it is said of anyone. */
	if (at_end != maps)
		program->torn_down_apart = 0;
	return 0;
}

static int read_program(struct vmt_summary *summary, const json_t *object, char *error)
{
	const char *name = json_string_value(json_object_get(object, "program"));
	const json_t *sites = json_object_get(object, "sites");
	struct vmt_summary_program *program;
	const json_t *site;
	int64_t given_back = 0;
	size_t i;
	int ret = 0;

	if (!name)
		return refuse(error, "a program without a name", NULL);
	if (vmt_summary_find_program(summary, name))
		return refuse(error, "a duplicate program: \"", name);
	program = vmt_summary_program(summary, name);
	if (!json_is_array(sites) || !read_number(object, "growth", -MAPS_MAX, &program->growth))
		return refuse(error, "growth or sites missing in \"", name);
	if (json_object_get(object, "merged") &&
	    !read_number(object, "merged", 0, &program->merged))
		return refuse(error, "a merge count that is not a number in \"", name);
	if (json_object_get(object, "given_back") &&
	    !read_number(object, "given_back", 0, &given_back))
		return refuse(error, "given_back is not a number in \"", name);
	program->torn_down = program->torn_down_apart = (uint64_t)given_back;
	/* Where fork children are compared, it had none that made a memory call. */
	program->has_forked = summary->knows_forked || json_object_get(object, "forked");
	program->unforked = program->growth;
	if ((json_object_get(object, "forked") &&
	     !read_number(object, "forked", -MAPS_MAX, &program->forked)) ||
	    (json_object_get(object, "unforked") &&
	     !read_number(object, "unforked", -MAPS_MAX, &program->unforked)))
		return refuse(error, "forked or unforked is not a number in \"", name);
	json_array_foreach(sites, i, site)
	{
		ret = read_site(program, site, error);
		if (ret)
			return ret;
	}
	return 0;
}

static int read_phase(struct vmt_summary *summary, const json_t *phase, char *error)
{
	const char *from = json_string_value(json_object_get(phase, "from"));
	const char *to = json_string_value(json_object_get(phase, "to"));
	int64_t warmup = 0;

	if (!phase)
		return 0;
	if (!json_is_object(phase) ||
	    (json_object_get(phase, "warmup") && !read_number(phase, "warmup", 0, &warmup)))
		return refuse(error, "an invalid phase", NULL);
	summary->from = from ? vmt_must_copy(from) : NULL;
	summary->to = to ? vmt_must_copy(to) : NULL;
	summary->warmup = (uint64_t)warmup;
	return 0;
}

static int read_summary(struct vmt_summary *summary, const json_t *root, char *error)
{
	const json_t *programs = json_object_get(root, "programs");
	const char *test = json_string_value(json_object_get(root, "test"));
	const char *name = json_string_value(json_object_get(root, "schema"));
	const json_t *program;
	size_t i;
	int ret;

	if (!name || strcmp(name, VMT_BASELINE_SCHEMA))
		return refuse(error, "its schema is not " VMT_BASELINE_SCHEMA " but \"",
			      name ? name : "");
	if (!json_is_array(programs))
		return refuse(error, "it has no list of programs", NULL);
	summary->test = test ? vmt_must_copy(test) : NULL;
	summary->with_lines = json_is_true(json_object_get(root, "lines"));
	summary->knows_forked = json_is_true(json_object_get(root, "fork_children"));
	ret = read_phase(summary, json_object_get(root, "phase"), error);
	json_array_foreach(programs, i, program)
	{
		if (!ret)
			ret = read_program(summary, program, error);
	}
	return ret;
}

/* Read a whole file, which may be a pipe, as from `git show`; NULL if it cannot be read. */
static char *read_all(FILE *file, size_t *ret_n)
{
	char *bytes = NULL;
	size_t room = 0;
	size_t n = 0;
	size_t got;

	do {
		if (n == room) {
			room = 2 * room + 65536;
			bytes = vmt_must(realloc(bytes, room));
		}
		got = fread(bytes + n, 1, room - n, file);
		n += got;
	} while (got && n <= BYTES_MAX);
	*ret_n = n;
	if (!ferror(file))
		return bytes;
	free(bytes);
	return NULL;
}

/* Name the real problem where jansson would complain of a missing brace. */
static json_t *parse(const char *bytes, size_t n, char *error)
{
	size_t skipped = vmt_slurp_mark(bytes, n);
	json_error_t problem;
	json_t *root = NULL;

	if (!n)
		refuse(error, "it is empty", NULL);
	else if (n > BYTES_MAX)
		refuse(error, "it is far too large", NULL);
	else if (n >= 8 && !memcmp(bytes, VMT_RECORD_MAGIC, 8))
		refuse(error, "it is a recording", NULL);
	else
		root = json_loadb(bytes + skipped, n - skipped, JSON_REJECT_DUPLICATES, &problem);
	if (!root && !*error)
		snprintf(error, VMT_BASELINE_ERROR_MAX, "%s (line %d)", problem.text, problem.line);
	return root;
}

int vmt_baseline_load(const char *path, struct vmt_summary *ret_summary,
		      char error[VMT_BASELINE_ERROR_MAX])
{
	FILE *file = fopen(path, "re");
	size_t n = 0;
	char *bytes = file ? read_all(file, &n) : NULL;
	int ret = bytes ? 0 : -errno;
	json_t *root;

	*ret_summary = (struct vmt_summary){ .programs = NULL };
	*error = '\0';
	if (file)
		fclose(file);
	if (ret) {
		snprintf(error, VMT_BASELINE_ERROR_MAX, "%s", strerror(-ret));
		return ret;
	}
	root = parse(bytes, n, error);
	free(bytes);
	if (!root)
		return -EBADMSG;
	ret = read_summary(ret_summary, root, error);
	json_decref(root);
	if (ret)
		vmt_summary_free(ret_summary);
	else
		vmt_summary_sort(ret_summary);
	return ret;
}
