/* SPDX-License-Identifier: MIT */
/*
 * Shared by the searches for patterns in explain_patterns.c and search_*.c, and included by nothing
 * else.
 */
#ifndef VMT_SEARCH_H
#define VMT_SEARCH_H

#include "explain/explain.h"

struct vmt_search {
	struct vmt_explain_map *map;
	size_t count;
	const struct vmt_explain_facts *facts;
	bool has_debugger; /* a debugging allocator is loaded */
	bool are_views; /* parts of files are mapped more than once */
	uint32_t advice; /* these: see struct vmt_explain */
	bool are_moved;
	bool are_copies;
	bool are_trimmed;
	bool are_files;
	bool are_of_one;
	bool are_shared;
	bool are_small;
	bool are_left;
	bool are_closed;
	bool are_kept;
	const char *holes_of;
	bool *is_guarded; /* by place, see vmt_search_see_guarded(); NULL = none */
	uint64_t *by_site; /* boundaries of the current pattern, by site; NULL = no sites */
	struct vmt_explain_pattern *at;
};

static inline void vmt_search_count_site(struct vmt_search *search, size_t i)
{
	vmt_explain_count_site(search->by_site, search->facts, search->map[i].put_by, 1);
}

/* A map counts once for a pattern, however many of its boundaries belong to it. */
static inline void vmt_search_mark(struct vmt_search *search, size_t i)
{
	uint64_t bit = UINT64_C(1) << search->at->pattern;

	search->at->maps += !(search->map[i].shows & bit);
	search->map[i].shows |= bit;
}

/* The remedy would remove the boundary below map i. */
static inline void vmt_search_save(struct vmt_search *search, size_t i)
{
	search->at->saves++;
	vmt_search_mark(search, i - 1);
	vmt_search_mark(search, i);
}

static inline bool vmt_search_touches_next(const struct vmt_search *search, size_t i)
{
	return i + 1 < search->count && vmt_explain_touch(&search->map[i], &search->map[i + 1]);
}

/* Did mremap put the map there, or one that touches it? Either keeps it from merging. */
bool vmt_search_is_beside_moved(const struct vmt_search *search, const struct vmt_explain_map *map);

/* Were most of the moved maps pieces of larger ones, which moving them has cut? */
bool vmt_search_moves_pieces(const struct vmt_search *search);

/* The saving is unknown, or depends on what the program needs. */
static inline void vmt_search_leave_open(struct vmt_search *search)
{
	search->at->saves = 0;
	search->at->is_open = true;
}

static inline bool vmt_search_is_memory(const struct vmt_explain_map *map)
{
	return map->flags & VMT_MAP_ACCESS && vmt_explain_is_anonymous(map);
}

static inline bool vmt_search_is_by_mprotect(const struct vmt_explain_map *map)
{
	return map->put_call == VMT_CALL_MPROTECT || map->put_call == VMT_CALL_PKEY_MPROTECT;
}

/* Patterns that only calls show, or show better than shapes: see search_calls.c. */
void vmt_search_unseen(struct vmt_search *search, enum vmt_pattern pattern);
void vmt_search_mapped_over(struct vmt_search *search, enum vmt_pattern pattern);
void vmt_search_remapped(struct vmt_search *search, enum vmt_pattern pattern);
void vmt_search_views(struct vmt_search *search, enum vmt_pattern pattern);
void vmt_search_again(struct vmt_search *search, enum vmt_pattern pattern);

/* Patterns that flags of mmap and numbers of calls show: see search_memory.c. */
void vmt_search_over_memory(struct vmt_search *search, enum vmt_pattern pattern);
void vmt_search_zero_device(struct vmt_search *search, enum vmt_pattern pattern);

/* Did mprotect cut it from one of few maps, each of which was cut many times? */
bool vmt_search_is_cut_from_one(const struct vmt_search *search, const struct vmt_explain_map *map);

/* Was the map put over a part of an earlier map, from which many such parts were taken? */
bool vmt_search_is_put_over(const struct vmt_search *search, size_t i);

/* Is piece i what the call at `maker` left of a map that was made for this one object? */
bool vmt_search_is_guard_of_each(const struct vmt_search *search, size_t i, size_t maker);

/*
 * Memory that is closed when it is given back becomes one map with a guard beside it. Find out
 * whether there are many such maps, and which places have mapped their memory. The caller frees
 * search->is_guarded.
 */
void vmt_search_see_guarded(struct vmt_search *search);
/* Is it such a map, or a guard in memory of which other parts are such maps? */
bool vmt_search_is_guarded(const struct vmt_search *search, size_t i);
/* Count who gave the memory back, and who made the guards, once all maps of the pattern are found. */
void vmt_search_count_guarded(struct vmt_search *search);

/*
 * Two touching pieces without access, one of which mprotect has closed again: since it was
 * writable, it is accounted for, and the other is not.
 */
bool vmt_search_is_closed_again(const struct vmt_explain_map *a, const struct vmt_explain_map *b);
void vmt_search_closed_again(struct vmt_search *search);

/* Patterns in which neighbours differ in protection: see search_memory.c. */
void vmt_search_flips(struct vmt_search *search, enum vmt_pattern pattern);

/* Let the pattern at hand be by the call that its maps differ for, not by the one that made the pieces. */
void vmt_search_prefer_own_call(struct vmt_search *search);

/* Find another call that was made as often, and may keep the same maps apart. */
void vmt_search_find_beside(struct vmt_search *search);

/* Note what most maps of the pattern at hand have in common, once all of them are found. */
void vmt_search_note_majority(struct vmt_search *search);

/* Do the two belong to one file, and lie as if one call had mapped both and what is in between? */
bool vmt_search_is_one_range(const struct vmt_explain_map *a, const struct vmt_explain_map *b);

/* Is the call known that put the map there? Otherwise its shape has to tell. */
static inline bool vmt_search_is_call_known(const struct vmt_search *search,
					    const struct vmt_explain_map *map)
{
	return search->facts->sites && map->put_by != VMT_SITE_UNSEEN;
}

/*
 * What the call that put the map there asked for (PROT_*, MADV_*), when it was mprotect or madvise.
 * False: not known, or another call.
 */
static inline bool vmt_search_asked(const struct vmt_explain_map *map, uint32_t *ret_asked)
{
	*ret_asked = map->put_asked & ~VMT_ASKED_KNOWN;
	return map->put_asked & VMT_ASKED_KNOWN && map->put_call != VMT_CALL_MMAP;
}

/* The flags that the map's own mmap was called with; 0 = not known, or another call. */
static inline uint32_t vmt_search_mmap_flags(const struct vmt_explain_map *map)
{
	return map->put_asked & VMT_ASKED_KNOWN && map->put_call == VMT_CALL_MMAP ?
		       map->put_asked >> VMT_ASKED_FLAGS & VMT_ASKED_MMAP :
		       0;
}

/* How many calls of the site succeeded; 0 = not known. */
static inline uint64_t vmt_search_calls(const struct vmt_search *search, uint32_t site)
{
	return search->facts->calls && site < search->facts->sites ? search->facts->calls[site] : 0;
}

/* Patterns of files and devices: see search_pieces.c. */
void vmt_search_files(struct vmt_search *search, enum vmt_pattern pattern);
void vmt_search_file_protection(struct vmt_search *search, enum vmt_pattern pattern);
void vmt_search_headers(struct vmt_search *search, enum vmt_pattern pattern);
void vmt_search_pieces(struct vmt_search *search, enum vmt_pattern pattern);
void vmt_search_deleted(struct vmt_search *search, enum vmt_pattern pattern);
void vmt_search_devices(struct vmt_search *search, enum vmt_pattern pattern);

/* Is a debugging allocator loaded? */
bool vmt_search_has_debugger(const struct vmt_explain *explain);

/* Keep only the share of running threads, or of ended ones, depending on the pattern. */
void vmt_search_part_threads(struct vmt_search *search, struct vmt_explain_pattern *at);

/* Are there a few arenas with large heaps, rather than many with small ones? */
bool vmt_search_has_large_heaps(const struct vmt_search *search);

/* Is it a range of addresses of which little is in use, rather than memory that was given back? */
bool vmt_search_is_reserved(const struct vmt_search *search, size_t i);
/* Likewise, of what was never given access: is it too large to be the guard of what is beside it? */
bool vmt_search_is_rest(const struct vmt_search *search, size_t i);

#endif
