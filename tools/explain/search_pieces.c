/* SPDX-License-Identifier: MIT */
/*
 * Patterns of files and devices, found by their maps: many files, many pieces of a few files, or
 * what remains of removed files. Pure except for malloc; part of explain.h.
 */
#include "explain/search.h"
#include "util/sorted.h"

#include <stdlib.h>

/* Calls explain these better than being pieces of files does. */
#define FILE_PATTERNS                                                                             \
	(1ull << VMT_PATTERN_FILE_PROTECTION | 1u << VMT_PATTERN_MAPPED_OVER |                    \
	 1u << VMT_PATTERN_REMAPPED | 1u << VMT_PATTERN_HOLES | 1u << VMT_PATTERN_VIEWS |         \
	 1ull << VMT_PATTERN_AGAIN | 1ull << VMT_PATTERN_OVER_MEMORY | 1u << VMT_PATTERN_ADVICE | \
	 1u << VMT_PATTERN_LOCKS | 1u << VMT_PATTERN_POLICY | 1ull << VMT_PATTERN_HEADERS)

/* A header, its object, and a footer: a mapping in more pieces is changed piece by piece. */
#define HEADER_PIECES 3u

static bool is_of(const struct vmt_explain_map *map, enum vmt_kind kind)
{
	return map->kind == kind && !(map->shows & FILE_PATTERNS);
}

/*
 * Fill in the inode of each map of a kind, in order, and with `by_access` a number for how it is
 * mapped as well. Returns how many there are, and 0 without memory; free `ret_number`.
 */
static size_t number_maps(const struct vmt_search *search, enum vmt_kind kind, bool by_access,
			  uint64_t **ret_number)
{
	uint64_t *number = malloc((search->count + 1) * sizeof(*number));
	size_t n = 0;

	*ret_number = number;
	for (size_t i = 0; number && i < search->count; i++) {
		if (!is_of(&search->map[i], kind))
			continue;
		number[n++] = by_access ? search->map[i].inode << 4 |
						  (search->map[i].flags & VMT_MAP_VISIBLE) :
					  search->map[i].inode;
	}
	if (n)
		qsort(number, n, sizeof(*number), vmt_sorted_by_number);
	return n;
}

/*
 * Returns the number of different files among the maps of a kind; 0 without memory. Each piece of
 * shared memory without a name counts as a file, since a recording may lack its inode.
 */
static uint64_t count_files(const struct vmt_search *search, enum vmt_kind kind)
{
	uint64_t files = 0, *inode;
	size_t n = number_maps(search, kind, false, &inode);

	for (size_t i = 0; i < n; i++)
		files += i == 0 || !inode[i] || inode[i] != inode[i - 1];
	free(inode);
	return files;
}

/* How many maps are needed if each file is mapped as a whole, once for each protection? */
static uint64_t count_wholes(const struct vmt_search *search, enum vmt_kind kind)
{
	uint64_t wholes = 0, *number;
	size_t n = number_maps(search, kind, true, &number);

	for (size_t i = 0; i < n; i++)
		wholes += i == 0 || number[i] != number[i - 1];
	free(number);
	return wholes;
}

static void mark_kind(struct vmt_search *search, enum vmt_kind kind)
{
	for (size_t i = 0; i < search->count; i++) {
		if (!is_of(&search->map[i], kind))
			continue;
		vmt_search_mark(search, i);
		vmt_search_count_site(search, i);
	}
}

static uint64_t count_kind(const struct vmt_search *search, enum vmt_kind kind)
{
	uint64_t maps = 0;

	for (size_t i = 0; i < search->count; i++)
		maps += is_of(&search->map[i], kind);
	return maps;
}

void vmt_search_devices(struct vmt_search *search, enum vmt_pattern pattern)
{
	(void)pattern;
	mark_kind(search, VMT_KIND_DEVICE);
	vmt_search_leave_open(search);
}

/* Many maps of few files are pieces of them, whether or not these have been deleted. */
void vmt_search_deleted(struct vmt_search *search, enum vmt_pattern pattern)
{
	(void)pattern;
	if (count_files(search, VMT_KIND_DELETED) <= count_kind(search, VMT_KIND_DELETED) / 2)
		return;
	mark_kind(search, VMT_KIND_DELETED);
	search->at->saves = search->at->maps;
}

/* There are nearly as many files as maps: the files could be one. */
void vmt_search_files(struct vmt_search *search, enum vmt_pattern pattern)
{
	enum vmt_kind kind = pattern == VMT_PATTERN_SHARED     ? VMT_KIND_SHARED :
			     pattern == VMT_PATTERN_HUGE_FILES ? VMT_KIND_HUGE :
								 VMT_KIND_FILE;
	uint64_t maps = count_kind(search, kind);

	if (maps < VMT_EXPLAIN_LEAST || count_files(search, kind) <= maps / 2)
		return;
	mark_kind(search, kind);
	search->at->saves = maps - 1;
}

/*
 * There are far more maps than files: each file could be mapped as a whole. Images of programs have
 * a few maps of each file, with a protection for each, and need them.
 */
void vmt_search_pieces(struct vmt_search *search, enum vmt_pattern pattern)
{
	static const enum vmt_kind kinds[] = { VMT_KIND_FILE, VMT_KIND_SHARED, VMT_KIND_DELETED };

	(void)pattern;
	for (size_t k = 0; k < VMT_COUNT(kinds); k++) {
		uint64_t maps = count_kind(search, kinds[k]);
		uint64_t files = count_files(search, kinds[k]);
		uint64_t wholes = count_wholes(search, kinds[k]);

		if (maps < VMT_EXPLAIN_LEAST || !files || files > maps / 2 || wholes > maps / 2)
			continue;
		mark_kind(search, kinds[k]);
		search->at->saves += maps - wholes;
	}
}

/* The loader makes a part of each library read-only; only pieces that others cut count. */
static bool is_one_library(const struct vmt_search *search, const struct vmt_explain_map *a,
			   const struct vmt_explain_map *b)
{
	return vmt_search_is_call_known(search, b) && !b->is_loaders &&
	       a->kind == VMT_KIND_LIBRARY && b->kind == VMT_KIND_LIBRARY && a->inode &&
	       a->inode == b->inode && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor && b->offset - a->offset == b->start - a->start;
}

/* Are map i and the one below it pieces of one mapping, which mprotect has parted? */
static bool is_cut_by_protection(const struct vmt_search *search, size_t i)
{
	const struct vmt_explain_map *map = &search->map[i];
	bool is_cut = vmt_search_is_call_known(search, map) ?
			      vmt_search_is_by_mprotect(map) :
			      map->apart == VMT_APART_PROTECTION + 1;

	return is_cut && vmt_explain_touch(map - 1, map) &&
	       (vmt_search_is_one_range(map - 1, map) || is_one_library(search, map - 1, map));
}

/* Returns where the mapping ends of which map i is the first piece. */
static size_t end_of_mapping(const struct vmt_search *search, size_t i)
{
	while (++i < search->count && is_cut_by_protection(search, i))
		;
	return i;
}

void vmt_search_file_protection(struct vmt_search *search, enum vmt_pattern pattern)
{
	(void)pattern;
	for (size_t i = 0, end; i < search->count; i = end) {
		end = end_of_mapping(search, i);
		if (end - i <= HEADER_PIECES && search->map[i].kind != VMT_KIND_LIBRARY)
			continue;
		for (size_t k = i + 1; k < end; k++) {
			vmt_search_count_site(search, k);
			vmt_search_save(search, k);
		}
	}
}

/* [r--|rw-----] [r--|rw-----]: if all were one mapping, it would have a map for each protection. */
void vmt_search_headers(struct vmt_search *search, enum vmt_pattern pattern)
{
	uint64_t most = 0;

	(void)pattern;
	for (size_t i = 0, end; i < search->count; i = end) {
		end = end_of_mapping(search, i);
		if (end - i < 2 || end - i > HEADER_PIECES ||
		    search->map[i].kind == VMT_KIND_LIBRARY)
			continue;
		most = end - i > most ? end - i : most;
		for (size_t k = i; k < end; k++) {
			vmt_search_mark(search, k);
			vmt_explain_count_site(search->by_site, search->facts,
					       search->map[i].put_by, 1);
		}
	}
	search->at->saves = search->at->maps - most;
}

bool vmt_search_is_beside_moved(const struct vmt_search *search, const struct vmt_explain_map *map)
{
	size_t i = (size_t)(map - search->map);

	return map->put_call == VMT_CALL_MREMAP ||
	       (i && map[-1].put_call == VMT_CALL_MREMAP &&
		vmt_search_touches_next(search, i - 1)) ||
	       (vmt_search_touches_next(search, i) && map[1].put_call == VMT_CALL_MREMAP);
}

/*
 * A piece that is moved out of a map leaves a hole, and so a map more, where it was. What ended there
 * is not known any more, so nor is what it would be without the moves.
 */
bool vmt_search_moves_pieces(const struct vmt_search *search)
{
	uint64_t moved = 0, left = 0;

	for (size_t i = 0; i < search->count; i++) {
		const struct vmt_explain_map *map = &search->map[i];
		bool is_moved = map->shows >> VMT_PATTERN_ALIKE & 1;

		moved += is_moved;
		left += !is_moved && map->put_call == VMT_CALL_MREMAP;
	}
	return left > moved / 20;
}
