/* SPDX-License-Identifier: MIT */
/*
 * Drawings of maps: a parser, a kernel that answers from a drawing, and the comparison. Used by
 * the tests of resolve.c and effect.c.
 */
#include "drawing.h"

#include "core/fast/fast.h"
#include "core/fast/fast_range.h"
#include "core/vma/change_decode.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define MAPS_MAX  64
#define SITE_CALL DRAWN_SITE('N')
#define SITES     (VMT_SITE_FIRST + 26)

struct picture {
	struct vmt_vma vma[MAPS_MAX];
	char letter[MAPS_MAX];
	size_t count;
};

static unsigned char memory[1 << 20] __attribute__((aligned(16)));
static struct vmt_arena arena;
static struct vmt_space space;
static struct drawn result;
static int64_t live[SITES];

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static char upper(char c)
{
	return is_lower(c) ? (char)(c - 'a' + 'A') : c;
}

static struct vmt_vma vma_of(char c, uint64_t start)
{
	struct vmt_vma vma = { .start = start, .end = start };

	vma.flags = VMT_MAP_READ | (is_lower(c) ? 0 : VMT_MAP_WRITE);
	if (upper(c) == 'F' || upper(c) == 'G') {
		vma.inode = (uint64_t)upper(c);
		vma.dev = 1;
		vma.offset = start - DRAWN_START;
	}
	if (upper(c) == 'S')
		vma.flags |= VMT_MAP_STACK;
	if (upper(c) == 'L')
		vma.flags |= VMT_MAP_OWN;
	return vma;
}

static bool is_counted(const struct vmt_vma *vma)
{
	return !(vma->flags & VMT_MAP_OWN);
}

static int64_t count_of(const struct picture *picture)
{
	int64_t count = 0;

	for (size_t i = 0; i < picture->count; i++)
		count += is_counted(&picture->vma[i]);
	return count;
}

static struct picture picture_of(const char *text)
{
	struct picture picture = { .count = 0 };
	uint64_t at = DRAWN_START;
	char last = '.';

	for (; *text; last = *text++) {
		if (*text == '|')
			continue;
		if (*text != '.' && *text != last) {
			picture.letter[picture.count] = *text;
			picture.vma[picture.count++] = vma_of(*text, at);
		}
		at += VMT_PAGE_SIZE;
		if (*text != '.')
			picture.vma[picture.count - 1].end = at;
	}
	return picture;
}

static int picture_walk(void *context, struct vmt_range range, struct vmt_outcome *outcome)
{
	const struct picture *picture = context;

	result.walks++;
	for (size_t i = 0; i < picture->count; i++) {
		struct vmt_vma vma = picture->vma[i];

		vma.flags &= VMT_MAP_VISIBLE | VMT_MAP_OWN;
		if (vma.end > range.start && vma.start < range.end)
			vmt_outcome_append(outcome, &vma);
	}
	return 0;
}

static int picture_boundary(void *context, const struct vmt_vma *right)
{
	const struct picture *picture = context;

	result.boundaries++;
	for (size_t i = 0; i < picture->count; i++) {
		const struct vmt_vma *vma = &picture->vma[i];

		if (right->start >= vma->start && right->start < vma->end)
			return right->start == vma->start;
	}
	return -1;
}

static void note_live(void *context, uint32_t site, int delta)
{
	(void)context;
	live[site] += delta;
}

static const struct vmt_effect_ops live_ops = { .live = note_live };

void drawn_space(struct vmt_space *drawn_in, struct vmt_arena *from, const char *text)
{
	struct picture picture = picture_of(text);

	vmt_space_init(drawn_in, from, NULL);
	memset(live, 0, sizeof(live));
	for (size_t i = 0; i < picture.count; i++) {
		uint32_t site = DRAWN_SITE(picture.letter[i]);

		cr_assert_not_null(vmt_space_insert(drawn_in, &picture.vma[i], site, site, i));
		live[site] += is_counted(&picture.vma[i]);
	}
}

static char letter_of(uint32_t site)
{
	return site == VMT_SITE_UNSEEN ? 'U' : (char)('A' + site - VMT_SITE_FIRST);
}

static void assert_maps(const struct picture *after, const char *put, const char *title)
{
	struct vmt_map *map = vmt_space_first(&space);
	int64_t counted[SITES] = { 0 };

	cr_assert_eq(after->count, strlen(put), "%s: an owner for each map", title);
	for (size_t i = 0; i < after->count; i++, map = vmt_space_next(map)) {
		cr_assert_not_null(map, "%s: map %zu is missing", title, i);
		cr_assert(vmt_vma_same(&map->vma, &after->vma[i]),
			  "%s: map %zu is %lx-%lx flags %x, offset %lx", title, i, map->vma.start,
			  map->vma.end, map->vma.flags, map->vma.offset);
		if (!is_counted(&after->vma[i]))
			continue;
		cr_assert_eq(letter_of(map->mapped_by), upper(after->letter[i]),
			     "%s: map %zu mapped by %c", title, i, letter_of(map->mapped_by));
		cr_assert_eq(letter_of(map->put_by), put[i], "%s: map %zu put by %c", title, i,
			     letter_of(map->put_by));
		counted[map->put_by]++;
	}
	cr_assert_null(map, "%s: a map too many at %lx", title, map ? map->vma.start : 0);
	cr_assert_eq(space.count, after->count, "%s", title);
	cr_assert_arr_eq(counted, live, sizeof(live), "%s: live counts", title);
}

static void assert_counts(const struct vmt_counts *counts, const char *expected, const char *title)
{
	char text[64];

	snprintf(text, sizeof(text), "%lu%lu%lu%lu", counts->created, counts->split, counts->merged,
		 counts->removed);
	cr_assert_str_eq(text, expected, "%s: %s, expected %s", title, text, expected);
}

static struct vmt_kernel_ops ops_of(struct picture *picture)
{
	return (struct vmt_kernel_ops){ .walk = picture_walk,
					.boundary = picture_boundary,
					.context = picture };
}

static bool make_directly(const struct vmt_done *call, const struct vmt_change *change)
{
	struct vmt_effect *effect = &result.effect;
	struct vmt_simple simple;

	if (vmt_change_decode_simple(call, &simple) &&
	    vmt_fast_apply(&space, &simple, SITE_CALL, 100, &live_ops, effect))
		return true;
	return vmt_fast_range_apply(&space, change, SITE_CALL, 100, &live_ops, effect);
}

static void make(const char *before, const struct vmt_done *call, struct picture *after,
		 bool must_walk, bool may_be_quick, const char *title)
{
	struct vmt_kernel_ops ops = ops_of(after);
	struct picture was = picture_of(before);
	struct vmt_resolution resolution;
	struct vmt_change change;

	vmt_arena_init(&arena, memory, sizeof(memory));
	drawn_space(&space, &arena, before);
	vmt_outcome_init(&resolution.outcome, &arena);
	result = (struct drawn){ .boundaries = 0 };
	vmt_change_decode(call, &change);
	if (must_walk && change.how == VMT_CHANGE_DERIVE)
		change.how = VMT_CHANGE_WALK;
	if (change.how != VMT_CHANGE_NOTHING) {
		result.resolved = VMT_RESOLVED_DERIVED;
		if (!may_be_quick || !make_directly(call, &change)) {
			result.resolved = vmt_resolve(&space, &change, &ops, &resolution);
			vmt_effect_apply(&space, &change, &resolution, SITE_CALL, 100, &live_ops,
					 &result.effect);
		}
	}
	cr_assert_eq(vmt_counts_net(&result.effect.call) + vmt_counts_net(&result.effect.unseen),
		     count_of(after) - count_of(&was), "%s: net", title);
}

enum way { AS_DECODED, KERNEL_ASKED, QUICK, WAYS };

static void draw(enum way way, const char *before, const struct vmt_done *call, const char *after,
		 const char *counts, const char *unseen, const char *put)
{
	static const char *const ways[] = { "", " (kernel asked)", " (quick)" };
	struct picture picture = picture_of(after);
	char title[200];

	snprintf(title, sizeof(title), "%s -> %s%s", before, after, ways[way]);
	make(before, call, &picture, way == KERNEL_ASKED, way == QUICK, title);
	assert_maps(&picture, put, title);
	assert_counts(&result.effect.call, counts, title);
	assert_counts(&result.effect.unseen, unseen, title);
	cr_assert_not(result.effect.out_of_memory);
}

void drawn_late(const char *before, struct vmt_done call, const char *after, const char *counts,
		const char *unseen, const char *put)
{
	draw(KERNEL_ASKED, before, &call, after, counts, unseen, put);
}

const struct drawn *drawn_unseen(const char *before, struct vmt_done call, const char *after,
				 const char *counts, const char *unseen, const char *put)
{
	static struct drawn first;

	for (enum way way = 0; way < WAYS; way++) {
		draw(way, before, &call, after, counts, unseen, put);
		if (way == AS_DECODED)
			first = result;
	}
	return &first;
}

const struct drawn *drawn(const char *before, struct vmt_done call, const char *after,
			  const char *counts, const char *put)
{
	return drawn_unseen(before, call, after, counts, "0000", put);
}

static int refuse_walk(void *context, struct vmt_range range, struct vmt_outcome *outcome)
{
	(void)context;
	(void)range;
	(void)outcome;
	return -EPERM;
}

static int refuse_boundary(void *context, const struct vmt_vma *right)
{
	(void)context;
	(void)right;
	return -EPERM;
}

static void draw_table(char *text, size_t size)
{
	memset(text, 0, size);
	for (struct vmt_map *map = vmt_space_first(&space); map; map = vmt_space_next(map)) {
		uint64_t last = (map->vma.end - DRAWN_START) / VMT_PAGE_SIZE;
		char c = letter_of(map->mapped_by);

		cr_assert_lt(last, size);
		if (!(map->vma.flags & VMT_MAP_WRITE))
			c = (char)(c - 'A' + 'a');
		for (size_t i = strlen(text); i < last; i++) {
			uint64_t at = (uint64_t)DRAWN_AT(i);

			text[i] = at < map->vma.start ? '.' : c;
		}
	}
}

const char *drawn_guess(const char *before, struct vmt_done call)
{
	static const struct vmt_kernel_ops ops = { .walk = refuse_walk,
						   .boundary = refuse_boundary };
	static char text[MAPS_MAX];
	struct vmt_resolution resolution;
	struct vmt_change change;

	vmt_arena_init(&arena, memory, sizeof(memory));
	drawn_space(&space, &arena, before);
	vmt_outcome_init(&resolution.outcome, &arena);
	vmt_change_decode(&call, &change);
	cr_assert_eq(vmt_resolve(&space, &change, &ops, &resolution), VMT_RESOLVED_GUESSED);
	vmt_effect_apply(&space, &change, &resolution, SITE_CALL, 100, &live_ops, &result.effect);
	draw_table(text, sizeof(text));
	return text;
}

struct vmt_done drawn_mmap(long flags, int at, int pages, long prot, long ret)
{
	return (struct vmt_done){ .call = VMT_CALL_MMAP,
				  .args = { DRAWN_AT(at), DRAWN_PAGES(pages), prot,
					    flags & (MAP_SHARED | MAP_PRIVATE) ?
						    flags :
						    flags | MAP_PRIVATE | MAP_ANONYMOUS,
					    -1, 0 },
				  .result = ret ? ret : DRAWN_AT(at) };
}

struct vmt_done drawn_munmap(int at, int pages, long ret)
{
	return (struct vmt_done){ .call = VMT_CALL_MUNMAP,
				  .args = { DRAWN_AT(at), DRAWN_PAGES(pages) },
				  .result = ret };
}

struct vmt_done drawn_mprotect(int at, int pages, long prot, long ret)
{
	return (struct vmt_done){ .call = VMT_CALL_MPROTECT,
				  .args = { DRAWN_AT(at), DRAWN_PAGES(pages), prot },
				  .result = ret };
}

struct vmt_done drawn_madvise(int at, int pages, long advice, long ret)
{
	return (struct vmt_done){ .call = VMT_CALL_MADVISE,
				  .args = { DRAWN_AT(at), DRAWN_PAGES(pages), advice },
				  .result = ret };
}

struct vmt_done drawn_mremap(long flags, int at, int pages, int new_pages, int to, long ret)
{
	return (struct vmt_done){ .call = VMT_CALL_MREMAP,
				  .args = { DRAWN_AT(at), DRAWN_PAGES(pages),
					    DRAWN_PAGES(new_pages), flags, DRAWN_AT(to) },
				  .result = ret ? ret : DRAWN_AT(to) };
}

struct vmt_done drawn_brk(int before, int after)
{
	return (struct vmt_done){ .call = VMT_CALL_BRK,
				  .args = { DRAWN_AT(after) },
				  .result = DRAWN_AT(after),
				  .brk = (uint64_t)DRAWN_AT(before) };
}
