/* SPDX-License-Identifier: MIT */
/*
 * core/fast/fast_range.c: random calls are resolved on one table, and made directly on a copy of it.
 * Where that is possible, the resolved call asked nothing, and the maps, their owners and attributes,
 * the counts, the live counts, and what is known of the parts of merged maps are equal.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "core/fast/fast_range.h"
#include "core/resolve/resolve.h"
#include "core/vma/change_decode.h"
#include "drawing.h"

#define PAGES  24
#define ROUNDS 400
#define CALLS  60

struct table {
	unsigned char memory[1 << 17] __attribute__((aligned(16)));
	struct vmt_arena arena;
	struct vmt_space space;
	struct vmt_parts parts;
	int64_t live[CALLS + 8]; /* by site */
};

static struct table resolved, direct;
static struct vmt_resolution resolution;
static uint64_t state; /* of the dice */
static unsigned questions;
static bool is_one; /* the kernel's answer */
static int is_ordinary;
static bool has_parts;

static unsigned dice(unsigned below)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(state >> 33) % below;
}

static int walk(void *context, struct vmt_range range, struct vmt_outcome *outcome)
{
	(void)context, (void)range, (void)outcome;
	questions++;
	return -1; /* what comes out is guessed then */
}

static int boundary(void *context, const struct vmt_vma *right)
{
	(void)context, (void)right;
	questions++;
	return !is_one;
}

/* Descriptors 3 and 4 are the same file. */
static int file(void *context, int fd, struct vmt_vma *vma)
{
	(void)context;
	vma->dev = vmt_vma_dev(8, 0);
	vma->inode = fd == 5 ? 8 : 7;
	return is_ordinary;
}

static const struct vmt_kernel_ops kernel = { .walk = walk, .boundary = boundary, .file = file };

static void count_live(void *context, uint32_t site, int delta)
{
	((struct table *)context)->live[site] += delta;
}

static void clear(struct table *table)
{
	vmt_arena_init(&table->arena, table->memory, sizeof(table->memory));
	vmt_space_init(&table->space, &table->arena, NULL);
	table->parts = (struct vmt_parts){ .count = 0 };
	table->space.parts = has_parts ? &table->parts : NULL;
	memset(table->live, 0, sizeof(table->live));
}

static void copy(void)
{
	clear(&direct);
	direct.space.rules = resolved.space.rules;
	memcpy(direct.live, resolved.live, sizeof(direct.live));
	for (struct vmt_map *map = vmt_space_first(&resolved.space); map; map = vmt_space_next(map))
		vmt_space_insert(&direct.space, &map->vma, map->mapped_by, map->put_by, map->time);
	for (int page = 0; page < 2 * PAGES; page++) {
		const struct vmt_part *part =
			vmt_parts_find(&resolved.parts, (uint64_t)DRAWN_AT(page));

		if (part && part->start == (uint64_t)DRAWN_AT(page))
			vmt_parts_join(&direct.parts, &direct.arena, part);
	}
}

static void assert_equal_parts(const char *title)
{
	for (int page = 0; page < 2 * PAGES; page++) {
		uint64_t at = (uint64_t)DRAWN_AT(page);
		const struct vmt_part *a = vmt_parts_find(&resolved.parts, at);
		const struct vmt_part *b = vmt_parts_find(&direct.parts, at);

		cr_assert(!a == !b, "%s: part at %lx", title, at);
		cr_assert(!a || (a->start == b->start && a->end == b->end &&
				 a->mapped_by == b->mapped_by && a->put_by == b->put_by),
			  "%s: part %lx-%lx of %u, put by %u; %lx-%lx of %u, put by %u", title,
			  a ? a->start : 0, a ? a->end : 0, a ? a->mapped_by : 0, a ? a->put_by : 0,
			  b ? b->start : 0, b ? b->end : 0, b ? b->mapped_by : 0,
			  b ? b->put_by : 0);
	}
}

/* Most calls are ld.so's, on a file whose page 0 is at page 0. */
static struct vmt_done random_call(void)
{
	static const long prots[] = { PROT_NONE, R, R, RW, R | PROT_EXEC };
	static const int fds[] = { 3, 3, 3, 3, 4, 5 };
	int at = (int)dice(PAGES), pages = 1 + (int)dice(dice(3) ? 4 : 12);
	long prot = prots[dice(5)];
	bool is_anonymous = dice(5) == 0;
	struct vmt_done done;

	switch (dice(8)) {
	case 0: return drawn_munmap(at, pages, DRAWN_OK);
	case 1: return drawn_mprotect(at, pages, prot, DRAWN_OK);
	}
	done = drawn_mmap(dice(4) ? MAP_FIXED : 0, at, pages, prot, DRAWN_OK);
	if (!is_anonymous) {
		done.args[3] = (done.args[3] & ~MAP_ANONYMOUS);
		done.args[4] = fds[dice(6)];
		done.args[5] = DRAWN_PAGES(at + (dice(5) == 0));
		done.is_loaders = dice(4) > 0;
	}
	return done;
}

/* An mmap without MAP_FIXED goes where nothing is, or the table is wrong. */
static bool is_possible(const struct vmt_done *done)
{
	const struct vmt_map *map = vmt_space_from(&resolved.space, (uint64_t)done->args[0]);

	return done->call != VMT_CALL_MMAP || (done->args[3] & MAP_FIXED) || !map ||
	       map->vma.start >= (uint64_t)(done->args[0] + done->args[1]);
}

static void assert_equal(const char *title)
{
	struct vmt_map *a = vmt_space_first(&resolved.space);
	struct vmt_map *b = vmt_space_first(&direct.space);

	for (; a && b; a = vmt_space_next(a), b = vmt_space_next(b)) {
		cr_assert(vmt_vma_same(&a->vma, &b->vma), "%s: map at %lx", title, a->vma.start);
		cr_assert_eq(a->vma.flags, b->vma.flags, "%s: flags at %lx: %x, %x", title,
			     a->vma.start, a->vma.flags, b->vma.flags);
		cr_assert_eq(a->vma.vma_class, b->vma.vma_class, "%s: class at %lx: %u, %u", title,
			     a->vma.start, a->vma.vma_class, b->vma.vma_class);
		cr_assert(a->mapped_by == b->mapped_by && a->put_by == b->put_by &&
				  a->time == b->time,
			  "%s: owners at %lx", title, a->vma.start);
	}
	cr_assert(!a && !b, "%s: a map too many", title);
	cr_assert_eq(resolved.space.count, direct.space.count, "%s", title);
	cr_assert_arr_eq(resolved.live, direct.live, sizeof(direct.live), "%s: live counts", title);
}

/* Returns whether the call was made directly. */
static bool make(const struct vmt_done *done, uint32_t site, const char *title)
{
	const struct vmt_effect_ops ops[] = { { .live = count_live, .context = &resolved },
					      { .live = count_live, .context = &direct } };
	struct vmt_effect effect = { .out_of_memory = false }, other = effect;
	struct vmt_change change;
	bool is_direct;

	copy();
	vmt_change_decode(done, &change);
	vmt_resolve_file(&direct.space, &change, &kernel);
	is_direct = vmt_fast_range_apply(&direct.space, &change, site, site, &ops[1], &other);
	vmt_change_decode(done, &change);
	questions = 0;
	vmt_resolve(&resolved.space, &change, &kernel, &resolution);
	vmt_effect_apply(&resolved.space, &change, &resolution, site, site, &ops[0], &effect);
	if (!is_direct)
		return false;
	cr_assert_eq(questions, 0, "%s: %u questions", title, questions);
	cr_assert(memcmp(&effect.call, &other.call, sizeof(effect.call)) == 0 &&
			  memcmp(&effect.unseen, &other.unseen, sizeof(effect.unseen)) == 0,
		  "%s: counts", title);
	assert_equal(title);
	assert_equal_parts(title);
	return true;
}

static unsigned play(uint64_t seed)
{
	unsigned count = 0;
	char title[80];

	state = seed;
	has_parts = dice(4) > 0;
	clear(&resolved);
	vmt_outcome_init(&resolution.outcome, &resolved.arena);
	is_one = dice(3) > 0;
	is_ordinary = dice(6) > 0;
	resolved.space.rules.reasons = dice(6) > 0;
	resolved.space.rules.knows_anon_vmas = dice(2);
	for (uint32_t call = 0; call < CALLS; call++) {
		struct vmt_done done = random_call();

		snprintf(title, sizeof(title), "seed %lu, call %u", seed, call);
		if (is_possible(&done) || dice(16) == 0)
			count += make(&done, VMT_SITE_FIRST + dice(4), title);
	}
	return count;
}

Test(fast_range, random_calls_do_what_they_do_when_resolved)
{
	unsigned count = 0;

	for (uint64_t seed = 0; seed < ROUNDS; seed++)
		count += play(seed);
	cr_assert_gt(count, ROUNDS * CALLS / 4, "%u of %u were made directly", count,
		     ROUNDS * CALLS);
}
