/* SPDX-License-Identifier: MIT */
/*
 * core/vma/space.c: both indexes agree, callbacks hear of every change, and a full arena does no
 * harm.
 */
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "core/vma/space.h"

#define AT(page) ((uint64_t)(page)*VMT_PAGE_SIZE)

static unsigned char block[8 << 20] __attribute__((aligned(16)));
static struct vmt_arena arena;
static struct vmt_space space;
static unsigned changed, removed;

static void note_changed(void *context, struct vmt_map *map)
{
	(void)context;
	(void)map;
	changed++;
}

static void note_removed(void *context, struct vmt_map *map)
{
	(void)context;
	(void)map;
	removed++;
}

static const struct vmt_space_ops ops = { .changed = note_changed, .removed = note_removed };

static void start(size_t size)
{
	vmt_arena_init(&arena, block, size);
	vmt_space_init(&space, &arena, &ops);
}

static struct vmt_map *add(uint64_t from, uint64_t to, uint32_t flags)
{
	struct vmt_vma vma = { .start = AT(from), .end = AT(to), .flags = flags };

	return vmt_space_insert(&space, &vma, 3, 4, 5);
}

Test(space, an_empty_table_finds_nothing)
{
	start(sizeof(block));
	cr_assert_null(vmt_space_first(&space));
	cr_assert_null(vmt_space_from(&space, 0));
	cr_assert_null(vmt_space_find(&space, AT(1)));
	cr_assert_null(vmt_space_at(&space, AT(1)));
}

/* The levels of the tree below a map. */
static unsigned height_of(const struct vmt_map *map)
{
	unsigned left, right;

	if (!map)
		return 0;
	left = height_of(RB_LEFT(map, order));
	right = height_of(RB_RIGHT(map, order));
	return 1 + (left > right ? left : right);
}

/* The memory of each new map is all that it takes: nothing is ever rebuilt to make room. */
Test(space, no_map_of_many_takes_more_work_than_another)
{
	const uint64_t count = 300000;
	size_t size = count * 320;
	void *memory = malloc(size);

	cr_assert_not_null(memory);
	vmt_arena_init(&arena, memory, size);
	vmt_space_init(&space, &arena, NULL);
	for (uint64_t i = 0; i < count; i++) {
		size_t used = arena.used;

		cr_assert_not_null(add(0x7f1234567 + 2 * i, 0x7f1234568 + 2 * i, 0));
		cr_assert_leq(arena.used - used, sizeof(struct vmt_map) + 16);
	}
	cr_assert_leq(height_of(RB_ROOT(&space.tree)), 40, "at most twice the logarithm");
	free(memory);
}

Test(space, find_is_half_open)
{
	start(sizeof(block));

	struct vmt_map *map = add(2, 4, 0);

	cr_assert_null(vmt_space_find(&space, AT(2) - 1));
	cr_assert_eq(vmt_space_find(&space, AT(2)), map);
	cr_assert_eq(vmt_space_find(&space, AT(4) - 1), map);
	cr_assert_null(vmt_space_find(&space, AT(4)));
}

Test(space, from_gives_the_next_map_in_a_hole)
{
	start(sizeof(block));

	struct vmt_map *low = add(2, 4, 0);
	struct vmt_map *high = add(6, 8, 0);

	cr_assert_eq(vmt_space_from(&space, 0), low);
	cr_assert_eq(vmt_space_from(&space, AT(3)), low);
	cr_assert_eq(vmt_space_from(&space, AT(4)), high);
	cr_assert_eq(vmt_space_from(&space, AT(7)), high);
	cr_assert_null(vmt_space_from(&space, AT(8)));
}

Test(space, at_knows_starts_only)
{
	start(sizeof(block));

	struct vmt_map *map = add(2, 4, 0);

	cr_assert_eq(vmt_space_at(&space, AT(2)), map);
	cr_assert_null(vmt_space_at(&space, AT(3)));
}

Test(space, maps_are_walked_in_address_order)
{
	start(sizeof(block));
	for (uint64_t i = 0; i < 1000; i++)
		cr_assert_not_null(add(i * 617 % 1000 * 2, i * 617 % 1000 * 2 + 1, 0));

	struct vmt_map *map = vmt_space_first(&space);

	for (uint64_t i = 0; i < 1000; i++, map = vmt_space_next(map)) {
		cr_assert_eq(map->vma.start, AT(2 * i));
		cr_assert_eq(vmt_space_at(&space, AT(2 * i)), map);
		if (i)
			cr_assert_eq(vmt_space_prev(map)->vma.start, AT(2 * i - 2));
	}
	cr_assert_null(map);
	cr_assert_eq(space.count, 1000);
}

/* Returns the number of black records on each way down, which must be equal in a red-black tree. */
static unsigned black_height(const struct vmt_map *map)
{
	unsigned left, right;

	if (!map)
		return 1;
	left = black_height(RB_LEFT(map, order));
	right = black_height(RB_RIGHT(map, order));
	cr_assert_eq(left, right);
	if (RB_COLOR(map, order) == 1 && RB_PARENT(map, order))
		cr_assert_eq(RB_COLOR(RB_PARENT(map, order), order), 0, "two red ones");
	return left + (RB_COLOR(map, order) == 0);
}

static void expect_pages(const bool *has, unsigned pages)
{
	const struct vmt_map *map = vmt_space_first(&space);

	for (unsigned page = 0; page < pages; page++) {
		cr_assert_eq(vmt_space_at(&space, AT(page)) != NULL, has[page]);
		if (!has[page])
			continue;
		cr_assert(map && map->vma.start == AT(page));
		map = vmt_space_next((struct vmt_map *)(uintptr_t)map);
	}
	cr_assert_null(map);
	black_height(RB_ROOT(&space.tree));
}

/* Look-ups near the last change take another path than those far away. */
static void expect_from(const bool *has, unsigned pages, unsigned at)
{
	for (unsigned page = at > 3 ? at - 3 : 0; page < at + 4 && page < pages; page++) {
		const struct vmt_map *map = vmt_space_from(&space, AT(page) + 1);
		unsigned next = page;

		while (next < pages && !has[next])
			next++;
		cr_assert_eq(map ? map->vma.start : 0, next < pages ? AT(next) : 0);
		map = vmt_space_at(&space, AT(page));
		cr_assert_eq(map != NULL, has[page]);
	}
}

Test(space, a_map_goes_before_the_one_that_follows_it)
{
	unsigned seed = (unsigned)time(NULL);
	bool has[200] = { false };

	cr_log_info("seed %u", seed);
	start(sizeof(block));
	srandom(seed);
	for (int i = 0; i < 5000; i++) {
		unsigned page = (unsigned)random() % VMT_COUNT(has);
		struct vmt_vma vma = { .start = AT(page), .end = AT(page + 1) };

		if (has[page])
			vmt_space_remove(&space, vmt_space_at(&space, AT(page)));
		else
			cr_assert_not_null(vmt_space_insert_before(
				&space, vmt_space_from(&space, AT(page)), &vma, 3, 4, 5));
		has[page] = !has[page];
		expect_from(has, VMT_COUNT(has), page);
		if (i % 10 == 0)
			expect_pages(has, VMT_COUNT(has));
	}
}

Test(space, removed_maps_are_gone_from_both_indexes)
{
	start(sizeof(block));
	for (uint64_t i = 0; i < 5000; i++)
		cr_assert_not_null(add(2 * i, 2 * i + 1, 0));
	for (uint64_t i = 0; i < 5000; i += 2)
		vmt_space_remove(&space, vmt_space_at(&space, AT(2 * i)));
	cr_assert_eq(space.count, 2500);
	for (uint64_t i = 0; i < 5000; i++) {
		cr_assert_eq(vmt_space_at(&space, AT(2 * i)) != NULL, i % 2);
		cr_assert_eq(vmt_space_find(&space, AT(2 * i)) != NULL, i % 2);
	}
}

Test(space, memory_of_removed_maps_is_used_again)
{
	start(1 << 17);
	for (uint64_t i = 0; i < 100000; i++)
		vmt_space_remove(&space, add(i, i + 1, 0));
	cr_assert_eq(space.count, 0);
}

Test(space, own_maps_are_counted_apart)
{
	start(sizeof(block));

	struct vmt_map *own = add(2, 4, VMT_MAP_OWN);
	struct vmt_map *other = add(6, 8, 0);
	struct vmt_vma vma = other->vma;

	cr_assert_eq(space.own, 1);
	vma.flags = VMT_MAP_OWN;
	vmt_space_update(&space, other, &vma, 1, 1, 1);
	cr_assert_eq(space.own, 2);
	vmt_space_remove(&space, own);
	cr_assert_eq(space.own, 1);
	cr_assert_eq(space.count, 1);
}

Test(space, listeners_hear_of_every_change)
{
	start(sizeof(block));
	changed = removed = 0;

	struct vmt_map *map = add(2, 4, 0);
	struct vmt_vma vma = map->vma;

	cr_assert_eq(changed, 1);
	vma.end = AT(3);
	vmt_space_update(&space, map, &vma, 7, 8, 9);
	cr_assert_eq(changed, 2);
	cr_assert_eq(map->mapped_by, 7);
	cr_assert_eq(map->put_by, 8);
	cr_assert_eq(map->time, 9);
	vmt_space_remove(&space, map);
	cr_assert_eq(removed, 1);
}

/* Every block size. */
Test(space, out_of_memory_changes_nothing)
{
	for (size_t size = 0; size < 400000; size += size < 20000 ? 16 : 4096) {
		uint64_t added = 0;

		start(size);
		while (added < 12000 && add(2 * added, 2 * added + 1, 0))
			added++;
		cr_assert_eq(space.count, added, "block of %zu", size);
		for (uint64_t i = 0; i < added; i++)
			cr_assert_not_null(vmt_space_at(&space, AT(2 * i)));
		cr_assert_null(vmt_space_at(&space, AT(2 * added)));
		for (uint64_t i = 0; i < added; i++)
			vmt_space_remove(&space, vmt_space_at(&space, AT(2 * i)));
		cr_assert_null(vmt_space_first(&space));
	}
}

static struct vmt_vma vma_of(uint64_t from, uint64_t to, uint64_t offset, uint64_t inode)
{
	return (struct vmt_vma){ .start = AT(from),
				 .end = AT(to),
				 .offset = AT(offset),
				 .inode = inode,
				 .flags = VMT_MAP_READ };
}

Test(space, looks_continue_when_only_hidden_things_could_differ)
{
	struct vmt_vma left = vma_of(1, 3, 0, 0);
	struct vmt_vma right = vma_of(3, 5, 0, 0);

	cr_assert(vmt_vma_continues(&left, &right));
	cr_assert_not(vmt_vma_continues(&right, &left));
	right.flags |= VMT_MAP_WRITE;
	cr_assert_not(vmt_vma_continues(&left, &right));
	right = vma_of(4, 5, 0, 0);
	cr_assert_not(vmt_vma_continues(&left, &right), "a hole between");
}

Test(space, looks_of_a_file_continue_when_offsets_do)
{
	struct vmt_vma left = vma_of(1, 3, 7, 42);
	struct vmt_vma right = vma_of(3, 5, 9, 42);

	cr_assert(vmt_vma_continues(&left, &right));
	right.offset = AT(8);
	cr_assert_not(vmt_vma_continues(&left, &right));
	right = vma_of(3, 5, 9, 43);
	cr_assert_not(vmt_vma_continues(&left, &right));
	right = vma_of(3, 5, 9, 42);
	right.dev = 1;
	cr_assert_not(vmt_vma_continues(&left, &right));
}

Test(space, own_maps_never_continue_others)
{
	struct vmt_vma left = vma_of(1, 3, 0, 0);
	struct vmt_vma right = vma_of(3, 5, 0, 0);

	right.flags |= VMT_MAP_OWN;
	cr_assert_not(vmt_vma_continues(&left, &right));
}

Test(space, same_looks_at_what_proc_maps_shows)
{
	struct vmt_vma a = vma_of(1, 3, 0, 0);
	struct vmt_vma b = a;

	b.flags |= VMT_MAP_STACK;
	cr_assert(vmt_vma_same(&a, &b));
	b.flags |= VMT_MAP_EXEC;
	cr_assert_not(vmt_vma_same(&a, &b));
}

static struct vmt_parts parts;

static void start_with_parts(void)
{
	start(sizeof(block));
	parts = (struct vmt_parts){ .count = 0 };
	space.parts = &parts;
}

static void expect_owners(int page, enum vmt_new_start how, uint32_t mapped_by, uint32_t put_by)
{
	struct vmt_owners owners = { 2, 9 };

	vmt_space_settle(&space, AT(page), how, &owners);
	cr_assert_eq(owners.mapped_by, mapped_by, "page %d is of %u", page, owners.mapped_by);
	cr_assert_eq(owners.put_by, put_by, "page %d was put by %u", page, owners.put_by);
}

/* Site 3 maps "33" below what site 2 has mapped and site 4 has cut: "3322". */
Test(space, what_has_merged_comes_apart_again)
{
	struct vmt_map *old;

	start_with_parts();
	old = add(4, 6, 0);
	old->mapped_by = 2;
	old->put_by = 4;
	vmt_space_note_mapped(&space, (struct vmt_range){ AT(2), AT(4) }, 3, NULL, old);
	vmt_space_note_joined(&space, (struct vmt_range){ AT(4), AT(6) },
			      (struct vmt_owners){ 2, 4 }, 3);
	expect_owners(2, VMT_START_MOVED, 3, 3);
	expect_owners(3, VMT_START_BEYOND, 3, 9);
	expect_owners(4, VMT_START_MOVED, 2, 4);
	expect_owners(4, VMT_START_BEYOND, 2, 4);
	expect_owners(4, VMT_START_CUT, 2, 9);
	expect_owners(5, VMT_START_BEYOND, 2, 9);
}

/* A site that maps beside what it has mapped needs no part, and one part grows. */
Test(space, parts_of_one_site_are_one)
{
	struct vmt_map *old;

	start_with_parts();
	old = add(6, 8, 0);
	old->mapped_by = old->put_by = 2;
	vmt_space_note_mapped(&space, (struct vmt_range){ AT(5), AT(6) }, 2, NULL, old);
	cr_assert_eq(parts.count, 0);
	vmt_space_note_mapped(&space, (struct vmt_range){ AT(4), AT(6) }, 3, NULL, old);
	vmt_space_note_mapped(&space, (struct vmt_range){ AT(4), AT(6) }, 3, NULL, old);
	old->mapped_by = 3;
	vmt_space_note_mapped(&space, (struct vmt_range){ AT(2), AT(4) }, 3, NULL, old);
	cr_assert_eq(parts.count, 1);
	expect_owners(4, VMT_START_BEYOND, 3, 9);
	vmt_space_note_mapped(&space, (struct vmt_range){ AT(3), AT(4) }, 5, NULL, NULL);
	expect_owners(2, VMT_START_MOVED, 3, 3);
	expect_owners(3, VMT_START_MOVED, 2, 9);
	expect_owners(4, VMT_START_MOVED, 3, 9);
}

Test(space, there_are_not_too_many_parts)
{
	struct vmt_map *old;

	start_with_parts();
	old = add(1, 2, 0);
	old->mapped_by = old->put_by = 2;
	for (int page = 2; page < 3 * (int)VMT_PARTS_MAX; page++)
		vmt_space_note_mapped(&space, (struct vmt_range){ AT(page), AT(page + 1) },
				      3 + (uint32_t)page % 2, old, NULL);
	cr_assert_eq(parts.count, VMT_PARTS_MAX);
	expect_owners(3 * (int)VMT_PARTS_MAX - 1, VMT_START_MOVED, 3 + (3 * VMT_PARTS_MAX - 1) % 2,
		      3 + (3 * VMT_PARTS_MAX - 1) % 2);
}
