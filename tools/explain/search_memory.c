/* SPDX-License-Identifier: MIT */
/*
 * Patterns of memory. Neighbours may differ in protection only: code that is flipped between
 * writable and executable, or memory that is made read-only piece by piece. Others are told apart
 * by how mmap was called: over a part of an earlier map (MAP_FIXED), once for each piece or once
 * for all, or of /dev/zero. And where one call makes pieces and others give each of them an attribute: which
 * call is to be named. Pure; part of explain.h.
 */
#include "explain/search.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static uint32_t protection_bit(const struct vmt_explain_map *map)
{
	return UINT32_C(1) << (map->flags & VMT_MAP_ACCESS);
}

/*
 * Did calls that cut these maps make memory executable? If not, it was mapped so, and is taken for
 * what the calls made of it. True as well if it is not known.
 */
static bool asks_code(const struct vmt_search *search, size_t first, size_t end)
{
	bool is_mapped_so = false;

	for (size_t i = first; i < end; i++) {
		const struct vmt_explain_map *map = &search->map[i];
		uint32_t asked;

		if (vmt_search_asked(map, &asked) && asked & PROT_EXEC)
			return true;
		is_mapped_so |= map->put_call == VMT_CALL_MMAP &&
				map->put_asked & VMT_ASKED_KNOWN && map->put_asked & PROT_EXEC;
	}
	return !is_mapped_so;
}

/* Is the map another one than that below since one of them may be written to, and the other not? */
static bool is_write_flip(const struct vmt_explain_map *map)
{
	return (map->flags & VMT_MAP_WRITE) != (map[-1].flags & VMT_MAP_WRITE);
}

/* Of memory that was mapped with other protections besides, only what was made read-only counts. */
static bool is_of_pattern(const struct vmt_search *search, size_t first, size_t end, size_t i)
{
	if (search->at->pattern != VMT_PATTERN_BARRIERS)
		return true;
	return (i > first && is_write_flip(&search->map[i])) ||
	       (i + 1 < end && is_write_flip(&search->map[i + 1]));
}

static uint64_t count_write_flips(const struct vmt_search *search, size_t first, size_t end)
{
	uint64_t flips = 0;

	for (size_t i = first + 1; i < end; i++)
		flips += is_write_flip(&search->map[i]);
	return flips;
}

/*
 * [first, end) touch. For code, the remedy leaves as many maps as there are protections; for write
 * protection, it leaves one.
 */
static void count_flips(struct vmt_search *search, size_t first, size_t end)
{
	bool wants_code = search->at->pattern != VMT_PATTERN_BARRIERS;
	bool is_code = asks_code(search, first, end);
	uint64_t code = 0, both = 0, left;
	uint32_t seen = 0;

	for (size_t i = first; i < end; i++) {
		seen |= protection_bit(&search->map[i]);
		code += search->map[i].flags & VMT_MAP_EXEC ? 1 : 0;
		both += (search->map[i].flags & (VMT_MAP_EXEC | VMT_MAP_WRITE)) ==
			(VMT_MAP_EXEC | VMT_MAP_WRITE);
	}
	left = wants_code ? (uint64_t)__builtin_popcount(seen) : 1;
	if ((wants_code ? code < 2 : code > 0 && is_code) || end - first <= left)
		return;
	if (wants_code && !is_code)
		return;
	/* Memory that is both writable and executable was left so, and was not flipped. */
	if (wants_code && (both > code / 2) != (search->at->pattern == VMT_PATTERN_CODE_LEFT))
		return;
	search->at->saves +=
		wants_code ? end - first - left : count_write_flips(search, first, end);
	for (size_t i = first; i < end; i++) {
		if (!is_of_pattern(search, first, end, i))
			continue;
		vmt_search_mark(search, i);
		if (i > first)
			vmt_search_count_site(search, i);
	}
}

/* Maps that were made with different protections from the start were not flipped. */
static bool is_flipped(const struct vmt_search *search, const struct vmt_explain_map *map)
{
	return map->apart == VMT_APART_PROTECTION + 1 && vmt_search_is_memory(map - 1) &&
	       vmt_search_is_memory(map) &&
	       (!vmt_search_is_call_known(search, map) || vmt_search_is_by_mprotect(map - 1) ||
		vmt_search_is_by_mprotect(map));
}

void vmt_search_flips(struct vmt_search *search, enum vmt_pattern pattern)
{
	size_t first = 0;

	(void)pattern;
	for (size_t i = 1; i <= search->count; i++) {
		if (i < search->count && is_flipped(search, &search->map[i]))
			continue;
		count_flips(search, first, i);
		first = i;
	}
}

/* Was nearly each piece cut from a map of its own, rather than all of them from a few maps? */
static bool is_one_each(const struct vmt_search *search, uint32_t cutter, uint32_t mapper)
{
	uint64_t cuts = vmt_search_calls(search, cutter);

	return cuts && 2 * vmt_search_calls(search, mapper) >= cuts;
}

/*
 * Were there clearly more maps than pieces put over them, so that few maps can have one each? Both
 * may be made on one line, by a function that does nothing but call mmap.
 */
static bool is_of_some(const struct vmt_search *search, uint32_t cutter, uint32_t mapper)
{
	const struct vmt_explain_facts *facts = search->facts;
	bool is_one_place = facts->place && facts->own_calls && cutter < facts->sites &&
			    mapper < facts->sites && facts->place[cutter] == facts->place[mapper];
	uint64_t cuts = is_one_place ? facts->own_calls[cutter] : vmt_search_calls(search, cutter);
	uint64_t maps = is_one_place ? facts->own_calls[mapper] : vmt_search_calls(search, mapper);

	return maps > cuts + cuts / 2;
}

/* [A][none][A]: the pieces beside the map are of one earlier map, which it was put over. */
bool vmt_search_is_put_over(const struct vmt_search *search, size_t i)
{
	const struct vmt_explain_map *map = &search->map[i];

	return i > 0 && map->put_call == VMT_CALL_MMAP && map->put_by == map->mapped_by &&
	       vmt_search_touches_next(search, i) && vmt_explain_touch(map - 1, map) &&
	       map[-1].mapped_by == map[1].mapped_by && map[1].mapped_by != map->mapped_by &&
	       (!is_one_each(search, map->put_by, map[1].mapped_by) ||
		is_of_some(search, map->put_by, map[1].mapped_by));
}

bool vmt_search_is_guard_of_each(const struct vmt_search *search, size_t i, size_t maker)
{
	return is_one_each(search, search->map[maker].put_by, search->map[i].mapped_by);
}

bool vmt_search_is_closed_again(const struct vmt_explain_map *a, const struct vmt_explain_map *b)
{
	return !((a->flags | b->flags) & VMT_MAP_ACCESS) && b->apart == VMT_APART_UNKNOWN + 1 &&
	       b->put_call == VMT_CALL_MPROTECT && vmt_explain_is_anonymous(a) &&
	       vmt_explain_is_anonymous(b);
}

void vmt_search_closed_again(struct vmt_search *search)
{
	for (size_t i = 1; i < search->count; i++) {
		const struct vmt_explain_map *map = &search->map[i];

		if (map->kind == VMT_KIND_GUARD || !vmt_search_is_closed_again(map - 1, map))
			continue;
		vmt_search_count_site(search, i);
		vmt_search_save(search, i);
	}
}

/*
 * Do the two differ in what mmap gave one of them: another protection, or flags that the kernel
 * keeps (MAP_NORESERVE, MAP_LOCKED)? Code has patterns of its own.
 */
static bool differs_by_mmap(const struct vmt_explain_map *a, const struct vmt_explain_map *b)
{
	enum vmt_apart why = (enum vmt_apart)(b->apart - 1);

	return vmt_search_is_memory(a) && vmt_search_is_memory(b) &&
	       !((a->flags | b->flags) & VMT_MAP_EXEC) &&
	       (why == VMT_APART_PROTECTION || why == VMT_APART_ACCOUNTING ||
		why == VMT_APART_LOCK || why == VMT_APART_UNKNOWN);
}

/* [A][file][A]: pieces of a file were mapped over a range of memory. */
static uint64_t find_files_over(struct vmt_search *search)
{
	uint64_t files = 0;

	for (size_t i = 1; i < search->count; i++) {
		const struct vmt_explain_map *map = &search->map[i];

		if (map->kind != VMT_KIND_FILE || !(vmt_search_mmap_flags(map) & MAP_FIXED) ||
		    !vmt_explain_touch(map - 1, map) || !vmt_search_touches_next(search, i) ||
		    !vmt_search_is_memory(map - 1) || !vmt_search_is_memory(map + 1) ||
		    map[-1].mapped_by != map[1].mapped_by)
			continue;
		vmt_search_count_site(search, i);
		vmt_search_save(search, i);
		vmt_search_save(search, ++i);
		files += 2;
	}
	return files;
}

void vmt_search_over_memory(struct vmt_search *search, enum vmt_pattern pattern)
{
	uint64_t files = find_files_over(search);

	(void)pattern;
	for (size_t i = 1; i < search->count; i++) {
		const struct vmt_explain_map *map = &search->map[i];

		if (!map->apart || !(vmt_search_mmap_flags(map) & MAP_FIXED) ||
		    !differs_by_mmap(map - 1, map))
			continue;
		vmt_search_count_site(search, i);
		vmt_search_save(search, i);
	}
	search->are_files = files > search->at->saves / 2;
}

bool vmt_search_is_cut_from_one(const struct vmt_search *search, const struct vmt_explain_map *map)
{
	return vmt_search_is_by_mprotect(map) && map->mapped_by != map->put_by &&
	       vmt_search_calls(search, map->put_by) >= VMT_EXPLAIN_LEAST &&
	       !is_one_each(search, map->put_by, map->mapped_by);
}

/* Private maps of /dev/zero are memory that never merges, because it has a file. */
void vmt_search_zero_device(struct vmt_search *search, enum vmt_pattern pattern)
{
	(void)pattern;
	for (size_t i = 0; i < search->count; i++) {
		const struct vmt_explain_map *map = &search->map[i];

		if (map->hint != VMT_HINT_ZERO_DEVICE || map->flags & VMT_MAP_SHARED)
			continue;
		vmt_search_mark(search, i);
		vmt_search_count_site(search, i);
		search->at->saves += i > 0 && vmt_explain_touch(map - 1, map) &&
				     map[-1].hint == VMT_HINT_ZERO_DEVICE &&
				     !((map[-1].flags ^ map->flags) & VMT_MAP_VISIBLE);
	}
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

bool vmt_search_has_debugger(const struct vmt_explain *explain)
{
	for (size_t i = 0; i < explain->count; i++) {
		if (is_debugger(&explain->map[i]))
			return true;
	}
	return false;
}

static enum vmt_closer closer_of(const struct vmt_search *search, uint32_t site)
{
	const struct vmt_explain_facts *facts = search->facts;

	return facts->closer && site < facts->sites ? (enum vmt_closer)facts->closer[site] :
						      VMT_CLOSER_NONE;
}

/* Has the call that put this start opened what begins or ends there? */
static bool is_opened_at(const struct vmt_explain_map *map)
{
	uint32_t prot;

	return vmt_search_is_by_mprotect(map) && (!vmt_search_asked(map, &prot) || prot);
}

/*
 * [used][closed, guard][used]: the call that closed the memory put one end of the map, and the other
 * is where the guard ends, which it has joined with. Where it put both ends, or memory was opened
 * beside it, there is none. Returns that call's site, or VMT_NO_INDEX.
 */
static uint32_t joined_by(const struct vmt_search *search, size_t i)
{
	const struct vmt_explain_map *map = &search->map[i];
	const struct vmt_explain_map *next = vmt_search_touches_next(search, i) ? map + 1 : NULL;
	bool below = closer_of(search, map->put_by) == VMT_CLOSER_JOINS;
	bool above = next && closer_of(search, next->put_by) == VMT_CLOSER_JOINS;

	if (map->flags & VMT_MAP_ACCESS || !vmt_explain_is_anonymous(map) || below == above)
		return VMT_NO_INDEX;
	if (below)
		return next && is_opened_at(next) ? VMT_NO_INDEX : map->put_by;
	return is_opened_at(map) ? VMT_NO_INDEX : next->put_by;
}

static uint32_t mapper_of(const struct vmt_search *search, const struct vmt_explain_map *map)
{
	const struct vmt_explain_facts *facts = search->facts;

	if (map->mapped_by >= facts->sites)
		return 0;
	return facts->place ? facts->place[map->mapped_by] : map->mapped_by;
}

/* How many guards have been made? There cannot be more maps with one than this. */
static uint64_t count_guarding(const struct vmt_search *search)
{
	uint64_t calls = 0;

	for (uint32_t i = 0; search->facts->own_calls && i < search->facts->sites; i++)
		calls += closer_of(search, i) == VMT_CLOSER_ALONE ? search->facts->own_calls[i] : 0;
	return calls;
}

/* If guards are seen, but only in memory of other mappers, these maps have none. */
static bool are_elsewhere(const struct vmt_search *search)
{
	bool is_any = false;

	for (size_t i = 0; i < search->count; i++) {
		if (closer_of(search, search->map[i].put_by) != VMT_CLOSER_ALONE)
			continue;
		if (search->is_guarded[mapper_of(search, &search->map[i])])
			return false;
		is_any = true;
	}
	return is_any;
}

void vmt_search_see_guarded(struct vmt_search *search)
{
	uint64_t joined = 0;

	for (size_t i = 0; search->facts->closer && i < search->count; i++)
		joined += joined_by(search, i) != VMT_NO_INDEX;
	if (joined < VMT_EXPLAIN_LEAST || count_guarding(search) < joined)
		return;
	search->is_guarded = calloc(search->facts->sites, sizeof(*search->is_guarded));
	for (size_t i = 0; search->is_guarded && i < search->count; i++) {
		if (joined_by(search, i) != VMT_NO_INDEX)
			search->is_guarded[mapper_of(search, &search->map[i])] = true;
	}
	if (search->is_guarded && are_elsewhere(search)) {
		free(search->is_guarded);
		search->is_guarded = NULL;
	}
}

bool vmt_search_is_guarded(const struct vmt_search *search, size_t i)
{
	const struct vmt_explain_map *map = &search->map[i];

	return search->is_guarded && search->is_guarded[mapper_of(search, map)] &&
	       (map->kind == VMT_KIND_GUARD || joined_by(search, i) != VMT_NO_INDEX);
}

void vmt_search_count_guarded(struct vmt_search *search)
{
	const struct vmt_explain_facts *facts = search->facts;
	uint64_t *guards = search->is_guarded ? vmt_explain_by_site(facts) : NULL, seen = 0;

	if (!search->by_site || !guards)
		return;
	memset(search->by_site, 0, facts->sites * sizeof(*search->by_site));
	for (size_t i = 0; i < search->count; i++) {
		const struct vmt_explain_map *map = &search->map[i];
		bool is_guard = closer_of(search, map->put_by) == VMT_CLOSER_ALONE &&
				search->is_guarded[mapper_of(search, map)];

		vmt_explain_count_site(guards, facts, map->put_by, is_guard);
		seen += is_guard;
		if (map->shows >> VMT_PATTERN_GUARDED & 1)
			vmt_explain_count_site(search->by_site, facts, joined_by(search, i), 1);
	}
	/* If none begins at a map any more, the place with most calls is named. */
	for (uint32_t i = 0; !seen && i < facts->sites; i++) {
		if (closer_of(search, i) == VMT_CLOSER_ALONE)
			guards[i] = facts->own_calls[i];
	}
	search->at->guards = vmt_explain_share_of(guards, facts);
	free(guards);
}

/* Returns the one of two calls that a single site made more often. */
static enum vmt_call_id busier(const struct vmt_search *search, enum vmt_call_id one,
			       enum vmt_call_id other)
{
	return search->facts->busiest[one].calls < search->facts->busiest[other].calls ? other :
											 one;
}

/* The call that gives maps the attribute by which they differ; VMT_CALL_NONE = several do. */
static enum vmt_call_id own_call(const struct vmt_search *search)
{
	switch (search->at->pattern) {
	case VMT_PATTERN_ADVICE: return busier(search, VMT_CALL_MADVISE, VMT_CALL_PROCESS_MADVISE);
	case VMT_PATTERN_LOCKS: return busier(search, VMT_CALL_MLOCK, VMT_CALL_MLOCK2);
	case VMT_PATTERN_POLICY: return VMT_CALL_MBIND;
	case VMT_PATTERN_NAMES: return VMT_CALL_PRCTL;
	case VMT_PATTERN_KEYS: return VMT_CALL_PKEY_MPROTECT;
	case VMT_PATTERN_USERFAULTFD: return VMT_CALL_IOCTL;
	default: return VMT_CALL_NONE;
	}
}

/* How many calls gave the attribute that the call gives, from whatever site? */
static uint64_t calls_for(const struct vmt_search *search, enum vmt_call_id call)
{
	const struct vmt_explain_facts *facts = search->facts;
	uint64_t most = facts->busiest[call].calls;

	return facts->given == vmt_explain_cut(call) && facts->given_calls > most ?
		       facts->given_calls :
		       most;
}

/*
 * Where each piece is mapped, or committed by mprotect, and then given its attribute as a whole, that call puts
 * the boundaries. What keeps the pieces apart is the other call, so name that if it was made for most of them.
 */
void vmt_search_prefer_own_call(struct vmt_search *search)
{
	enum vmt_call_id call = own_call(search), cuts;
	struct vmt_explain_share *by = &search->at->by;

	if (call == VMT_CALL_NONE || by->site == VMT_NO_INDEX || by->site < VMT_SITE_FIRST)
		return;
	cuts = vmt_explain_call_of(search->map, search->count, by->site);
	if ((cuts != VMT_CALL_MMAP && cuts != VMT_CALL_MPROTECT) ||
	    calls_for(search, call) < by->all - by->all / 10)
		return;
	by->site = search->facts->busiest[call].site;
	by->part = vmt_search_calls(search, by->site);
	by->part = by->part && by->part < by->all - by->all / 10 ? by->part : by->all;
}

static bool are_of_one_place(const struct vmt_search *search, uint32_t a, uint32_t b)
{
	const uint32_t *place = search->facts->place;

	return a == b || (place && place[a] == place[b]);
}

void vmt_search_find_beside(struct vmt_search *search)
{
	const struct vmt_explain_facts *facts = search->facts;
	uint32_t site = search->at->by.site;
	uint64_t pieces;

	if (site == VMT_NO_INDEX || site < VMT_SITE_FIRST || site >= facts->sites)
		return;
	pieces = vmt_search_calls(search, site);
	for (size_t i = 0; i < VMT_EXPLAIN_GIVERS && facts->giver[i].calls >= VMT_EXPLAIN_LEAST;
	     i++) {
		if (facts->giver[i].site < facts->sites &&
		    !are_of_one_place(search, facts->giver[i].site, site) &&
		    facts->giver[i].calls >= pieces - pieces / 10) {
			search->at->beside = facts->giver[i].site;
			return;
		}
	}
}
