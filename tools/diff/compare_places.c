/* SPDX-License-Identifier: MIT */
/*
 * The sums of a comparison: how many maps each program has, as a burst shows only in its peak; and
 * what each place holds, as an allocator is called from hundreds of stacks, and the question is what
 * its own lines hold. A place is a program, a system call and a function. See compare.h.
 */
#include "diff/compare.h"
#include "util/lines.h"
#include "util/must.h"

#include <inttypes.h>
#include <string.h>
#include <uthash.h>

struct place {
	char *name;
	int64_t before;
	int64_t after;
	size_t sites;
	UT_hash_handle hh;
};

/* A baseline has no stack but the key: its innermost frame that has a function's name. */
static char *function_of_key(const char *key)
{
	const char *line = strchr(key, '\n');
	const char *first = line ? line + 1 : "?";

	while (line) {
		size_t length = strcspn(line + 1, "\n");

		if (memchr(line + 1, '!', length))
			return vmt_must(strndup(line + 1, length));
		line = strchr(line + 1, '\n');
	}
	return vmt_must(strndup(first, strcspn(first, "\n")));
}

static char *function_of(const struct vmt_summary_site *site)
{
	const struct vmt_stack_frame *frame = vmt_stack_blame(&site->stack);

	if (!frame)
		return function_of_key(site->key);
	if (!frame->function)
		return vmt_must_copy(frame->module);
	return vmt_must_format("%s!%s", frame->module, frame->function);
}

static void add_to_place(struct place **places, const struct vmt_difference *item)
{
	char *function = function_of(item->site);
	char *name = vmt_must_format("%s  %s in %s", item->program, item->site->call, function);
	struct place *place;

	free(function);
	HASH_FIND_STR(*places, name, place);
	if (place) {
		free(name);
	} else {
		place = vmt_must_alloc(1, sizeof(*place));
		place->name = name;
		HASH_ADD_KEYPTR(hh, *places, name, strlen(name), place);
	}
	place->before += item->before;
	place->after += item->after;
	place->sites++;
}

static int64_t magnitude(const struct place *place)
{
	return place->after > place->before ? place->after - place->before :
					      place->before - place->after;
}

static int by_change(const struct place *one, const struct place *two)
{
	if (magnitude(one) != magnitude(two))
		return magnitude(one) > magnitude(two) ? -1 : 1;
	return strcmp(one->name, two->name);
}

void vmt_compare_counts(FILE *stream, int64_t before, int64_t after)
{
	struct vmt_number change, old, new;

	fprintf(stream, "%8s %8s %8s", vmt_lines_number_signed(&change, after - before),
		vmt_lines_number_plain(&old, before), vmt_lines_number_plain(&new, after));
}

static void put_place(FILE *stream, const struct place *place)
{
	vmt_compare_counts(stream, place->before, place->after);
	fprintf(stream, " %6zu  %s\n", place->sites, place->name);
}

void vmt_compare_places(FILE *stream, const struct vmt_comparison *comparison, uint64_t top)
{
	struct place *places = NULL, *place, *next;
	uint64_t shown = 0;

	for (size_t i = 0; i < comparison->count; i++)
		add_to_place(&places, &comparison->item[i]);
	HASH_SORT(places, by_change);
	if (HASH_COUNT(places) < comparison->count) {
		fputs("  change   before    after  sites  place\n", stream);
		for (place = places; place && shown < top; place = place->hh.next, shown++)
			put_place(stream, place);
		if (shown < HASH_COUNT(places))
			fprintf(stream, "         and %llu more places (--top=N)\n",
				(unsigned long long)(HASH_COUNT(places) - shown));
		fputc('\n', stream);
	}
	HASH_ITER(hh, places, place, next)
	{
		HASH_DEL(places, place);
		free(place->name);
		free(place);
	}
}

struct pair {
	const struct vmt_summary_program *before; /* NULL: it ran only after */
	const struct vmt_summary_program *after;
};

/* A baseline has no peaks; and the peak is that of the whole run, not of a phase. */
static bool has_peaks(const struct vmt_comparison *comparison, const struct pair *pair)
{
	const struct vmt_summary *before = comparison->before, *after = comparison->after;

	return pair->before && pair->after && pair->before->peak && pair->after->peak &&
	       !before->from && !before->to && !after->from && !after->to;
}

int64_t vmt_compare_peak(const struct vmt_comparison *comparison)
{
	const struct vmt_summary_program *program = comparison->after->programs;
	int64_t before = 0, after = 0;

	for (; program; program = program->hh.next) {
		struct pair pair = { vmt_summary_find_program(comparison->before, program->name),
				     program };

		if (!has_peaks(comparison, &pair))
			continue;
		before = (int64_t)pair.before->peak > before ? (int64_t)pair.before->peak : before;
		after = (int64_t)program->peak > after ? (int64_t)program->peak : after;
	}
	return after - before;
}

static bool has_changed(const struct vmt_comparison *comparison, const struct pair *pair)
{
	if (!pair->before || !pair->after)
		return true;
	return pair->before->growth != pair->after->growth ||
	       (has_peaks(comparison, pair) && pair->before->peak != pair->after->peak);
}

static void put_count(FILE *stream, bool is_known, int64_t value)
{
	struct vmt_number number;

	if (is_known)
		fprintf(stream, " %8s", vmt_lines_number_plain(&number, value));
	else
		fputs("        -", stream);
}

static void put_change(FILE *stream, bool is_known, int64_t value)
{
	struct vmt_number number;

	if (is_known)
		fprintf(stream, "%8s", value ? vmt_lines_number_signed(&number, value) : "+0");
	else
		fputs("       -", stream);
}

static void put_pair(FILE *stream, const struct vmt_comparison *comparison, const struct pair *pair)
{
	const struct vmt_summary_program *before = pair->before, *after = pair->after;
	bool peaks = has_peaks(comparison, pair);

	put_change(stream, before && after, before && after ? after->growth - before->growth : 0);
	put_count(stream, before, before ? before->growth : 0);
	put_count(stream, after, after ? after->growth : 0);
	fputc(' ', stream);
	put_change(stream, peaks, peaks ? (int64_t)after->peak - (int64_t)before->peak : 0);
	put_count(stream, before && before->peak, before ? (int64_t)before->peak : 0);
	put_count(stream, after && after->peak, after ? (int64_t)after->peak : 0);
	fprintf(stream, "  %s\n", (after ? after : before)->name);
}

static void put_if_changed(FILE *stream, const struct vmt_comparison *comparison,
			   const struct pair *pair, uint64_t top, uint64_t *count)
{
	if (!has_changed(comparison, pair))
		return;
	if (!*count)
		fputs("  growth   before    after     peak   before    after  program\n", stream);
	if ((*count)++ < top)
		put_pair(stream, comparison, pair);
}

void vmt_compare_programs(FILE *stream, const struct vmt_comparison *comparison, uint64_t top)
{
	const struct vmt_summary_program *program;
	uint64_t count = 0;

	for (program = comparison->after->programs; program; program = program->hh.next) {
		struct pair pair = { vmt_summary_find_program(comparison->before, program->name),
				     program };

		put_if_changed(stream, comparison, &pair, top, &count);
	}
	for (program = comparison->before->programs; program; program = program->hh.next) {
		struct pair pair = { program, NULL };

		if (!vmt_summary_find_program(comparison->after, program->name))
			put_if_changed(stream, comparison, &pair, top, &count);
	}
	if (count > top)
		fprintf(stream, "         and %" PRIu64 " more programs (--top=N)\n", count - top);
	if (count)
		fputc('\n', stream);
}
