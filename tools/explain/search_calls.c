/* SPDX-License-Identifier: MIT */
/*
 * Patterns found by calls: who mapped a file and who cut it, what the library did not see, which
 * threads have ended. If calls are unknown, only shapes that have no other cause count. Pure; part
 * of explain.h.
 */
#include "core/base/tunables.h"
#include "explain/search.h"

#include <stdlib.h>
#include <sys/mman.h>

#define MIB               (UINT64_C(1) << 20)
#define LARGE_HEAP        (16 * MIB) /* on average; heaps of many arenas have less in use */
#define LARGE_RESERVATION (64 * MIB)
#define MOSTLY            16u /* times the memory in use beside it */
#define LARGE_GUARD       MIB /* no guard is larger, and larger than what it guards */
#define CACHED_STACKS     (40 * MIB) /* stacks that glibc keeps for new threads */
#define FEW_VIEWS         8u /* maps of a file; more than this are pieces of it */

void vmt_search_unseen(struct vmt_search *search, enum vmt_pattern pattern)
{
	(void)pattern;
	for (size_t i = 0; i < search->count; i++) {
		if (search->map[i].put_by == VMT_SITE_UNSEEN)
			vmt_search_mark(search, i);
	}
	vmt_search_leave_open(search);
}

static uint64_t size_of(const struct vmt_explain_map *map)
{
	return map->end - map->start;
}

bool vmt_search_has_large_heaps(const struct vmt_search *search)
{
	uint64_t heaps = 0, used = 0;

	for (size_t i = 0; i < search->count; i++) {
		if (!search->map[i].is_arena || !(search->map[i].flags & VMT_MAP_WRITE))
			continue;
		heaps++;
		used += size_of(&search->map[i]);
	}
	return heaps && used / heaps >= LARGE_HEAP;
}

/* Has it at least so many bytes, and so many times what is in use beside it? */
static bool is_unused(const struct vmt_search *search, size_t i, uint64_t least, uint64_t times)
{
	const struct vmt_explain_map *map = &search->map[i];
	uint64_t in_use = 0;

	if (i > 0 && vmt_explain_touch(map - 1, map) && map[-1].flags & VMT_MAP_ACCESS)
		in_use += size_of(map - 1);
	if (vmt_search_touches_next(search, i) && map[1].flags & VMT_MAP_ACCESS)
		in_use += size_of(map + 1);
	return size_of(map) >= least && size_of(map) / times >= in_use;
}

bool vmt_search_is_reserved(const struct vmt_search *search, size_t i)
{
	return is_unused(search, i, LARGE_RESERVATION, MOSTLY);
}

bool vmt_search_is_rest(const struct vmt_search *search, size_t i)
{
	return is_unused(search, i, LARGE_GUARD, 1);
}

/*
 * Count stacks, and those whose thread has ended. If these are so many that glibc would not keep them
 * for new threads, they were not joined; are_kept is set if they are fewer, and pthread_create is
 * known to have made them: other stacks belong to threads in another way.
 */
static uint64_t count_stacks(struct vmt_search *search, uint64_t *ret_ended)
{
	bool keeps = !(search->facts->tunables & VMT_TUNABLES_NO_STACK_CACHE);
	uint64_t stacks = 0, made = 0, bytes = 0, running, kept;

	for (size_t i = 0; i < search->count; i++) {
		if (search->map[i].kind != VMT_KIND_THREAD_STACK)
			continue;
		stacks++;
		made += search->map[i].is_threads;
		bytes += size_of(&search->map[i]);
	}
	running = search->facts->threads_left;
	*ret_ended = 0;
	if (!running || !stacks)
		return stacks;
	kept = keeps ? CACHED_STACKS / (bytes / stacks) + 1 : 0;
	search->are_kept = keeps && made >= running + VMT_EXPLAIN_LEAST / 2 &&
			   stacks < running + kept + VMT_EXPLAIN_LEAST / 2;
	if (search->are_kept)
		*ret_ended = made - running + 1;
	else if (stacks >= running + kept + VMT_EXPLAIN_LEAST / 2)
		*ret_ended = stacks - running + 1;
	return stacks;
}

void vmt_search_part_threads(struct vmt_search *search, struct vmt_explain_pattern *at)
{
	uint64_t ended, stacks = count_stacks(search, &ended), part;

	part = at->pattern == VMT_PATTERN_ENDED_THREADS ? ended : stacks - ended;
	at->maps = stacks ? at->maps * part / stacks : 0;
	at->saves = stacks ? at->saves * part / stacks : 0;
}

static bool is_mapped_file(const struct vmt_explain_map *map)
{
	return map->kind == VMT_KIND_FILE || map->kind == VMT_KIND_SHARED ||
	       map->kind == VMT_KIND_DELETED;
}

static bool is_of_file(const struct vmt_explain_map *a, const struct vmt_explain_map *b)
{
	return a->inode == b->inode && a->dev_major == b->dev_major && a->dev_minor == b->dev_minor;
}

static bool is_same_file(const struct vmt_explain_map *a, const struct vmt_explain_map *b)
{
	return is_mapped_file(a) && a->kind == b->kind && is_of_file(a, b);
}

/* Both maps lie where one call that mapped the file would have put them. */
bool vmt_search_is_one_range(const struct vmt_explain_map *a, const struct vmt_explain_map *b)
{
	return is_same_file(a, b) && (!a->inode || b->offset - a->offset == b->start - a->start);
}

/* [file 0][file 7][file 2]: does a piece of the file lie where another piece of it was? */
static bool is_out_of_order(const struct vmt_search *search, size_t i)
{
	const struct vmt_explain_map *map = &search->map[i];

	return vmt_search_touches_next(search, i) && vmt_explain_touch(map - 1, map) &&
	       map->put_call == VMT_CALL_MMAP && is_same_file(map - 1, map) && map->inode &&
	       vmt_search_is_one_range(map - 1, map + 1) &&
	       !vmt_search_is_one_range(map - 1, map) &&
	       !((map[-1].flags ^ map->flags) & VMT_MAP_SHARED);
}

/*
 * Was each put at an address of its own choice (MAP_FIXED), one beside the other, though the file
 * does not continue there?
 */
static bool is_placed(const struct vmt_explain_map *map)
{
	return vmt_search_mmap_flags(map) & MAP_FIXED &&
	       vmt_search_mmap_flags(map - 1) & MAP_FIXED && map->inode &&
	       vmt_explain_touch(map - 1, map) && is_same_file(map - 1, map) &&
	       !vmt_search_is_one_range(map - 1, map) &&
	       !((map[-1].flags ^ map->flags) & VMT_MAP_SHARED);
}

/*
 * [file 0][ other ][file 2]: is this map the other one? It lies where piece 1 of the file was: a
 * private copy, or the same file with another protection.
 */
static bool is_other(const struct vmt_search *search, const struct vmt_explain_map *map)
{
	if (vmt_search_is_call_known(search, map) && map->put_call != VMT_CALL_MMAP &&
	    map->put_call != VMT_CALL_SHMAT && map->put_call != VMT_CALL_MREMAP)
		return false;
	if (!vmt_search_is_one_range(map - 1, map) || (map[-1].flags ^ map->flags) & VMT_MAP_SHARED)
		return true;
	return search->facts->sites && map[-1].mapped_by == map[1].mapped_by &&
	       map->mapped_by != map[1].mapped_by;
}

void vmt_search_mapped_over(struct vmt_search *search, enum vmt_pattern pattern)
{
	uint64_t all = 0, closed = 0;

	(void)pattern;
	for (size_t i = 1; i < search->count; i++) {
		const struct vmt_explain_map *map = &search->map[i];

		if (!vmt_search_touches_next(search, i) || !vmt_explain_touch(map - 1, map) ||
		    !vmt_search_is_one_range(map - 1, map + 1) || !is_other(search, map) ||
		    is_out_of_order(search, i))
			continue;
		vmt_search_count_site(search, i);
		vmt_search_save(search, i);
		vmt_search_save(search, i + 1);
		all++;
		closed += !(map->flags & VMT_MAP_ACCESS) && vmt_explain_is_anonymous(map);
	}
	search->are_closed = closed > all / 2;
	if (closed < all)
		vmt_search_leave_open(search);
}

void vmt_search_remapped(struct vmt_search *search, enum vmt_pattern pattern)
{
	uint64_t views = 0;

	(void)pattern;
	for (size_t i = 1; i < search->count; i++) {
		const struct vmt_explain_map *map = &search->map[i];
		bool is_by_mmap = is_out_of_order(search, i);

		if (map->shows >> VMT_PATTERN_VIEWS & 1)
			continue;
		if (!is_by_mmap && !is_placed(map) &&
		    (map->put_call != VMT_CALL_REMAP_FILE_PAGES ||
		     !vmt_explain_touch(map - 1, map) || !is_same_file(map - 1, map)))
			continue;
		views += map->kind == VMT_KIND_SHARED && !is_by_mmap && is_placed(map);
		vmt_search_count_site(search, i);
		vmt_search_save(search, i);
		if (is_by_mmap)
			vmt_search_save(search, ++i);
	}
	/* Shared memory of which each part has several maps is mapped so for their sake. */
	if (search->are_views && views > search->at->maps / 3 * 2)
		vmt_search_leave_open(search);
}

static int by_file_and_offset(const void *a, const void *b)
{
	const struct vmt_explain_map *one = *(struct vmt_explain_map *const *)a;
	const struct vmt_explain_map *two = *(struct vmt_explain_map *const *)b;

	if (one->inode != two->inode)
		return one->inode < two->inode ? -1 : 1;
	if (one->dev_minor != two->dev_minor)
		return one->dev_minor < two->dev_minor ? -1 : 1;
	return (one->offset > two->offset) - (one->offset < two->offset);
}

static bool overlap(const struct vmt_explain_map *a, const struct vmt_explain_map *b)
{
	return b->offset < a->offset + size_of(a);
}

/* Are parts of the file mapped twice? file[0, n) are its maps in the order of their offsets. */
static bool has_views(struct vmt_explain_map *const *file, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (overlap(file[i - 1], file[i]))
			return true;
	}
	return false;
}

/* Maps file[0, n), in that order: how many begin where another does? */
static size_t count_again(struct vmt_explain_map *const *file, size_t n)
{
	size_t again = 0;

	for (size_t i = 1; i < n; i++)
		again += file[i]->offset == file[i - 1]->offset;
	return again;
}

/* One part, mapped many times over: far more often than for two protections. */
static void see_again(struct vmt_search *search, struct vmt_explain_map *const *file, size_t n)
{
	size_t again = count_again(file, n);

	if (n <= FEW_VIEWS || again < n - n / 4)
		return;
	for (size_t i = 0; i < n; i++) {
		vmt_search_mark(search, (size_t)(file[i] - search->map));
		vmt_search_count_site(search, (size_t)(file[i] - search->map));
	}
	search->at->saves += again;
}

static void see_file(struct vmt_search *search, struct vmt_explain_map *const *file, size_t n)
{
	if (n < 2 || !has_views(file, n))
		return;
	if (n > FEW_VIEWS) {
		search->are_views = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		vmt_search_mark(search, (size_t)(file[i] - search->map));
		vmt_search_count_site(search, (size_t)(file[i] - search->map));
	}
}

static void see_all_files(struct vmt_search *search,
			  void (*see)(struct vmt_search *, struct vmt_explain_map *const *, size_t))
{
	struct vmt_explain_map **order = malloc((search->count + 1) * sizeof(*order));
	size_t n = 0, first = 0;

	for (size_t i = 0; order && i < search->count; i++) {
		if (is_mapped_file(&search->map[i]) && search->map[i].inode)
			order[n++] = &search->map[i];
	}
	if (n)
		qsort(order, n, sizeof(*order), by_file_and_offset);
	for (size_t i = 1; i <= n; i++) {
		if (i < n && is_same_file(order[first], order[i]))
			continue;
		see(search, order + first, i - first);
		first = i;
	}
	free(order);
}

void vmt_search_views(struct vmt_search *search, enum vmt_pattern pattern)
{
	(void)pattern;
	see_all_files(search, see_file);
	vmt_search_leave_open(search);
}

void vmt_search_again(struct vmt_search *search, enum vmt_pattern pattern)
{
	(void)pattern;
	see_all_files(search, see_again);
}

/* What a map says about its pattern, as a number to be counted; 0 = nothing. */
static uint64_t says(const struct vmt_search *search, const struct vmt_explain_map *map)
{
	uint32_t asked;

	switch (search->at->pattern) {
	case VMT_PATTERN_ADVICE:
		return map->put_call == VMT_CALL_MADVISE && vmt_search_asked(map, &asked) ? asked :
											    0;
	case VMT_PATTERN_ALIKE: return vmt_search_is_beside_moved(search, map);
	case VMT_PATTERN_AGAIN:
		return (map->flags & (VMT_MAP_WRITE | VMT_MAP_SHARED)) == VMT_MAP_WRITE;
	case VMT_PATTERN_HOLES:
		return map->kind == VMT_KIND_ALLOCATOR ? (uint64_t)(uintptr_t)map->detail : 0;
	default: return 0;
	}
}

/*
 * What more than half of the maps that show the pattern say; 0 = there is no majority. The candidate
 * is found by Boyer and Moore's vote.
 */
static uint64_t majority(const struct vmt_search *search)
{
	uint64_t bit = UINT64_C(1) << search->at->pattern;
	uint64_t best = 0, votes = 0, all = 0, with = 0;

	for (size_t i = 0; i < search->count; i++) {
		if (!(search->map[i].shows & bit))
			continue;
		best = votes ? best : says(search, &search->map[i]);
		votes += says(search, &search->map[i]) == best ? 1 : UINT64_MAX;
	}
	for (size_t i = 0; i < search->count; i++) {
		if (!(search->map[i].shows & bit))
			continue;
		all++;
		with += says(search, &search->map[i]) == best;
	}
	return with > all / 2 ? best : 0;
}

static bool is_shared(const struct vmt_search *search, const struct vmt_explain_map *map)
{
	(void)search;
	return map->kind == VMT_KIND_SHARED;
}

/* Pieces with access beside a guard tell nothing. */
static bool is_closed_in_one(const struct vmt_search *search, const struct vmt_explain_map *map)
{
	return map->flags & VMT_MAP_ACCESS || vmt_search_is_cut_from_one(search, map);
}

static bool is_true_of_most(const struct vmt_search *search,
			    bool (*is_so)(const struct vmt_search *,
					  const struct vmt_explain_map *))
{
	uint64_t all = 0, with = 0;

	for (size_t i = 0; i < search->count; i++) {
		if (!(search->map[i].shows >> search->at->pattern & 1))
			continue;
		all++;
		with += is_so(search, &search->map[i]);
	}
	return with > all - all / 4;
}

/* Were there about as many calls that cut off ends as calls that mapped the memory? */
static bool is_trimmed(const struct vmt_search *search, const struct vmt_explain_map *map)
{
	uint64_t cuts = vmt_search_calls(search, map->put_by);
	uint64_t mapped = vmt_search_calls(search, map->mapped_by);

	return map->mapped_by != map->put_by && map->mapped_by >= VMT_SITE_FIRST &&
	       cuts >= VMT_EXPLAIN_LEAST && cuts >= mapped - mapped / 10 && cuts <= 3 * mapped;
}

/*
 * Are the holes ends of maps that were cut off, as allocators do for the sake of alignment? Most of
 * these calls have left holes; blocks that are freed leave fewer.
 */
static bool are_trimmed(const struct vmt_search *search)
{
	uint64_t holes = 0, trimmed = 0, most = 0;

	for (size_t i = 0; i < search->count; i++) {
		const struct vmt_explain_map *map = &search->map[i];
		uint64_t cuts = vmt_search_calls(search, map->put_by);

		if (!(map->shows >> VMT_PATTERN_HOLES & 1) || map->put_call != VMT_CALL_MUNMAP)
			continue;
		holes++;
		trimmed += is_trimmed(search, map);
		most = cuts > most ? cuts : most;
	}
	return trimmed > holes / 2 && most <= 3 * holes;
}

void vmt_search_note_majority(struct vmt_search *search)
{
	switch (search->at->pattern) {
	case VMT_PATTERN_ADVICE: search->advice = (uint32_t)majority(search); break;
	case VMT_PATTERN_ALIKE:
		search->are_moved = majority(search) != 0;
		if (search->are_moved && vmt_search_moves_pieces(search))
			vmt_search_leave_open(search);
		break;
	case VMT_PATTERN_GUARDS:
		search->are_of_one = is_true_of_most(search, is_closed_in_one);
		break;
	case VMT_PATTERN_AGAIN: search->are_copies = majority(search) != 0; break;
	case VMT_PATTERN_HOLES:
		search->holes_of = (const char *)(uintptr_t)majority(search);
		search->are_trimmed = are_trimmed(search);
		search->are_shared = is_true_of_most(search, is_shared);
		break;
	default: break;
	}
}
