/* SPDX-License-Identifier: MIT */
/*
 * Adds up differences by place: an allocator is called from hundreds of stacks, and the question is
 * what its own lines hold. A place is a program, a system call and a function. See compare.h.
 */
#include "check/compare.h"
#include "util/must.h"

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

static void put_place(FILE *stream, const struct place *place)
{
	fprintf(stream, "%+8lld %8lld %8lld %6zu  %s\n", (long long)(place->after - place->before),
		(long long)place->before, (long long)place->after, place->sites, place->name);
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
