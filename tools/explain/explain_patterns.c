/* SPDX-License-Identifier: MIT */
/*
 * Patterns that use up maps, and what their remedies save. The saving is not estimated: the remedy
 * is played through on the maps and the vanishing boundaries are counted, so that tests can verify
 * it with real programs. Each map shows at most one pattern. Pure; part of explain.h.
 */
#include "explain/search.h"
#include "input/vmflags.h"
#include "util/sorted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Patterns in which one attribute alone keeps neighbours apart. */
static const enum vmt_apart reason_of[VMT_PATTERN_COUNT] = {
	[VMT_PATTERN_BARRIERS] = VMT_APART_PROTECTION,
	[VMT_PATTERN_ADVICE] = VMT_APART_ADVICE,
	[VMT_PATTERN_LOCKS] = VMT_APART_LOCK,
	[VMT_PATTERN_POLICY] = VMT_APART_POLICY,
	[VMT_PATTERN_NAMES] = VMT_APART_NAME,
	[VMT_PATTERN_ACCOUNTING] = VMT_APART_ACCOUNTING,
	[VMT_PATTERN_FORK] = VMT_APART_UNKNOWN,
	[VMT_PATTERN_ALIKE] = VMT_APART_UNKNOWN,
	[VMT_PATTERN_KEYS] = VMT_APART_KEY,
	[VMT_PATTERN_USERFAULTFD] = VMT_APART_USERFAULTFD,
};

/* Are the two alike, except for the accounting, which a map without access lacks? */
static bool is_alike(const struct vmt_explain_map *a, const struct vmt_explain_map *b)
{
	struct vmt_explain_map moved = *b;
	uint64_t detail;
	enum vmt_apart why;

	moved.put_call = VMT_CALL_NONE;
	if (moved.inode)
		moved.offset = a->offset + (a->end - a->start);
	why = vmt_explain_apart(a, &moved, &detail);
	return why == VMT_APART_UNKNOWN || why == VMT_APART_ACCOUNTING;
}

/*
 * Find the map whose call made a piece without access: the mprotect at either end; otherwise, if
 * there is memory below, the call that cut the piece off that.
 */
static size_t maker_of(const struct vmt_search *search, size_t i, bool below, bool above)
{
	if (above && vmt_search_is_by_mprotect(&search->map[i + 1]) &&
	    !vmt_search_is_by_mprotect(&search->map[i]))
		return i + 1;
	return below || !above || vmt_search_is_by_mprotect(&search->map[i]) ? i : i + 1;
}

/* Is it one of the guards below a thread's stack? Some runtimes add guards to that of libc. */
static bool is_guard_of_stack(const struct vmt_search *search, size_t i)
{
	while (search->map[i].kind == VMT_KIND_GUARD && vmt_search_touches_next(search, i)) {
		if (search->map[++i].kind == VMT_KIND_THREAD_STACK)
			return true;
	}
	return false;
}

/*
 * Give the piece its neighbour's access: [rw][--][rw] becomes one map, and so do [--][rw] and
 * [rw][--].
 */
static void fill_in(struct vmt_search *search, size_t i)
{
	bool below = i > 0 && vmt_search_touches_next(search, i - 1) &&
		     vmt_search_is_memory(&search->map[i - 1]);
	bool above =
		vmt_search_touches_next(search, i) && vmt_search_is_memory(&search->map[i + 1]);

	if (!above && is_guard_of_stack(search, i)) {
		/* the next guard, to which it was a neighbour already, goes too */
		vmt_search_count_site(search, i + 1);
		vmt_search_save(search, i + 1);
	}
	if (!below && !above)
		return;
	vmt_search_count_site(search, maker_of(search, i, below, above));
	vmt_search_save(search, above ? i + 1 : i);
	if (below && above && is_alike(&search->map[i - 1], &search->map[i + 1]))
		vmt_search_save(search, i);
}

/* Did the call that made the piece without access give access to what is beside it? */
static bool is_left_closed(const struct vmt_search *search, size_t i, size_t *ret_maker)
{
	bool below = i > 0 && vmt_search_touches_next(search, i - 1);
	bool above = vmt_search_touches_next(search, i);
	size_t maker = maker_of(search, i, below, above);
	uint32_t prot;

	*ret_maker = maker;
	if (vmt_search_mmap_flags(&search->map[maker]))
		return search->map[maker].put_asked & VMT_MAP_ACCESS;
	return vmt_search_asked(&search->map[maker], &prot) && prot;
}

/*
 * Who cut it out gave access to what is beside it, and took none away. If the call was made once
 * for each map, the inaccessible memory is an object's guard.
 */
static enum vmt_pattern pattern_of_rest(const struct vmt_search *search, size_t i,
					enum vmt_pattern otherwise)
{
	size_t maker;

	if (!is_left_closed(search, i, &maker))
		return otherwise;
	if (vmt_search_is_rest(search, i))
		return VMT_PATTERN_RESERVED;
	return vmt_search_is_guard_of_each(search, i, maker) ? VMT_PATTERN_GUARDS :
							       VMT_PATTERN_COMMITTED;
}

/* Electric Fence and DUMA make a guard for each allocation, and for each freed one. */
static enum vmt_pattern pattern_without_access(const struct vmt_search *search, size_t i)
{
	if (is_guard_of_stack(search, i))
		return VMT_PATTERN_THREADS;
	if (search->has_debugger)
		return VMT_PATTERN_DEBUGGER;
	if (vmt_search_is_guarded(search, i))
		return VMT_PATTERN_GUARDED;
	if (search->map[i].kind == VMT_KIND_GUARD)
		return vmt_search_is_put_over(search, i) ?
			       VMT_PATTERN_DECOMMIT :
			       pattern_of_rest(search, i, VMT_PATTERN_GUARDS);
	return vmt_search_is_reserved(search, i) ? VMT_PATTERN_RESERVED :
						   pattern_of_rest(search, i, VMT_PATTERN_DECOMMIT);
}

static bool is_moved_memory(const struct vmt_explain_map *map)
{
	return map->put_call == VMT_CALL_MREMAP && vmt_search_is_memory(map);
}

/*
 * A guard that was moved together with its memory, or is what remains of a range that memory was moved
 * into, was not made by mprotect(PROT_NONE) here.
 */
static bool is_made(const struct vmt_search *search, size_t i)
{
	const struct vmt_explain_map *map = &search->map[i];
	bool below = i > 0 && vmt_search_touches_next(search, i - 1) && is_moved_memory(map - 1);
	bool above = vmt_search_touches_next(search, i) && is_moved_memory(map + 1);

	return map->kind != VMT_KIND_GUARD ||
	       (map->put_call != VMT_CALL_MREMAP &&
		!(map->put_call == VMT_CALL_MMAP && (below || above)));
}

static void find_without_access(struct vmt_search *search, enum vmt_pattern pattern)
{
	int64_t small = 0, left = 0;
	size_t maker;

	for (size_t i = 0; i < search->count; i++) {
		const struct vmt_explain_map *map = &search->map[i];

		if (map->is_arena ||
		    (map->kind != VMT_KIND_GUARD && map->kind != VMT_KIND_RESERVED) ||
		    pattern_without_access(search, i) != pattern || !is_made(search, i))
			continue;
		fill_in(search, i);
		small += map->kind == VMT_KIND_GUARD ? 1 : -1;
		if (pattern == VMT_PATTERN_GUARDS)
			left += is_left_closed(search, i, &maker) ? 1 : -1;
	}
	if (pattern == VMT_PATTERN_DECOMMIT)
		search->are_small = small > 0;
	if (pattern == VMT_PATTERN_GUARDS)
		search->are_left = left > 0;
	if (pattern == VMT_PATTERN_COMMITTED)
		vmt_search_closed_again(search);
	if (pattern == VMT_PATTERN_GUARDED)
		vmt_search_count_guarded(search);
	if (pattern == VMT_PATTERN_RESERVED)
		vmt_search_leave_open(search);
	if (pattern == VMT_PATTERN_THREADS)
		vmt_search_part_threads(search, search->at);
}

/* Decided by the call at the cut if it is known; otherwise by the shape, if that repeats. */
static void find_holes(struct vmt_search *search, enum vmt_pattern pattern)
{
	(void)pattern;
	for (size_t i = 1; i < search->count; i++) {
		const struct vmt_explain_map *a = &search->map[i - 1], *b = &search->map[i];

		if (a->end == b->start || b->start - a->end > VMT_EXPLAIN_HOLE_MAX || a->is_arena ||
		    b->is_arena ||
		    !(vmt_search_is_memory(a) ? vmt_search_is_memory(b) && is_alike(a, b) :
						vmt_search_is_one_range(a, b)) ||
		    (vmt_search_is_call_known(search, b) && b->put_call != VMT_CALL_MUNMAP))
			continue;
		vmt_search_count_site(search, i);
		vmt_search_save(search, i);
	}
}

/*
 * With MALLOC_ARENA_MAX=2 the main heap takes one half, and one arena the rest. If there are few
 * arenas with many heaps each, only the main heap can have more than 64 MiB in a map.
 */
static void find_arenas(struct vmt_search *search, enum vmt_pattern pattern)
{
	uint64_t used = 0;
	uint64_t after;

	if (vmt_search_has_large_heaps(search) != (pattern == VMT_PATTERN_ARENA_HEAPS))
		return;
	for (size_t i = 0; i < search->count; i++) {
		if (!search->map[i].is_arena)
			continue;
		vmt_search_mark(search, i);
		vmt_search_count_site(search, i);
		if (search->map[i].flags & VMT_MAP_WRITE)
			used += search->map[i].end - search->map[i].start;
	}
	after = pattern == VMT_PATTERN_ARENA_HEAPS ? 1 : 2 * (used / 2 / VMT_EXPLAIN_ARENA + 1);
	search->at->saves = search->at->maps > after ? search->at->maps - after : 0;
}

/* Stacks of ended threads are found among all stacks, and only their number tells them apart. */
static void find_ended_threads(struct vmt_search *search, enum vmt_pattern pattern)
{
	for (size_t i = 0; i < search->count; i++) {
		if (search->map[i].kind == VMT_KIND_GUARD &&
		    pattern_without_access(search, i) == VMT_PATTERN_THREADS)
			fill_in(search, i);
	}
	(void)pattern;
	vmt_search_part_threads(search, search->at);
}

/*
 * A piece that was written to while it was accounted has an anon_vma of its own; so without
 * accounting, [ac][  ][ac][  ] would still be [....][....]: one of its two boundaries vanishes.
 */
static bool stays_apart(const struct vmt_explain_map *a, const struct vmt_explain_map *b)
{
	uint64_t reserve = vmt_vmflags_parse("nr", 2) & ~VMT_VMFLAGS_KNOWN;

	return !((a->vm_flags | b->vm_flags) & reserve) &&
	       !(a->vm_flags & vmt_vmflags_of(VMT_VMFLAGS_ACCOUNTING));
}

/* If the flags are unknown, the call that cut the map may still tell them. */
static enum vmt_apart reason_for(const struct vmt_explain_map *map)
{
	enum vmt_apart why = (enum vmt_apart)(map->apart - 1);

	return why == VMT_APART_UNKNOWN ? vmt_explain_cut(map->put_call) : why;
}

/*
 * Pieces of a file can only have attributes that calls gave them. For changes that were unseen,
 * nobody knows whether more than the visible attributes differ.
 */
static bool can_be(const struct vmt_explain_map *a, const struct vmt_explain_map *b,
		   enum vmt_pattern pattern)
{
	if (pattern == VMT_PATTERN_ALIKE &&
	    (b->put_by == VMT_SITE_UNSEEN || b->shows >> VMT_PATTERN_OVER_MEMORY & 1 ||
	     vmt_search_is_closed_again(a, b)))
		return false;
	if (vmt_explain_is_anonymous(a))
		return true;
	return pattern == VMT_PATTERN_ADVICE || pattern == VMT_PATTERN_LOCKS ||
	       pattern == VMT_PATTERN_POLICY || pattern == VMT_PATTERN_KEYS ||
	       pattern == VMT_PATTERN_USERFAULTFD;
}

/* Find neighbours that a single attribute keeps apart. */
static void find_apart(struct vmt_search *search, enum vmt_pattern pattern)
{
	for (size_t i = 1; i < search->count; i++) {
		const struct vmt_explain_map *a = &search->map[i - 1], *b = &search->map[i];

		if (!b->apart || reason_for(b) != reason_of[pattern] || !can_be(a, b, pattern) ||
		    (pattern == VMT_PATTERN_ACCOUNTING && stays_apart(a, b)))
			continue;
		vmt_search_count_site(search, i);
		vmt_search_save(search, i);
	}
}

#define FILE_KINDS (1u << VMT_KIND_FILE | 1u << VMT_KIND_SHARED | 1u << VMT_KIND_DELETED)
#define CODE_KINDS (1u << VMT_KIND_JIT | 1u << VMT_KIND_ALLOCATOR | 1u << VMT_KIND_HEAP)

/*
 * Most programs show few patterns: checking the sums saves a pass over the maps for each pattern.
 */
static bool is_possible(const struct vmt_explain *explain, enum vmt_pattern pattern)
{
	static const uint32_t kinds_of[VMT_PATTERN_COUNT] = {
		[VMT_PATTERN_DEBUGGER] = 1u << VMT_KIND_GUARD | 1u << VMT_KIND_RESERVED,
		[VMT_PATTERN_GUARDS] = 1u << VMT_KIND_GUARD | 1u << VMT_KIND_RESERVED,
		[VMT_PATTERN_THREADS] = 1u << VMT_KIND_THREAD_STACK,
		[VMT_PATTERN_DECOMMIT] = 1u << VMT_KIND_GUARD | 1u << VMT_KIND_RESERVED,
		[VMT_PATTERN_GUARDED] = 1u << VMT_KIND_GUARD | 1u << VMT_KIND_RESERVED,
		[VMT_PATTERN_COMMITTED] = 1u << VMT_KIND_GUARD | 1u << VMT_KIND_RESERVED,
		[VMT_PATTERN_ARENAS] = 1u << VMT_KIND_ALLOCATOR,
		[VMT_PATTERN_WX] = CODE_KINDS,
		[VMT_PATTERN_CODE_LEFT] = CODE_KINDS,
		[VMT_PATTERN_FILES] = 1u << VMT_KIND_FILE,
		[VMT_PATTERN_SHARED] = 1u << VMT_KIND_SHARED,
		[VMT_PATTERN_PIECES] = FILE_KINDS,
		[VMT_PATTERN_DELETED] = 1u << VMT_KIND_DELETED,
		[VMT_PATTERN_ENDED_THREADS] = 1u << VMT_KIND_THREAD_STACK,
		[VMT_PATTERN_ARENA_HEAPS] = 1u << VMT_KIND_ALLOCATOR,
		[VMT_PATTERN_RESERVED] = 1u << VMT_KIND_RESERVED,
		[VMT_PATTERN_FILE_PROTECTION] = FILE_KINDS | 1u << VMT_KIND_LIBRARY,
		[VMT_PATTERN_MAPPED_OVER] = FILE_KINDS,
		[VMT_PATTERN_HEADERS] = FILE_KINDS,
		[VMT_PATTERN_REMAPPED] = FILE_KINDS,
		[VMT_PATTERN_VIEWS] = FILE_KINDS,
		[VMT_PATTERN_AGAIN] = FILE_KINDS,
		[VMT_PATTERN_DEVICES] = 1u << VMT_KIND_DEVICE,
		[VMT_PATTERN_HUGE_FILES] = 1u << VMT_KIND_HUGE,
		[VMT_PATTERN_ZERO_DEVICE] = 1u << VMT_KIND_DEVICE | 1u << VMT_KIND_ANONYMOUS,
	};
	uint64_t n = 0;

	if (pattern == VMT_PATTERN_HOLES)
		return explain->holes >= VMT_EXPLAIN_LEAST;
	if (pattern == VMT_PATTERN_UNSEEN || pattern == VMT_PATTERN_OVER_MEMORY)
		return explain->facts.sites > 0;
	if (pattern == (explain->facts.is_fork_child ? VMT_PATTERN_ALIKE : VMT_PATTERN_FORK))
		return false;
	for (size_t i = 0; kinds_of[pattern] && i < explain->kind_count; i++)
		n += kinds_of[pattern] >> explain->kinds[i].kind & 1 ? explain->kinds[i].maps : 0;
	for (size_t i = 0; !kinds_of[pattern] && i < explain->pairs_count; i++)
		n += explain->pairs[i].why == reason_of[pattern] ||
				     explain->pairs[i].why == VMT_APART_UNKNOWN ?
			     explain->pairs[i].pairs :
			     0;
	return n >= (kinds_of[pattern] == CODE_KINDS ? 2 : VMT_EXPLAIN_LEAST / 2);
}

static void look_for(struct vmt_search *search, enum vmt_pattern pattern)
{
	static void (*const find[VMT_PATTERN_COUNT])(struct vmt_search *, enum vmt_pattern) = {
		[VMT_PATTERN_DEBUGGER] = find_without_access,
		[VMT_PATTERN_GUARDS] = find_without_access,
		[VMT_PATTERN_THREADS] = find_without_access,
		[VMT_PATTERN_DECOMMIT] = find_without_access,
		[VMT_PATTERN_GUARDED] = find_without_access,
		[VMT_PATTERN_COMMITTED] = find_without_access,
		[VMT_PATTERN_AGAIN] = vmt_search_again,
		[VMT_PATTERN_OVER_MEMORY] = vmt_search_over_memory,
		[VMT_PATTERN_ZERO_DEVICE] = vmt_search_zero_device,
		[VMT_PATTERN_HOLES] = find_holes,
		[VMT_PATTERN_WX] = vmt_search_flips,
		[VMT_PATTERN_BARRIERS] = vmt_search_flips,
		[VMT_PATTERN_ARENAS] = find_arenas,
		[VMT_PATTERN_FILES] = vmt_search_files,
		[VMT_PATTERN_SHARED] = vmt_search_files,
		[VMT_PATTERN_PIECES] = vmt_search_pieces,
		[VMT_PATTERN_DELETED] = vmt_search_deleted,
		[VMT_PATTERN_ADVICE] = find_apart,
		[VMT_PATTERN_LOCKS] = find_apart,
		[VMT_PATTERN_POLICY] = find_apart,
		[VMT_PATTERN_NAMES] = find_apart,
		[VMT_PATTERN_ACCOUNTING] = find_apart,
		[VMT_PATTERN_FORK] = find_apart,
		[VMT_PATTERN_ALIKE] = find_apart,
		[VMT_PATTERN_UNSEEN] = vmt_search_unseen,
		[VMT_PATTERN_ENDED_THREADS] = find_ended_threads,
		[VMT_PATTERN_ARENA_HEAPS] = find_arenas,
		[VMT_PATTERN_RESERVED] = find_without_access,
		[VMT_PATTERN_CODE_LEFT] = vmt_search_flips,
		[VMT_PATTERN_KEYS] = find_apart,
		[VMT_PATTERN_USERFAULTFD] = find_apart,
		[VMT_PATTERN_FILE_PROTECTION] = vmt_search_file_protection,
		[VMT_PATTERN_MAPPED_OVER] = vmt_search_mapped_over,
		[VMT_PATTERN_HEADERS] = vmt_search_headers,
		[VMT_PATTERN_REMAPPED] = vmt_search_remapped,
		[VMT_PATTERN_VIEWS] = vmt_search_views,
		[VMT_PATTERN_DEVICES] = vmt_search_devices,
		[VMT_PATTERN_HUGE_FILES] = vmt_search_files,
	};

	search->at->pattern = pattern;
	if (search->by_site)
		memset(search->by_site, 0, search->facts->sites * sizeof(*search->by_site));
	find[pattern](search, pattern);
	vmt_search_note_majority(search);
	search->at->by = vmt_explain_share_of(search->by_site, search->facts);
	vmt_search_prefer_own_call(search);
	if (find[pattern] == find_apart || pattern == VMT_PATTERN_BARRIERS)
		vmt_search_find_beside(search);
}

uint64_t vmt_explain_weight(const struct vmt_explain_pattern *pattern)
{
	return pattern->is_open ? pattern->maps : pattern->saves;
}

static bool is_unseen(const struct vmt_explain_pattern *pattern)
{
	return pattern->pattern == VMT_PATTERN_UNSEEN;
}

static int by_saving(const void *a, const void *b)
{
	const struct vmt_explain_pattern *one = a, *two = b;

	/* Unseen changes come first, since it is unknown what they would save. */
	if (is_unseen(one) != is_unseen(two))
		return is_unseen(one) ? -1 : 1;
	if (vmt_explain_weight(one) != vmt_explain_weight(two))
		return vmt_explain_weight(one) > vmt_explain_weight(two) ? -1 : 1;
	return (int)one->pattern - (int)two->pattern;
}

/* The pattern is too small to mention; its maps may show another one. */
static void forget(struct vmt_explain *explain, enum vmt_pattern pattern)
{
	for (size_t i = 0; i < explain->count; i++)
		explain->map[i].shows &= ~(UINT64_C(1) << pattern);
}

/* Patterns found by calls come first; patterns found by shape only get the remaining maps. */
static void search_all(struct vmt_explain *explain, struct vmt_search *search)
{
	for (uint32_t n = 0; n <= VMT_PATTERN_COUNT; n++) {
		struct vmt_explain_pattern *at = &explain->patterns[explain->pattern_count];
		uint32_t i = n ? VMT_PATTERN_COUNT - n : VMT_PATTERN_HOLES;

		if (n && i == VMT_PATTERN_HOLES)
			continue;

		*at = (struct vmt_explain_pattern){ .guards = { .site = VMT_NO_INDEX },
						    .beside = VMT_NO_INDEX };
		search->at = at;
		if (!is_possible(explain, (enum vmt_pattern)i))
			continue;
		look_for(search, (enum vmt_pattern)i);
		if (vmt_explain_weight(at) >= VMT_EXPLAIN_LEAST)
			explain->pattern_count++;
		else
			forget(explain, (enum vmt_pattern)i);
	}
}

int vmt_explain_patterns(struct vmt_explain *explain)
{
	struct vmt_search search = {
		.map = explain->map,
		.count = explain->count,
		.facts = &explain->facts,
		.has_debugger = vmt_search_has_debugger(explain),
	};

	if (explain->facts.sites) {
		search.by_site = vmt_explain_by_site(&explain->facts);
		if (!search.by_site)
			return -ENOMEM;
	}
	explain->pattern_count = 0;
	vmt_search_see_guarded(&search);
	search_all(explain, &search);
	explain->are_views = search.are_views;
	explain->advice = search.advice;
	explain->are_moved = search.are_moved;
	explain->are_copies = search.are_copies;
	explain->are_trimmed = search.are_trimmed;
	explain->are_files = search.are_files;
	explain->are_of_one = search.are_of_one;
	explain->are_shared = search.are_shared;
	explain->are_small = search.are_small;
	explain->are_left = search.are_left;
	explain->are_closed = search.are_closed;
	explain->are_kept = search.are_kept;
	explain->holes_of = search.holes_of;
	qsort(explain->patterns, explain->pattern_count, sizeof(*explain->patterns), by_saving);
	free(search.by_site);
	free(search.is_guarded);
	return 0;
}
