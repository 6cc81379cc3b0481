/* SPDX-License-Identifier: MIT */
/*
 * Patterns that use up maps, and what their remedy saves. The saving is not estimated: the
 * remedy is played through on the maps, and the boundaries that vanish are counted, so that
 * the tests can demand it of real programs. Each map shows one pattern at most. Pure; part
 * of explain.h.
 */
#include "explain.h"
#include "sorted.h"
#include "vmflags.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Patterns that are neighbours which one attribute alone keeps apart. */
static const enum vmt_apart reason_of[VMT_PATTERN_COUNT] = {
	[VMT_PATTERN_BARRIERS] = VMT_APART_PROTECTION,
	[VMT_PATTERN_ADVICE] = VMT_APART_ADVICE,
	[VMT_PATTERN_LOCKS] = VMT_APART_LOCK,
	[VMT_PATTERN_POLICY] = VMT_APART_POLICY,
	[VMT_PATTERN_NAMES] = VMT_APART_NAME,
	[VMT_PATTERN_ACCOUNTING] = VMT_APART_ACCOUNTING,
	[VMT_PATTERN_FORK] = VMT_APART_UNKNOWN,
	[VMT_PATTERN_ALIKE] = VMT_APART_UNKNOWN,
};

#define HOLE_MAX (UINT64_C(64) << 20)
#define ARENA	 (UINT64_C(64) << 20)

struct search {
	struct vmt_explain_map *map;
	size_t count;
	const struct vmt_explain_facts *facts;
	bool has_debugger;	/* a debugging allocator is loaded */
	uint64_t *by_site;	/* boundaries of the pattern at hand; NULL = no sites */
	struct vmt_explain_pattern *at;
};

static bool is_memory(const struct vmt_explain_map *map)
{
	return map->flags & VMT_MAP_ACCESS && vmt_explain_is_anonymous(map);
}

static void count_site(struct search *search, size_t i)
{
	vmt_explain_count_site(search->by_site, search->facts, search->map[i].put_by, 1);
}

/* A map counts once for a pattern, however many of its boundaries do. */
static void mark(struct search *search, size_t i)
{
	uint8_t number = (uint8_t)(search->at->pattern + 1);

	search->at->maps += search->map[i].marked != number;
	search->map[i].marked = number;
}

/* The boundary below map i would not be there. */
static void save(struct search *search, size_t i)
{
	search->at->saves++;
	mark(search, i - 1);
	mark(search, i);
}

static bool touches_next(const struct search *search, size_t i)
{
	return i + 1 < search->count && vmt_explain_touch(&search->map[i], &search->map[i + 1]);
}

/* Alike but for the accounting, which a map without access does not have. */
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

static bool is_by_mprotect(const struct vmt_explain_map *map)
{
	return map->put_call == VMT_CALL_MPROTECT || map->put_call == VMT_CALL_PKEY_MPROTECT;
}

/*
 * Whose call made a piece without access: an mprotect at either end; else, with memory below,
 * the one that cut it from that.
 */
static size_t maker_of(const struct search *search, size_t i, bool below, bool above)
{
	if (above && is_by_mprotect(&search->map[i + 1]) && !is_by_mprotect(&search->map[i]))
		return i + 1;
	return below || !above || is_by_mprotect(&search->map[i]) ? i : i + 1;
}

/*
 * A piece without access, if it had its neighbour's: [rw][--][rw] becomes one map,
 * [--][rw] and [rw][--] too.
 */
static void fill_in(struct search *search, size_t i)
{
	bool below = i > 0 && touches_next(search, i - 1) && is_memory(&search->map[i - 1]);
	bool above = touches_next(search, i) && is_memory(&search->map[i + 1]);

	if (!below && !above)
		return;
	count_site(search, maker_of(search, i, below, above));
	save(search, above ? i + 1 : i);
	if (below && above && is_alike(&search->map[i - 1], &search->map[i + 1]))
		save(search, i);
}

/* Electric Fence and DUMA make a guard of each allocation, and of each freed one. */
static enum vmt_pattern pattern_without_access(const struct search *search, size_t i)
{
	if (touches_next(search, i) && search->map[i + 1].kind == VMT_KIND_THREAD_STACK &&
	    search->map[i].kind == VMT_KIND_GUARD)
		return VMT_PATTERN_THREADS;
	if (search->has_debugger)
		return VMT_PATTERN_DEBUGGER;
	return search->map[i].kind == VMT_KIND_GUARD ? VMT_PATTERN_GUARDS : VMT_PATTERN_DECOMMIT;
}

static void find_without_access(struct search *search, enum vmt_pattern pattern)
{
	for (size_t i = 0; i < search->count; i++) {
		const struct vmt_explain_map *map = &search->map[i];

		if (!map->is_arena &&
		    (map->kind == VMT_KIND_GUARD || map->kind == VMT_KIND_RESERVED) &&
		    pattern_without_access(search, i) == pattern)
			fill_in(search, i);
	}
}

/* The call at the cut shows it, where it is known; else the shape, and only if it repeats. */
static void find_holes(struct search *search, enum vmt_pattern pattern)
{
	(void)pattern;
	for (size_t i = 1; i < search->count; i++) {
		const struct vmt_explain_map *a = &search->map[i - 1], *b = &search->map[i];

		if (a->end == b->start || b->start - a->end > HOLE_MAX || !is_memory(a) ||
		    !is_memory(b) || a->is_arena || b->is_arena || !is_alike(a, b) ||
		    (search->facts->sites && b->put_call != VMT_CALL_MUNMAP))
			continue;
		count_site(search, i);
		save(search, i);
	}
}

static uint32_t protection_bit(const struct vmt_explain_map *map)
{
	return UINT32_C(1) << (map->flags & VMT_MAP_ACCESS);
}

/*
 * [first, end) touch. Code: sorted by protection they would be as many as there are protections.
 * Without code it is write protection, and they would be one.
 */
static void count_flips(struct search *search, size_t first, size_t end, bool wants_code)
{
	uint32_t seen = 0;
	uint64_t code = 0, left;

	for (size_t i = first; i < end; i++) {
		seen |= protection_bit(&search->map[i]);
		code += search->map[i].flags & VMT_MAP_EXEC ? 1 : 0;
	}
	left = wants_code ? (uint64_t)__builtin_popcount(seen) : 1;
	if ((wants_code ? code < 2 : code > 0) || end - first <= left)
		return;
	search->at->saves += end - first - left;
	for (size_t i = first; i < end; i++) {
		mark(search, i);
		if (i > first)
			count_site(search, i);
	}
}

static void find_flips(struct search *search, enum vmt_pattern pattern)
{
	size_t first = 0;

	for (size_t i = 1; i <= search->count; i++) {
		if (i < search->count && search->map[i].apart == VMT_APART_PROTECTION + 1 &&
		    is_memory(&search->map[i - 1]) && is_memory(&search->map[i]))
			continue;
		count_flips(search, first, i, pattern == VMT_PATTERN_WX);
		first = i;
	}
}

/* With MALLOC_ARENA_MAX=2 the main heap takes half of it, one arena the rest. */
static void find_arenas(struct search *search, enum vmt_pattern pattern)
{
	uint64_t used = 0;
	uint64_t after;

	(void)pattern;
	for (size_t i = 0; i < search->count; i++) {
		if (!search->map[i].is_arena)
			continue;
		mark(search, i);
		count_site(search, i);
		if (search->map[i].flags & VMT_MAP_WRITE)
			used += search->map[i].end - search->map[i].start;
	}
	after = 2 * (used / 2 / ARENA + 1);
	search->at->saves = search->at->maps > after ? search->at->maps - after : 0;
}

/*
 * Different files among the maps of a kind; 0 when there is no memory to tell. Shared memory without
 * a name is a file each (whose number a recording does not always have).
 */
static uint64_t count_files(const struct search *search, enum vmt_kind kind)
{
	uint64_t *inode = malloc((search->count + 1) * sizeof(*inode));
	uint64_t files = 0;
	size_t n = 0;

	if (!inode)
		return 0;
	for (size_t i = 0; i < search->count; i++) {
		if (search->map[i].kind == kind)
			inode[n++] = search->map[i].inode;
	}
	qsort(inode, n, sizeof(*inode), vmt_sorted_by_number);
	for (size_t i = 0; i < n; i++)
		files += i == 0 || !inode[i] || inode[i] != inode[i - 1];
	free(inode);
	return files;
}

static void mark_kind(struct search *search, enum vmt_kind kind)
{
	for (size_t i = 0; i < search->count; i++) {
		if (search->map[i].kind != kind)
			continue;
		mark(search, i);
		count_site(search, i);
	}
}

static uint64_t count_kind(const struct search *search, enum vmt_kind kind)
{
	uint64_t maps = 0;

	for (size_t i = 0; i < search->count; i++)
		maps += search->map[i].kind == kind;
	return maps;
}

static void find_deleted(struct search *search, enum vmt_pattern pattern)
{
	(void)pattern;
	mark_kind(search, VMT_KIND_DELETED);
	search->at->saves = search->at->maps;
}

/* As many files as maps, nearly: they could be one. */
static void find_files(struct search *search, enum vmt_pattern pattern)
{
	enum vmt_kind kind = pattern == VMT_PATTERN_SHARED ? VMT_KIND_SHARED : VMT_KIND_FILE;
	uint64_t maps = count_kind(search, kind);

	if (maps < VMT_EXPLAIN_LEAST || count_files(search, kind) <= maps / 2)
		return;
	mark_kind(search, kind);
	search->at->saves = maps - 1;
}

/* Far more maps than files: each could be mapped as a whole. */
static void find_pieces(struct search *search, enum vmt_pattern pattern)
{
	static const enum vmt_kind kinds[] = { VMT_KIND_FILE, VMT_KIND_SHARED };

	(void)pattern;
	for (size_t k = 0; k < VMT_COUNT(kinds); k++) {
		uint64_t maps = count_kind(search, kinds[k]);
		uint64_t files = count_files(search, kinds[k]);

		if (maps < VMT_EXPLAIN_LEAST || !files || files > maps / 2)
			continue;
		mark_kind(search, kinds[k]);
		search->at->saves += maps - files;
	}
}

/*
 * A piece that was written to while it was accounted has memory of its own (an anon_vma), so
 * [ac][  ][ac][  ] would still be [....][....]: of its two boundaries one goes.
 */
static bool stays_apart(const struct vmt_explain_map *a, const struct vmt_explain_map *b)
{
	uint64_t reserve = vmt_vmflags_parse("nr", 2) & ~VMT_VMFLAGS_KNOWN;

	return !((a->vm_flags | b->vm_flags) & reserve) &&
	       !(a->vm_flags & vmt_vmflags_of(VMT_VMFLAGS_ACCOUNTING));
}

/* Flags that are not known may still be told by the call that cut them. */
static enum vmt_apart reason_for(const struct vmt_explain_map *map)
{
	enum vmt_apart why = (enum vmt_apart)(map->apart - 1);

	return why == VMT_APART_UNKNOWN ? vmt_explain_cut(map->put_call) : why;
}

/* Neighbours that one attribute alone keeps apart. */
static void find_apart(struct search *search, enum vmt_pattern pattern)
{
	for (size_t i = 1; i < search->count; i++) {
		const struct vmt_explain_map *a = &search->map[i - 1], *b = &search->map[i];

		if (!b->apart || reason_for(b) != reason_of[pattern] ||
		    !vmt_explain_is_anonymous(a) ||
		    (pattern == VMT_PATTERN_ACCOUNTING && stays_apart(a, b)))
			continue;
		count_site(search, i);
		save(search, i);
	}
}

/* Most programs show few patterns: a look at the sums saves a pass over the maps for each. */
static bool is_possible(const struct vmt_explain *explain, enum vmt_pattern pattern)
{
	static const uint32_t kinds_of[VMT_PATTERN_COUNT] = {
		[VMT_PATTERN_DEBUGGER] = 1u << VMT_KIND_GUARD | 1u << VMT_KIND_RESERVED,
		[VMT_PATTERN_GUARDS] = 1u << VMT_KIND_GUARD,
		[VMT_PATTERN_THREADS] = 1u << VMT_KIND_THREAD_STACK,
		[VMT_PATTERN_DECOMMIT] = 1u << VMT_KIND_RESERVED,
		[VMT_PATTERN_ARENAS] = 1u << VMT_KIND_ALLOCATOR,
		[VMT_PATTERN_WX] = 1u << VMT_KIND_JIT | 1u << VMT_KIND_ALLOCATOR,
		[VMT_PATTERN_FILES] = 1u << VMT_KIND_FILE,
		[VMT_PATTERN_SHARED] = 1u << VMT_KIND_SHARED,
		[VMT_PATTERN_PIECES] = 1u << VMT_KIND_FILE | 1u << VMT_KIND_SHARED,
		[VMT_PATTERN_DELETED] = 1u << VMT_KIND_DELETED,
	};
	uint64_t n = 0;

	if (pattern == VMT_PATTERN_HOLES)
		return explain->holes >= VMT_EXPLAIN_LEAST;
	if (pattern == (explain->facts.is_fork_child ? VMT_PATTERN_ALIKE : VMT_PATTERN_FORK))
		return false;
	for (size_t i = 0; kinds_of[pattern] && i < explain->kind_count; i++)
		n += kinds_of[pattern] >> explain->kinds[i].kind & 1 ? explain->kinds[i].maps : 0;
	for (size_t i = 0; !kinds_of[pattern] && i < explain->pairs_count; i++)
		n += explain->pairs[i].why == reason_of[pattern] ||
				     explain->pairs[i].why == VMT_APART_UNKNOWN ?
			     explain->pairs[i].pairs : 0;
	return n >= (pattern == VMT_PATTERN_WX ? 2 : VMT_EXPLAIN_LEAST / 2);
}

static void look_for(struct search *search, enum vmt_pattern pattern)
{
	static void (*const find[VMT_PATTERN_COUNT])(struct search *, enum vmt_pattern) = {
		[VMT_PATTERN_DEBUGGER] = find_without_access,
		[VMT_PATTERN_GUARDS] = find_without_access,
		[VMT_PATTERN_THREADS] = find_without_access,
		[VMT_PATTERN_DECOMMIT] = find_without_access,
		[VMT_PATTERN_HOLES] = find_holes,
		[VMT_PATTERN_WX] = find_flips,
		[VMT_PATTERN_BARRIERS] = find_flips,
		[VMT_PATTERN_ARENAS] = find_arenas,
		[VMT_PATTERN_FILES] = find_files,
		[VMT_PATTERN_SHARED] = find_files,
		[VMT_PATTERN_PIECES] = find_pieces,
		[VMT_PATTERN_DELETED] = find_deleted,
		[VMT_PATTERN_ADVICE] = find_apart,
		[VMT_PATTERN_LOCKS] = find_apart,
		[VMT_PATTERN_POLICY] = find_apart,
		[VMT_PATTERN_NAMES] = find_apart,
		[VMT_PATTERN_ACCOUNTING] = find_apart,
		[VMT_PATTERN_FORK] = find_apart,
		[VMT_PATTERN_ALIKE] = find_apart,
	};

	search->at->pattern = pattern;
	if (search->by_site)
		memset(search->by_site, 0, search->facts->sites * sizeof(*search->by_site));
	find[pattern](search, pattern);
	search->at->by = vmt_explain_share_of(search->by_site, search->facts);
}

static bool is_debugger(const struct vmt_explain_map *map)
{
	static const char *const names[] = { "/libefence.so", "/libduma.so" };

	if (map->kind != VMT_KIND_LIBRARY || !map->name)
		return false;
	for (size_t i = 0; i < VMT_COUNT(names); i++) {
		if (memmem(map->name, map->name_length, names[i], strlen(names[i])))
			return true;
	}
	return false;
}

static bool has_debugger(const struct vmt_explain *explain)
{
	for (size_t i = 0; i < explain->count; i++) {
		if (is_debugger(&explain->map[i]))
			return true;
	}
	return false;
}

static int by_saving(const void *a, const void *b)
{
	const struct vmt_explain_pattern *one = a, *two = b;

	if (one->saves != two->saves)
		return one->saves > two->saves ? -1 : 1;
	return (int)one->pattern - (int)two->pattern;
}

int vmt_explain_patterns(struct vmt_explain *explain)
{
	struct search search = {
		.map = explain->map, .count = explain->count, .facts = &explain->facts,
		.has_debugger = has_debugger(explain),
	};

	if (explain->facts.sites) {
		search.by_site = vmt_explain_by_site(&explain->facts);
		if (!search.by_site)
			return -ENOMEM;
	}
	explain->pattern_count = 0;
	for (uint32_t i = 0; i < VMT_PATTERN_COUNT; i++) {
		struct vmt_explain_pattern *at = &explain->patterns[explain->pattern_count];

		*at = (struct vmt_explain_pattern){ .saves = 0 };
		search.at = at;
		if (!is_possible(explain, (enum vmt_pattern)i))
			continue;
		look_for(&search, (enum vmt_pattern)i);
		explain->pattern_count += at->saves >= VMT_EXPLAIN_LEAST;
	}
	qsort(explain->patterns, explain->pattern_count, sizeof(*explain->patterns), by_saving);
	free(search.by_site);
	return 0;
}
