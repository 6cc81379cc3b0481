/* SPDX-License-Identifier: MIT */
/*
 * core/known.c: which joins are certain, which are impossible, and which the kernel is asked
 * about. Calls are made one after another on an empty table; the kernel always answers "two maps".
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/mman.h>

#include "carve.h"
#include "drawing.h"
#include "known.h"
#include "quick.h"

#define NONE  PROT_NONE
#define GUARD 102	/* MADV_GUARD_INSTALL */

static unsigned char memory[1 << 18] __attribute__((aligned(16)));
static struct vmt_arena arena;
static struct vmt_space space;
static struct vmt_lesson lesson;
static unsigned asked;
static bool is_one;	/* what the kernel answers */
static bool is_quick;

static unsigned walks;

static int walk(void *context, struct vmt_range range, struct vmt_sketch *sketch)
{
	(void)context;
	(void)range;
	(void)sketch;
	walks++;
	return -1;
}

static int boundary(void *context, const struct vmt_look *right)
{
	(void)context;
	(void)right;
	asked++;
	return !is_one;
}

static void live(void *context, uint32_t site, int delta)
{
	(void)context;
	(void)site;
	(void)delta;
}

/* Returns how many questions it took. */
static unsigned make_somehow(struct vmt_done done)
{
	static const struct vmt_kernel_ops kernel = { .walk = walk, .boundary = boundary };
	static const struct vmt_effect_ops ops = { .live = live };
	struct vmt_change change;
	struct vmt_simple simple;
	struct vmt_effect effect;

	asked = walks = 0;
	if (is_quick && vmt_change_decode_simple(&done, &simple) &&
	    vmt_quick_apply(&space, &simple, VMT_SITE_FIRST, 0, &ops, &effect))
		return 0;
	vmt_change_decode(&done, &change);
	if (is_quick && vmt_carve_apply(&space, &change, VMT_SITE_FIRST, 0, &ops, &effect))
		return 0;
	vmt_learn(&space, &change, &kernel, &lesson);
	vmt_effect_apply(&space, &change, &lesson, VMT_SITE_FIRST, 0, &ops, &effect);
	return asked;
}

/* The same, of a call that nothing is to be walked for. */
static unsigned make(struct vmt_done done)
{
	unsigned number = make_somehow(done);

	cr_assert_eq(walks, 0);
	return number;
}

static unsigned map(long flags, int at, int pages, long prot)
{
	return make(drawn_mmap(flags, at, pages, prot, DRAWN_OK));
}

static unsigned protect(int at, int pages, long prot)
{
	return make(drawn_mprotect(at, pages, prot, DRAWN_OK));
}

static unsigned advise(int at, int pages, long advice)
{
	return make(drawn_madvise(at, pages, advice, DRAWN_OK));
}

static void begin(void)
{
	vmt_arena_init(&arena, memory, sizeof(memory));
	vmt_space_init(&space, &arena, NULL);
	vmt_sketch_init(&lesson.sketch, &arena);
	space.reasons = true;
	is_one = is_quick = false;
}

TestSuite(known, .init = begin);

Test(known, new_memory_joins_memory_of_its_kin)
{
	cr_assert_eq(map(0, 2, 1, RW), 0);
	cr_assert_eq(map(0, 1, 1, RW), 0);
	cr_assert_eq(map(0, 3, 1, RW), 0);
	cr_assert_eq(space.count, 1);
}

Test(known, it_is_the_same_the_quick_way)
{
	is_quick = true;
	cr_assert_eq(map(0, 2, 1, RW), 0);
	cr_assert_eq(map(0, 1, 1, RW), 0);
	cr_assert_eq(map(0, 3, 1, RW), 0);
	cr_assert_eq(space.count, 1);
	cr_assert_eq(map(MAP_NORESERVE, 7, 1, NONE), 0);
	cr_assert_eq(map(MAP_NORESERVE, 6, 1, NONE), 1);
	cr_assert_eq(protect(1, 1, R), 0);
	cr_assert_eq(map(0, 0, 1, R), 1, "has it been written to?");
}

Test(known, nothing_is_known_without_reasons)
{
	space.reasons = false;
	map(0, 2, 1, RW);
	cr_assert_eq(map(0, 1, 1, RW), 1);
	cr_assert_eq(space.count, 2);
}

Test(known, a_reserve_becomes_accessible_piece_by_piece)
{
	map(MAP_NORESERVE, 0, 9, NONE);
	cr_assert_eq(protect(0, 2, RW), 0);
	cr_assert_eq(protect(2, 2, RW), 0);
	cr_assert_eq(space.count, 2);
	cr_assert_eq(protect(3, 1, NONE), 1, "was it written to?");
}

Test(known, what_has_been_accessible_is_the_kernels_to_judge)
{
	map(0, 0, 3, RW);
	cr_assert_eq(protect(1, 1, R), 0);
	cr_assert_eq(protect(1, 1, RW), 2);
}

Test(known, two_neighbours_may_not_fit_each_other)
{
	map(0, 0, 1, RW);
	map(0, 2, 1, RW);
	is_one = true;
	cr_assert_eq(map(0, 1, 1, RW), 2);
	begin();
	map(0, 0, 1, RW);
	map(0, 2, 1, RW);
	cr_assert_eq(map(0, 1, 1, RW), 1, "not the left one: then it is the right one");
	cr_assert_eq(space.count, 2);
	begin();
	map(0, 0, 1, NONE);
	map(0, 2, 1, NONE);
	cr_assert_eq(map(0, 1, 1, NONE), 0);
	cr_assert_eq(space.count, 1);
}

Test(known, what_a_call_leaves_as_it_is_is_not_cut)
{
	map(0, 0, 4, RW);
	cr_assert_eq(protect(1, 2, RW), 0);
	cr_assert_eq(advise(1, 2, MADV_DOFORK), 0);
	cr_assert_eq(space.count, 1);
}

Test(known, advice_keeps_apart)
{
	map(0, 0, 4, NONE);
	cr_assert_eq(advise(0, 2, MADV_DONTFORK), 0);
	cr_assert_eq(space.count, 2);
	cr_assert_eq(advise(2, 2, MADV_DONTFORK), 0);
	cr_assert_eq(space.count, 1);
}

Test(known, a_guard_gives_an_anon_vma)
{
	map(0, 0, 4, NONE);
	cr_assert_eq(protect(0, 1, RW), 0);
	cr_assert_eq(advise(1, 1, GUARD), 0);
	cr_assert_eq(protect(1, 1, RW), 1);
}

Test(known, each_noreserve_is_of_its_own_kin)
{
	map(MAP_NORESERVE, 0, 1, NONE);
	cr_assert_eq(map(MAP_NORESERVE, 1, 1, NONE), 1);
	cr_assert_eq(map(MAP_NORESERVE, 2, 1, NONE), 1);
}

Test(known, locks_policies_and_keys_blur)
{
	struct vmt_done lock = { .call = VMT_CALL_MLOCK2,
				 .args = { DRAWN_AT(0), DRAWN_PAGES(1), 1 } };
	struct vmt_done key = { .call = VMT_CALL_PKEY_MPROTECT,
				.args = { DRAWN_AT(4), DRAWN_PAGES(1), RW, 1 } };

	map(0, 0, 1, RW);
	make(lock);
	cr_assert_eq(map(0, 1, 1, RW), 1);
	map(0, 4, 1, NONE);
	make(key);
	cr_assert_eq(map(0, 5, 1, RW), 1);
}

Test(known, what_the_kernel_has_joined_is_of_one_kin)
{
	static const struct vmt_look unknown = { .start = DRAWN_START,
						 .end = DRAWN_START + VMT_PAGE_SIZE,
						 .flags = VMT_MAP_READ | VMT_MAP_WRITE };

	cr_assert_not_null(vmt_space_insert(&space, &unknown, VMT_SITE_STARTUP, VMT_SITE_STARTUP, 0));
	is_one = true;
	cr_assert_eq(map(0, 1, 1, RW), 1);
	cr_assert_eq(map(0, 2, 1, RW), 0);
	cr_assert_eq(space.count, 1);
	vmt_known_forget(&space);
	cr_assert_eq(map(0, 3, 1, RW), 1);
}

Test(known, the_first_answer_tells_what_map_stack_means)
{
	map(MAP_STACK, 0, 1, RW);
	cr_assert_eq(map(0, 1, 1, RW), 1);
	map(MAP_STACK, 5, 1, RW);
	cr_assert_eq(map(0, 6, 1, RW), 0);
	cr_assert_eq(space.count, 4);
	begin();
	is_one = true;
	map(MAP_STACK, 0, 1, RW);
	cr_assert_eq(map(0, 1, 1, RW), 1);
	cr_assert_eq(map(MAP_STACK, 2, 1, RW), 0);
	cr_assert_eq(space.count, 1);
}

Test(known, moved_memory_is_drawn_and_its_edges_asked_about)
{
	map(0, 0, 2, RW);
	map(0, 8, 1, RW);
	cr_assert_eq(make(drawn_mremap(MREMAP_MAYMOVE, 0, 2, 3, 5, DRAWN_OK)), 1);
	cr_assert_eq(space.count, 2);
	cr_assert_eq(make(drawn_mremap(MREMAP_MAYMOVE, 5, 3, 1, 5, DRAWN_OK)), 0);
	cr_assert_eq(vmt_space_first(&space)->look.end, (uint64_t)DRAWN_AT(6));
}

Test(known, mprotect_that_begins_in_a_hole_changes_nothing)
{
	map(0, 1, 2, RW);
	cr_assert_eq(make(drawn_mprotect(0, 4, R, -ENOMEM)), 0);
	cr_assert_eq(space.count, 1);
	cr_assert(vmt_space_first(&space)->look.flags & VMT_MAP_WRITE);
}

Test(known, mprotect_that_fails_further_on_is_walked)
{
	map(0, 0, 2, RW);
	make_somehow(drawn_mprotect(0, 4, R, -ENOMEM));
	cr_assert_eq(walks, 1, "is the hole what it stopped at?");
	make_somehow(drawn_mprotect(0, 2, R, -ENOMEM));
	cr_assert_eq(walks, 1, "there is none");
	space.reasons = false;
	make_somehow(drawn_mprotect(4, 2, R, -ENOMEM));
	cr_assert_eq(walks, 1, "it may not be in the table");
}

Test(known, madvise_passes_over_holes)
{
	map(0, 0, 2, RW);
	map(0, 3, 2, RW);
	cr_assert_eq(make(drawn_madvise(1, 3, MADV_DONTDUMP, -ENOMEM)), 0);
	cr_assert_eq(space.count, 4);
	cr_assert_eq(vmt_space_first(&space)->look.end, (uint64_t)DRAWN_AT(1));
	make_somehow(drawn_madvise(0, 1, MADV_DONTDUMP, -ENOMEM));
	cr_assert_eq(walks, 1, "there is none");
	make_somehow(drawn_madvise(2, 3, MADV_DONTDUMP, DRAWN_OK));
	cr_assert_eq(walks, 1, "there is one");
}

Test(known, a_stack_may_have_grown_into_the_hole)
{
	static const struct vmt_look stack = { .start = DRAWN_START + 8 * VMT_PAGE_SIZE,
					       .end = DRAWN_START + 9 * VMT_PAGE_SIZE,
					       .flags = VMT_MAP_READ | VMT_MAP_STACK };

	map(0, 0, 2, RW);
	cr_assert_not_null(vmt_space_insert(&space, &stack, VMT_SITE_STARTUP, VMT_SITE_STARTUP, 0));
	make_somehow(drawn_madvise(1, 4, MADV_DONTDUMP, -ENOMEM));
	cr_assert_eq(walks, 1);
}
