/* SPDX-License-Identifier: MIT */
/* Sums up an explanation: maps by kind, neighbours by reason and site, holes, and costs. See explain.h. */
#include "explain/explain.h"
#include "input/vmflags.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08 /* Linux 6.11; Debian 12's headers are older */
#endif

/* Stacks of running threads and of ended ones are the same maps, of which each has a share already. */
#define THREADS (UINT64_C(1) << VMT_PATTERN_THREADS | UINT64_C(1) << VMT_PATTERN_ENDED_THREADS)

static int by_maps(const void *a, const void *b)
{
	const struct vmt_explain_kind *one = a, *two = b;

	if (one->maps != two->maps)
		return one->maps > two->maps ? -1 : 1;
	return (int)one->kind - (int)two->kind;
}

static bool is_same_detail(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static struct vmt_explain_kind *kind_of(struct vmt_explain *explain,
					const struct vmt_explain_map *map)
{
	struct vmt_explain_kind *more;

	for (size_t i = 0; i < explain->kind_count; i++) {
		if (explain->kinds[i].kind == map->kind &&
		    is_same_detail(explain->kinds[i].detail, map->detail))
			return &explain->kinds[i];
	}
	more = realloc(explain->kinds, (explain->kind_count + 1) * sizeof(*more));
	if (!more)
		return NULL;
	explain->kinds = more;
	more += explain->kind_count++;
	*more = (struct vmt_explain_kind){ .kind = map->kind, .detail = map->detail };
	return more;
}

static int sum_kinds(struct vmt_explain *explain)
{
	struct vmt_explain_kind *kind;

	for (size_t i = 0; i < explain->count; i++) {
		kind = kind_of(explain, &explain->map[i]);
		if (!kind)
			return -ENOMEM;
		kind->maps++;
		kind->bytes += explain->map[i].end - explain->map[i].start;
	}
	if (explain->kind_count)
		qsort(explain->kinds, explain->kind_count, sizeof(*explain->kinds), by_maps);
	return 0;
}

static int by_reason(const void *a, const void *b)
{
	const struct vmt_explain_neighbours *one = a, *two = b;

	if (one->why != two->why)
		return (int)one->why - (int)two->why;
	/* Of equal entries, the later site comes first: it cut what the earlier one had mapped. */
	if (one->site != two->site)
		return one->site > two->site ? -1 : 1;
	return (one->detail > two->detail) - (one->detail < two->detail);
}

static int by_pairs(const void *a, const void *b)
{
	const struct vmt_explain_neighbours *one = a, *two = b;

	if (one->pairs != two->pairs)
		return one->pairs > two->pairs ? -1 : 1;
	return by_reason(a, b);
}

/* Merge equal entries that are adjacent. */
static void add_up_pairs(struct vmt_explain *explain)
{
	struct vmt_explain_neighbours *pairs = explain->pairs;
	size_t n = 0;

	qsort(pairs, explain->pairs_count, sizeof(*pairs), by_reason);
	for (size_t i = 0; i < explain->pairs_count; i++) {
		if (n && !by_reason(&pairs[n - 1], &pairs[i]))
			pairs[n - 1].pairs += pairs[i].pairs;
		else
			pairs[n++] = pairs[i];
	}
	explain->pairs_count = n;
	qsort(pairs, n, sizeof(*pairs), by_pairs);
}

static void see_hole(struct vmt_explain *explain, size_t i, uint64_t *by_site)
{
	uint64_t size = explain->map[i].start - explain->map[i - 1].end;

	explain->holes++;
	if (size > explain->largest_hole)
		explain->largest_hole = size;
	if (explain->map[i].put_call != VMT_CALL_MUNMAP)
		return;
	explain->holes_punched++;
	explain->punched_bytes += size;
	if (size <= VMT_EXPLAIN_HOLE_MAX) {
		explain->punched_small++;
		explain->punched_small_bytes += size;
	}
	vmt_explain_count_site(by_site, &explain->facts, explain->map[i].put_by, 1);
}

static bool is_mapped_or_committed(const struct vmt_explain_map *map)
{
	return map->put_call == VMT_CALL_MMAP || map->put_call == VMT_CALL_MPROTECT;
}

/* Was each piece mapped, or committed, and then given an attribute, by about as many calls as there are maps? */
static bool is_given_to_each(const struct vmt_explain *explain, const struct vmt_explain_map *map)
{
	const struct vmt_explain_facts *facts = &explain->facts;

	return facts->sites && is_mapped_or_committed(map) && facts->given != VMT_APART_UNKNOWN &&
	       facts->given_calls >= explain->count / 2;
}

static bool is_locked_by_mmap(const struct vmt_explain_map *map)
{
	return map->put_asked >> VMT_ASKED_FLAGS & MAP_LOCKED;
}

static bool is_droppable(const struct vmt_explain_map *map)
{
	return (map->put_asked >> VMT_ASKED_FLAGS & MAP_TYPE) == MAP_DROPPABLE;
}

static bool is_as_mapped(const struct vmt_explain_map *map)
{
	return map->put_call == VMT_CALL_MMAP && map->put_by == map->mapped_by &&
	       map->put_asked >> VMT_ASKED_FLAGS & VMT_ASKED_MMAP;
}

/* Of two calls of mmap, did one ask for MAP_LOCKED and the other not? */
static bool differ_by_lock(const struct vmt_explain_map *a, const struct vmt_explain_map *b)
{
	return is_as_mapped(a) && is_as_mapped(b) && is_locked_by_mmap(a) != is_locked_by_mmap(b);
}

/* Of two calls of mmap, did one ask for memory that may be dropped, and the other not? */
static bool differ_by_type(const struct vmt_explain_map *a, const struct vmt_explain_map *b)
{
	return is_as_mapped(a) && is_as_mapped(b) && is_droppable(a) != is_droppable(b);
}

/* Does the map belong to its mapper's call, cut by a call for some attribute? */
static enum vmt_apart cut_from(const struct vmt_explain_map *map, uint32_t mapped_by)
{
	return map->mapped_by == mapped_by ? vmt_explain_cut(map->put_call) : VMT_APART_UNKNOWN;
}

/*
 * Two calls of mmap, or of mprotect that committed parts of a range, and a later call has cut one of their
 * maps for an attribute: without it they would have become one map.
 */
static enum vmt_apart given_beside(const struct vmt_explain *explain,
				   const struct vmt_explain_map *a, const struct vmt_explain_map *b)
{
	bool has_next = b + 1 < explain->map + explain->count && vmt_explain_touch(b, b + 1);
	enum vmt_apart why;

	if (!explain->facts.sites || !is_mapped_or_committed(b))
		return VMT_APART_UNKNOWN;
	if (differ_by_lock(a, b))
		return VMT_APART_LOCK;
	if (differ_by_type(a, b))
		return VMT_APART_FLAGS;
	why = cut_from(a, b->mapped_by);
	return why == VMT_APART_UNKNOWN && has_next ? cut_from(b + 1, b->mapped_by) : why;
}

/* Where flags are unknown, the call that cut the maps says why, if all calls cut for one reason. */
static enum vmt_apart reason_between(const struct vmt_explain *explain,
				     const struct vmt_explain_map *a,
				     const struct vmt_explain_map *b, uint64_t *ret_detail)
{
	const struct vmt_explain_facts *facts = &explain->facts;
	enum vmt_apart why = vmt_explain_apart(a, b, ret_detail), cut;

	if (why == VMT_APART_UNKNOWN && is_given_to_each(explain, b) &&
	    !(a->vm_flags & b->vm_flags & VMT_VMFLAGS_KNOWN)) {
		*ret_detail = 0;
		return facts->given;
	}
	if (why == VMT_APART_UNKNOWN && !(a->vm_flags & b->vm_flags & VMT_VMFLAGS_KNOWN) &&
	    given_beside(explain, a, b) != VMT_APART_UNKNOWN) {
		*ret_detail = 0;
		return given_beside(explain, a, b);
	}
	if (why != VMT_APART_UNKNOWN || !facts->has_one_cut ||
	    a->vm_flags & b->vm_flags & VMT_VMFLAGS_KNOWN)
		return why;
	cut = vmt_explain_cut(b->put_call);
	*ret_detail = cut == VMT_APART_UNKNOWN ? *ret_detail : 0;
	return cut;
}

static int sum_pairs(struct vmt_explain *explain)
{
	struct vmt_explain_neighbours next = { .pairs = 1 };
	struct vmt_explain_neighbours *last;
	uint64_t *by_site;

	explain->pairs = malloc((explain->count + 1) * sizeof(*explain->pairs));
	if (!explain->pairs)
		return -ENOMEM;
	by_site = vmt_explain_by_site(&explain->facts);
	for (size_t i = 1; i < explain->count; i++) {
		if (!vmt_explain_touch(&explain->map[i - 1], &explain->map[i])) {
			see_hole(explain, i, by_site);
			continue;
		}
		explain->touching++;
		next.site = explain->map[i].put_by;
		next.why = reason_between(explain, &explain->map[i - 1], &explain->map[i],
					  &next.detail);
		explain->map[i].apart = (uint8_t)(next.why + 1);
		last = explain->pairs + explain->pairs_count - 1;
		/*
		 * Mostly the reason is the same as before; adding to that entry leaves fewer to
		 * sort.
		 */
		if (explain->pairs_count && !by_reason(last, &next))
			last->pairs++;
		else if (explain->pairs_count > 1 && !by_reason(last - 1, &next))
			last[-1].pairs++;
		else
			explain->pairs[explain->pairs_count++] = next;
	}
	explain->punched_by = vmt_explain_share_of(by_site, &explain->facts);
	free(by_site);
	add_up_pairs(explain);
	return 0;
}

static bool is_alone(const struct vmt_explain *explain, size_t i)
{
	const struct vmt_explain_map *map = &explain->map[i];

	return vmt_explain_is_anonymous(map) && map->flags & VMT_MAP_ACCESS &&
	       !vmt_explain_is_grown_down(map) && (i == 0 || !vmt_explain_touch(map - 1, map)) &&
	       (i + 1 == explain->count || !vmt_explain_touch(map, map + 1));
}

/* Returns the allocator whose blocks most of these maps are, such as libc's large ones; NULL = none. */
static const char *find_allocator(const struct vmt_explain *explain)
{
	const char *best = NULL;
	uint64_t votes = 0, with = 0;

	for (size_t i = 0; i < explain->count; i++) {
		const struct vmt_explain_map *map = &explain->map[i];
		const char *detail = map->kind == VMT_KIND_ALLOCATOR ? map->detail : NULL;

		if (!is_alone(explain, i))
			continue;
		best = votes ? best : detail;
		votes += detail == best ? 1 : UINT64_MAX;
	}
	for (size_t i = 0; best && i < explain->count; i++)
		with += is_alone(explain, i) && explain->map[i].kind == VMT_KIND_ALLOCATOR &&
			explain->map[i].detail == best;
	return with > explain->alone / 2 ? best : NULL;
}

/* Boyer and Moore's majority vote: a size is mentioned only if most maps have it. */
static void sum_alone(struct vmt_explain *explain)
{
	uint64_t *by_site = vmt_explain_by_site(&explain->facts);
	uint64_t votes = 0;

	for (size_t i = 0; i < explain->count; i++) {
		uint64_t size = explain->map[i].end - explain->map[i].start;

		if (!is_alone(explain, i))
			continue;
		explain->alone++;
		explain->alone_code += explain->map[i].kind == VMT_KIND_JIT;
		explain->map[i].shows |= VMT_SHOWS_ALONE;
		if (!votes)
			explain->alone_size = size;
		votes = size == explain->alone_size ? votes + 1 : votes - 1;
		vmt_explain_count_site(by_site, &explain->facts, explain->map[i].put_by, 1);
	}
	explain->alone_by = vmt_explain_share_of(by_site, &explain->facts);
	free(by_site);
	for (size_t i = 0; i < explain->count; i++)
		explain->alone_alike +=
			is_alone(explain, i) &&
			explain->map[i].end - explain->map[i].start == explain->alone_size;
	explain->alone_of = find_allocator(explain);
}

static bool is_alone_code(const struct vmt_explain *explain)
{
	return explain->alone_code > explain->alone / 2;
}

static bool is_of_libc(const struct vmt_explain *explain)
{
	return explain->alone_of && (!strncmp(explain->alone_of, "libc.so", 7) ||
				     !strncmp(explain->alone_of, "libc-2", 6));
}

const char *vmt_explain_alone_word(const struct vmt_explain *explain)
{
	if (is_of_libc(explain))
		return "large blocks of glibc's malloc, each in a map of its own";
	if (is_alone_code(explain))
		return "pieces of code that touch no other map";
	return vmt_explain_is_heap_like(explain) ? "pieces of memory that touch no other, which is "
						   "typical of garbage-collected heaps" :
						   "pieces of memory that touch no other";
}

const char *vmt_explain_alone_remedy(const struct vmt_explain *explain)
{
	if (is_of_libc(explain))
		return vmt_explain_holes_remedy(explain->alone_of, explain->facts.tunables);
	if (is_alone_code(explain))
		return "one range for code that is taken in larger pieces; no call makes these one "
		       "map";
	return vmt_explain_is_heap_like(explain) ?
		       "no call makes these one map: fewer or smaller heaps (workers, isolates), "
		       "larger pieces, or a higher vm.max_map_count" :
		       "no call makes these one map: unmap them, each as a whole, when they are no "
		       "longer used, or use parts of one larger map";
}

static bool are_flags_known(const struct vmt_explain *explain)
{
	for (size_t i = 0; i < explain->count; i++) {
		if (!(explain->map[i].vm_flags & VMT_VMFLAGS_KNOWN))
			return false;
	}
	return true;
}

static bool has_library(const struct vmt_explain *explain, const char *name)
{
	for (size_t i = 0; i < explain->count; i++) {
		const struct vmt_explain_map *map = &explain->map[i];

		if (map->inode && map->name &&
		    memmem(map->name, map->name_length, name, strlen(name)))
			return true;
	}
	return false;
}

static uint64_t bits_of(const struct vmt_explain_pattern *at)
{
	uint64_t bit = UINT64_C(1) << at->pattern;

	return bit & THREADS ? THREADS : bit;
}

static uint64_t count_both(const struct vmt_explain *explain, uint64_t bit, uint64_t others)
{
	uint64_t both = 0;

	for (size_t i = 0; i < explain->count; i++)
		both += explain->map[i].shows & bit && explain->map[i].shows & others;
	return both;
}

/* A remedy saves no more maps than show the pattern: the pattern gets them from the others. */
static void take_back(struct vmt_explain *explain, size_t taker)
{
	struct vmt_explain_pattern *at = &explain->patterns[taker];

	for (size_t i = 0; i < taker && at->maps < at->saves; i++) {
		struct vmt_explain_pattern *other = &explain->patterns[i];
		uint64_t spare = other->maps > other->saves ? other->maps - other->saves : 0;
		uint64_t wanted = at->saves - at->maps;

		if (other->is_open)
			continue;
		wanted = wanted < spare ? wanted : spare;
		other->maps -= wanted;
		at->maps += wanted;
	}
	at->maps = at->maps < at->saves ? at->saves : at->maps;
}

/*
 * A map may show several patterns, since a boundary has a map on either side: one may be cut off by a
 * guard below it, and by read-only memory above. Each search counts it, and then the patterns would
 * have more maps together than there are. So each map is left to the first of them, or to a later one
 * whose remedy saves it.
 */
static void part_shared(struct vmt_explain *explain)
{
	uint64_t earlier = 0;

	for (size_t p = 0; p < explain->pattern_count; p++) {
		struct vmt_explain_pattern *at = &explain->patterns[p];
		uint64_t bit = UINT64_C(1) << at->pattern;
		uint64_t both = count_both(explain, bit, earlier & ~bits_of(at));

		at->maps = at->maps > both ? at->maps - both : 0;
		take_back(explain, p);
		earlier |= bit;
	}
}

int vmt_explain(struct vmt_explain_map *map, size_t count, const struct vmt_explain_facts *facts,
		struct vmt_explain *ret_explain)
{
	int ret;

	*ret_explain = (struct vmt_explain){
		.map = map,
		.count = count,
		.facts = *facts,
		.punched_by = { .site = VMT_NO_INDEX },
		.alone_by = { .site = VMT_NO_INDEX },
	};
	ret_explain->flags_known = are_flags_known(ret_explain);
	ret_explain->is_java = has_library(ret_explain, "/libjvm.so");
	ret = vmt_explain_kinds(map, count, facts);
	if (!ret)
		ret = sum_kinds(ret_explain);
	if (!ret)
		ret = sum_pairs(ret_explain);
	if (!ret && ret_explain->holes >= VMT_EXPLAIN_LEAST)
		sum_alone(ret_explain);
	if (!ret)
		ret = vmt_explain_patterns(ret_explain);
	if (!ret)
		part_shared(ret_explain);
	return ret;
}

void vmt_explain_free(struct vmt_explain *explain)
{
	free(explain->kinds);
	free(explain->pairs);
	explain->kinds = NULL;
	explain->pairs = NULL;
}

/* Interpolate between the measured points; beyond the last one, extrapolate with the last slope. */
static uint64_t between(uint64_t maps, const uint64_t (*points)[2], size_t count)
{
	size_t i = 1;
	uint64_t width, height;

	while (i + 1 < count && points[i][0] < maps)
		i++;
	width = points[i][0] - points[i - 1][0];
	height = points[i][1] - points[i - 1][1];
	return points[i - 1][1] + (maps - points[i - 1][0]) * height / width;
}

struct vmt_explain_cost vmt_explain_cost(uint64_t maps)
{
	/*
	 * ns for this many maps: fork + exit + wait, without and with a write to a page of every
	 * other map
	 */
	static const uint64_t low[][2] = {
		{ 0, 0 }, { 100, 5000 }, { 1000, 140000 }, { 10000, 3150000 }, { 60000, 37550000 }
	};
	static const uint64_t high[][2] = {
		{ 0, 0 }, { 100, 25000 }, { 1000, 320000 }, { 10000, 5950000 }, { 60000, 90950000 }
	};
	/* per cent for this many maps: a first read and a first write of a page in one of them */
	static const uint64_t read[][2] = { { 0, 0 }, { 1000, 3 }, { 10000, 10 }, { 60000, 79 } };
	static const uint64_t write[][2] = { { 0, 0 }, { 1000, 6 }, { 10000, 36 }, { 60000, 107 } };
	uint64_t measured = maps < 60000 ? maps : 60000;

	return (struct vmt_explain_cost){
		.bytes_low = maps * 220, /* vm_area_struct 192, maple tree 19 to 41 */
		.bytes_high = maps * 390, /* plus 168 for an anon_vma with its chain */
		.fork_low = between(maps, low, VMT_COUNT(low)),
		.fork_high = between(maps, high, VMT_COUNT(high)),
		.fault_low = (unsigned)between(measured, read, VMT_COUNT(read)),
		.fault_high = (unsigned)between(measured, write, VMT_COUNT(write)),
	};
}
