/* SPDX-License-Identifier: MIT */
/*
 * Parses and matches suppressions. A line that cannot be understood is an error, since a
 * suppression that silently does nothing leaves a failure that nobody can explain. See suppress.h.
 */
#include "check/suppress.h"
#include "util/must.h"
#include "util/slurp.h"

#include <errno.h>

static const char *const type_names[] = {
	[VMT_SUPPRESS_VMA] = "vma",
	[VMT_SUPPRESS_SPLIT] = "split",
	[VMT_SUPPRESS_STACK] = "stack",
	[VMT_SUPPRESS_FILE] = "file",
};

/* between the parts of a pattern for several frames, of which the second may also be further out */
#define CALLED_BY "$ by ^"
#define BETWEEN   "$ in ^"
#define FILE_MAX  1048576u /* bytes of a suppression file */

const char *vmt_suppress_type_name(enum vmt_suppress_type type)
{
	return type_names[type];
}

/*
 * Does pattern [pattern, end) match all of text, or a part of it at an open end? Going back to the
 * last * is sufficient; an open start is like a leading *.
 */
static bool matches(const char *pattern, const char *end, const char *text, bool is_open_start,
		    bool is_open_end)
{
	const char *star = is_open_start ? pattern : NULL;
	const char *retry = text;

	for (;;) {
		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			retry = text;
		} else if (pattern == end && (is_open_end || !*text)) {
			return true;
		} else if (*text && pattern < end && *pattern == *text) {
			pattern++;
			text++;
		} else if (star && *retry) {
			pattern = star;
			text = ++retry;
		} else {
			return false;
		}
	}
}

bool vmt_suppress_matches(const char *pattern, const char *text)
{
	const char *end = pattern + strlen(pattern);
	bool has_start = *pattern == '^';
	bool has_end;

	pattern += has_start;
	has_end = pattern < end && end[-1] == '$';
	return matches(pattern, end - has_end, text, !has_start, !has_end);
}

/* "src/main.c:12" */
static bool matches_line(const char *pattern, const struct vmt_stack_frame *frame)
{
	char *place = vmt_must_format("%s:%u", frame->file, frame->line);
	bool result = vmt_suppress_matches(pattern, place);

	free(place);
	return result;
}

static bool matches_frame(const char *pattern, const struct vmt_stack_frame *frame)
{
	return (frame->function && vmt_suppress_matches(pattern, frame->function)) ||
	       (frame->file && vmt_suppress_matches(pattern, frame->file)) ||
	       (frame->file && frame->line && strchr(pattern, ':') &&
		matches_line(pattern, frame)) ||
	       (*frame->module && vmt_suppress_matches(pattern, frame->module));
}

static bool is_of_type(const struct vmt_summary_site *site, const struct vmt_stack *stack,
		       enum vmt_suppress_type type)
{
	switch (type) {
	case VMT_SUPPRESS_SPLIT: return site->is_cut;
	case VMT_SUPPRESS_STACK: return vmt_stack_is_thread(stack);
	case VMT_SUPPRESS_FILE: return site->is_file;
	default: return true;
	}
}

static bool matches_caller(const char *pattern, const struct vmt_stack *stack,
			   const struct vmt_stack_frame *frame)
{
	const struct vmt_stack_frame *caller = vmt_stack_caller(stack, frame);

	return caller && matches_frame(pattern, caller);
}

/* The parts are for frames further and further out. To take the innermost for each is sufficient. */
static bool matches_stack(const struct vmt_suppression *item, const struct vmt_stack *stack)
{
	uint32_t part = 0;

	for (uint32_t i = 0; i < stack->count && part < item->part_count; i++) {
		if (!matches_frame(item->part[part].pattern, &stack->frame[i]))
			continue;
		if (++part < item->part_count && item->part[part].is_caller &&
		    !matches_caller(item->part[part].pattern, stack, &stack->frame[i]))
			return false;
	}
	return part == item->part_count;
}

static bool covers_stack(const struct vmt_suppression *item, const struct vmt_summary_site *site,
			 const struct vmt_stack *stack)
{
	if (!is_of_type(site, stack, item->type))
		return false;
	if (matches_stack(item, stack))
		return true;
	/* A call whose stack was lost has only this name. */
	return !stack->count && vmt_suppress_matches(item->pattern, VMT_SUPPRESS_NO_STACK);
}

bool vmt_suppress_covers(const struct vmt_suppression *item, const struct vmt_summary_site *site)
{
	const struct vmt_summary_part *part = site->part;

	if (!part)
		return covers_stack(item, site, &site->stack);
	while (part && !covers_stack(item, site, &part->stack))
		part = part->next;
	return part != NULL;
}

struct vmt_suppression *vmt_suppress_find(const struct vmt_suppressions *suppressions,
					  const struct vmt_summary_site *site)
{
	for (size_t i = 0; i < suppressions->count; i++) {
		if (vmt_suppress_covers(&suppressions->item[i], site))
			return &suppressions->item[i];
	}
	return NULL;
}

/* The same for one of its parts. */
static struct vmt_suppression *find_for(const struct vmt_suppressions *suppressions,
					const struct vmt_summary_site *site,
					const struct vmt_summary_part *part)
{
	struct vmt_summary_site alone = vmt_summary_part_of(site, part);

	return vmt_suppress_find(suppressions, &alone);
}

enum vmt_suppress_extent vmt_suppress_extent(const struct vmt_suppressions *suppressions,
					     const struct vmt_summary_site *site)
{
	const struct vmt_summary_part *part = site->part;
	size_t found = 0, parts = 0;

	do {
		found += find_for(suppressions, site, part) != NULL;
		parts++;
		part = part ? part->next : NULL;
	} while (part);
	return !found ? VMT_SUPPRESS_NONE : found < parts ? VMT_SUPPRESS_SOME : VMT_SUPPRESS_ALL;
}

int64_t vmt_suppress_sum(const struct vmt_suppressions *suppressions,
			 const struct vmt_summary_gain *gain, size_t count)
{
	int64_t sum = 0;

	for (; count--; gain++) {
		if (find_for(suppressions, gain->site, gain->part))
			sum += gain->maps;
	}
	return sum;
}

/* What is suppressed and below zero excuses nothing, nor does it add to the others. */
static void find_left(struct vmt_suppress_left *left, const struct vmt_suppressions *suppressions,
		      const struct vmt_summary_process *process,
		      const struct vmt_summary_site *site, bool at_end)
{
	const struct vmt_stack *stack = NULL;
	int64_t sum = 0, suppressed = 0, most = 0;

	for (size_t i = 0; i < process->count; i++) {
		const struct vmt_summary_gain *gain = &process->gain[i];
		int64_t maps = at_end ? gain->at_end : gain->maps;

		if (gain->site != site)
			continue;
		sum += maps;
		if (find_for(suppressions, site, gain->part)) {
			suppressed += maps;
		} else if (!stack || maps > most) {
			most = maps;
			stack = gain->part ? &gain->part->stack : &site->stack;
		}
	}
	sum -= suppressed > 0 ? suppressed : 0;
	if (stack && (!left->stack || sum > left->maps))
		*left = (struct vmt_suppress_left){ sum, stack };
}

struct vmt_suppress_left vmt_suppress_left(const struct vmt_suppressions *suppressions,
					   const struct vmt_summary_program *program,
					   const struct vmt_summary_site *site,
					   enum vmt_suppress_process in, bool at_end)
{
	const struct vmt_summary_process *process = program->process;
	struct vmt_suppress_left left = { site->maps < 0 ? site->maps : 0, NULL };

	for (; process; process = process->next) {
		if (in & (process->is_forked ? VMT_SUPPRESS_IN_FORKED : VMT_SUPPRESS_IN_OTHERS))
			find_left(&left, suppressions, process, site, at_end);
	}
	return left;
}

void vmt_suppress_count(const struct vmt_suppressions *suppressions,
			const struct vmt_summary_site *site, int64_t maps)
{
	const struct vmt_summary_part *part = site->part;

	do {
		struct vmt_suppression *item = find_for(suppressions, site, part);
		int64_t its = part && part->maps < maps ? part->maps : maps;

		if (item) {
			item->sites += item->last != site;
			item->last = site;
			item->maps += its;
			maps -= its;
		}
		part = part ? part->next : NULL;
	} while (part);
}

void vmt_suppress_note(const struct vmt_suppressions *suppressions,
		       const struct vmt_summary_site *site)
{
	for (size_t i = 0; i < suppressions->count; i++) {
		struct vmt_suppression *item = &suppressions->item[i];

		item->is_known = item->is_known || vmt_suppress_covers(item, site);
	}
}

static int refuse(char *error, uint32_t line, const char *what)
{
	snprintf(error, VMT_SUPPRESS_ERROR_MAX, "line %u: %s", line, what);
	return -EBADMSG;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Returns where the first part ends; NULL if it is the last. */
static const char *find_between(const char *at)
{
	const char *in = *at == '^' ? strstr(at, BETWEEN) : NULL;
	const char *by = *at == '^' ? strstr(at, CALLED_BY) : NULL;

	return !in || (by && by < in) ? by : in;
}

/*
 * Take "^inner$ in ^outer$" or "^inner$ by ^caller$" apart. Nothing else is between parts, since the
 * names of files may have words between spaces.
 */
static void find_parts(struct vmt_suppression *item)
{
	bool is_caller = false;
	const char *next;

	for (const char *at = item->pattern; at; at = next) {
		const char *between = find_between(at);
		size_t length = between ? (size_t)(between - at) + 1 : strlen(at);

		item->part = vmt_must_grow(item->part, item->part_count, sizeof(*item->part));
		item->part[item->part_count++] = (struct vmt_suppress_part){
			vmt_must(strndup(at, length)),
			is_caller,
		};
		is_caller = between && !strncmp(between, CALLED_BY, strlen(CALLED_BY));
		next = between ? between + strlen(BETWEEN) - 1 : NULL;
	}
}

/* Parse a line, after removing the spaces around it. */
static int parse_line(struct vmt_suppressions *suppressions, const char *bytes, size_t n,
		      uint32_t line, char *error)
{
	const char *colon = memchr(bytes, ':', n);
	size_t length = colon ? (size_t)(colon - bytes) : 0;
	const char *pattern = colon ? colon + 1 : bytes;
	struct vmt_suppression *item;
	size_t type = 0;

	if (memchr(bytes, '\0', n))
		return refuse(error, line, "a NUL byte, so this is not text");
	while (type < VMT_COUNT(type_names) &&
	       (strlen(type_names[type]) != length || memcmp(type_names[type], bytes, length)))
		type++;
	if (!colon || type == VMT_COUNT(type_names))
		return refuse(error, line, "not vma:PATTERN, split:…, stack:… or file:…");
	while (pattern < bytes + n && is_space(*pattern))
		pattern++;
	if (pattern == bytes + n)
		return refuse(error, line,
			      "an empty pattern would match everything; "
			      "write * if that is meant");
	suppressions->item =
		vmt_must_grow(suppressions->item, suppressions->count, sizeof(*suppressions->item));
	item = &suppressions->item[suppressions->count++];
	*item = (struct vmt_suppression){
		.type = (enum vmt_suppress_type)type,
		.pattern = vmt_must(strndup(pattern, (size_t)(bytes + n - pattern))),
		.line = line,
	};
	find_parts(item);
	return 0;
}

static void forget(struct vmt_suppressions *suppressions, size_t keep)
{
	while (suppressions->count > keep) {
		struct vmt_suppression *item = &suppressions->item[--suppressions->count];

		while (item->part_count)
			free(item->part[--item->part_count].pattern);
		free(item->part);
		free(item->pattern);
	}
}

int vmt_suppress_parse(struct vmt_suppressions *suppressions, const char *bytes, size_t n,
		       char error[VMT_SUPPRESS_ERROR_MAX])
{
	size_t before = suppressions->count;
	const char *end = bytes + n;
	uint32_t line = 0;
	int ret = 0;

	bytes += vmt_slurp_mark(bytes, n);
	while (!ret && bytes < end) {
		const char *next = memchr(bytes, '\n', (size_t)(end - bytes));
		const char *stop = next ? next : end;

		line++;
		while (bytes < stop && is_space(*bytes))
			bytes++;
		while (stop > bytes && is_space(stop[-1]))
			stop--;
		if (bytes < stop && *bytes != '#')
			ret = parse_line(suppressions, bytes, (size_t)(stop - bytes), line, error);
		bytes = next ? next + 1 : end;
	}
	if (ret)
		forget(suppressions, before);
	return ret;
}

int vmt_suppress_load(struct vmt_suppressions *suppressions, const char *path,
		      char error[VMT_SUPPRESS_ERROR_MAX])
{
	size_t before = suppressions->count;
	FILE *file = fopen(path, "re");
	char *bytes = vmt_must_alloc(FILE_MAX + 1, 1);
	size_t n = file ? fread(bytes, 1, FILE_MAX + 1, file) : 0;
	int ret = !file || ferror(file) ? -errno : 0;

	if (file)
		fclose(file);
	if (ret)
		snprintf(error, VMT_SUPPRESS_ERROR_MAX, "%s", strerror(-ret));
	else if (n > FILE_MAX)
		ret = refuse(error, 1,
			     "more than a megabyte, so this is not a list of suppressions");
	else
		ret = vmt_suppress_parse(suppressions, bytes, n, error);
	while (!ret && before < suppressions->count)
		suppressions->item[before++].source = path;
	free(bytes);
	return ret;
}

void vmt_suppress_free(struct vmt_suppressions *suppressions)
{
	forget(suppressions, 0);
	free(suppressions->item);
	*suppressions = (struct vmt_suppressions){ NULL, 0 };
}
