/* SPDX-License-Identifier: MIT */
/*
 * core/vma/merge_rules.c: which merges are certain, which are impossible, and which the kernel is
 * asked about. Calls are made one after the other on an empty table; the kernel answers "two maps".
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/mman.h>

#include "core/fast/fast.h"
#include "core/fast/fast_range.h"
#include "core/vma/change_decode.h"
#include "core/vma/merge_rules.h"
#include "drawing.h"

#define NONE  PROT_NONE
#define GUARD 102 /* MADV_GUARD_INSTALL */

static unsigned char memory[1 << 18] __attribute__((aligned(16)));
static struct vmt_arena arena;
static struct vmt_space space;
static struct vmt_resolution resolution;
static unsigned asked;
static bool is_one, is_quick; /* the kernel's answer; use the fast way */
static int is_ordinary;
static bool is_disturbed, is_stale;

static unsigned walks;

static int walk(void *context, struct vmt_range range, struct vmt_outcome *outcome)
{
	(void)context;
	(void)range;
	(void)outcome;
	walks++;
	return -1;
}

static int boundary(void *context, const struct vmt_vma *right)
{
	(void)context;
	(void)right;
	asked++;
	if (is_stale)
		return -ESTALE;
	return !is_one;
}

static int file(void *context, int fd, struct vmt_vma *vma)
{
	(void)context;
	(void)fd;
	vma->dev = vmt_vma_dev(8, 0);
	vma->inode = 7;
	return is_ordinary;
}

static bool is_alone(void *context)
{
	(void)context;
	return !is_disturbed;
}

static void live(void *context, uint32_t site, int delta)
{
	(void)context;
	(void)site;
	(void)delta;
}

/* Returns how many questions were asked. */
static unsigned make_somehow(struct vmt_done done)
{
	static const struct vmt_kernel_ops kernel = {
		.walk = walk, .boundary = boundary, .file = file, .is_alone = is_alone
	};
	static const struct vmt_effect_ops ops = { .live = live };
	struct vmt_change change;
	struct vmt_simple simple;
	struct vmt_effect effect;

	asked = walks = 0;
	if (is_quick && vmt_change_decode_simple(&done, &simple) &&
	    vmt_fast_apply(&space, &simple, VMT_SITE_FIRST, 0, &ops, &effect))
		return 0;
	vmt_change_decode(&done, &change);
	if (is_quick && vmt_fast_range_apply(&space, &change, VMT_SITE_FIRST, 0, &ops, &effect))
		return 0;
	vmt_resolve(&space, &change, &kernel, &resolution);
	vmt_effect_apply(&space, &change, &resolution, VMT_SITE_FIRST, 0, &ops, &effect);
	return asked;
}

/* Likewise, for a call after which nothing may be walked. */
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
	vmt_outcome_init(&resolution.outcome, &arena);
	space.rules.reasons = true;
	is_one = is_quick = is_disturbed = is_stale = false;
	is_ordinary = 1;
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
	space.rules.reasons = false;
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

/* Two maps with MAP_NORESERVE, one without, and no question: returns how many maps result. */
static uint64_t maps_under(enum vmt_noreserve noreserve)
{
	begin();
	space.rules.noreserve = noreserve;
	map(MAP_NORESERVE, 0, 1, NONE);
	cr_assert_eq(map(MAP_NORESERVE, 1, 1, NONE), 0);
	cr_assert_eq(map(0, 2, 1, NONE), 0);
	return space.count;
}

Test(known, noreserve_is_what_the_overcommit_mode_makes_of_it)
{
	map(MAP_NORESERVE, 0, 1, NONE);
	cr_assert_eq(map(MAP_NORESERVE, 1, 1, NONE), 1, "the mode is not known");
	cr_assert_eq(maps_under(VMT_NORESERVE_KEPT), 2);
	cr_assert_eq(maps_under(VMT_NORESERVE_IGNORED), 1);
}

Test(known, noreserve_is_never_accounted_for)
{
	space.rules.noreserve = VMT_NORESERVE_KEPT;
	map(MAP_NORESERVE, 0, 1, RW);
	protect(0, 1, R);
	cr_assert_eq(map(MAP_NORESERVE, 1, 1, R), 0);
	cr_assert_eq(space.count, 1);
	begin();
	map(0, 0, 1, RW);
	protect(0, 1, R);
	cr_assert_eq(map(0, 1, 1, R), 1, "written to, it is accounted for still");
}

Test(known, a_sample_is_asked_about_and_refutes)
{
	map(0, 0, 1, RW);
	is_one = space.rules.is_sample = true;
	cr_assert_eq(map(0, 1, 1, RW), 1);
	cr_assert_not(space.rules.is_refuted);
	is_one = false;
	cr_assert_eq(map(0, 2, 1, RW), 1);
	cr_assert(space.rules.is_refuted);
	cr_assert_eq(space.count, 2, "the kernel is right");
	is_quick = true;
	cr_assert_eq(map(0, 3, 1, RW), 1, "also the quick way");
	space.rules.is_refuted = false;
	is_stale = true;
	make_somehow(drawn_mmap(0, 4, 1, RW, DRAWN_OK));
	cr_assert(space.rules.is_refuted, "what is there is another map");
}

/* ld.so maps a piece of a file, whose page 0 is at page 0. */
static unsigned load(int fd, int at, int pages, long prot, bool is_piece)
{
	struct vmt_done done = { .call = VMT_CALL_MMAP,
				 .args = { DRAWN_AT(at), DRAWN_PAGES(pages), prot,
					   MAP_PRIVATE | (is_piece ? MAP_FIXED : 0), fd,
					   DRAWN_PAGES(at) },
				 .result = DRAWN_AT(at),
				 .is_loaders = true };

	return make(done);
}

Test(known, what_ld_so_maps_of_a_library_is_one_file)
{
	is_one = true;
	load(3, 0, 9, R, false);
	cr_assert_eq(load(3, 1, 2, R | PROT_EXEC, true), 0);
	cr_assert_eq(load(3, 3, 2, R, true), 1, "does the file system let them join?");
	cr_assert_eq(load(3, 5, 1, R, true), 0);
	cr_assert_eq(space.count, 3);
	cr_assert_eq(load(4, 6, 1, R, true), 2, "another file, or the same opened again");
	is_ordinary = 0;
	load(3, 20, 9, R, false);
	cr_assert_eq(load(3, 22, 1, R, true), 2);
}

Test(known, a_file_system_may_keep_its_maps_apart)
{
	load(3, 0, 9, R, false);
	cr_assert_eq(load(3, 1, 2, R, true), 1);
	load(3, 20, 9, R, false);
	cr_assert_eq(load(3, 21, 2, R, true), 0);
	cr_assert_eq(space.count, 6);
}

Test(known, a_file_stays_accounted_for)
{
	load(3, 0, 9, R, false);
	load(3, 4, 5, RW, true);
	cr_assert_eq(protect(4, 2, R), 0);
	cr_assert_eq(space.count, 3);
}

Test(known, what_has_not_been_written_to_since_a_cut_fits)
{
	space.rules.knows_anon_vmas = is_one = true;
	space.rules.noreserve = VMT_NORESERVE_KEPT;
	map(MAP_NORESERVE, 0, 8, RW);
	cr_assert_eq(protect(3, 1, NONE), 0);
	cr_assert_eq(protect(4, 1, NONE), 0, "a guard beside a guard");
	cr_assert_eq(space.count, 3);
	cr_assert_eq(protect(3, 2, RW), 2,
		     "the left side; and the right one fits, but do the sides?");
	begin();
	space.rules.knows_anon_vmas = true;
	space.rules.noreserve = VMT_NORESERVE_KEPT;
	map(MAP_NORESERVE, 0, 8, RW);
	protect(3, 1, NONE);
	cr_assert_eq(protect(3, 1, RW), 1, "the sides, of each other");
	begin();
	map(0, 0, 8, RW);
	protect(3, 1, R);
	cr_assert_eq(protect(3, 1, RW), 2, "an older kernel");
}

Test(known, an_answer_tells_of_anon_vmas)
{
	space.rules.knows_anon_vmas = true;
	map(0, 0, 2, RW);
	map(0, 4, 2, RW);
	cr_assert_eq(map(0, 2, 2, RW), 1, "the left one takes it");
	cr_assert_eq(space.count, 2);
	protect(3, 2, R);
	cr_assert_eq(protect(3, 2, RW), 0, "known by now");
	cr_assert_eq(space.count, 2);
}

Test(known, an_answer_that_another_call_came_before_tells_nothing)
{
	space.rules.knows_anon_vmas = is_disturbed = true;
	map(0, 0, 2, RW);
	map(0, 4, 2, RW);
	cr_assert_eq(map(0, 2, 2, RW), 1);
	protect(3, 2, R);
	cr_assert_neq(protect(3, 2, RW), 0);
	begin();
	space.rules.is_sample = is_disturbed = true;
	map(0, 0, 1, RW);
	cr_assert_eq(map(0, 1, 1, RW), 1);
	cr_assert_not(space.rules.is_refuted);
}

Test(known, an_answer_with_other_reasons_tells_nothing)
{
	space.rules.knows_anon_vmas = true;
	map(0, 0, 1, RW);
	protect(0, 1, R);
	cr_assert_eq(map(0, 1, 1, R), 1, "accounted for?");
	for (struct vmt_map *at = vmt_space_first(&space); at; at = vmt_space_next(at))
		cr_assert_eq(at->vma.anon, 0);
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
	static const struct vmt_vma unknown = { .start = DRAWN_START,
						.end = DRAWN_START + VMT_PAGE_SIZE,
						.flags = VMT_MAP_READ | VMT_MAP_WRITE };

	cr_assert_not_null(
		vmt_space_insert(&space, &unknown, VMT_SITE_STARTUP, VMT_SITE_STARTUP, 0));
	is_one = true;
	cr_assert_eq(map(0, 1, 1, RW), 1);
	cr_assert_eq(map(0, 2, 1, RW), 0);
	cr_assert_eq(space.count, 1);
	vmt_merge_rules_forget(&space);
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

Test(known, advice_about_huge_pages_hides_what_map_stack_means)
{
	map(MAP_STACK, 0, 1, NONE);
	map(0, 1, 1, RW);
	advise(0, 2, MADV_HUGEPAGE);
	is_one = true;
	cr_assert_eq(protect(0, 1, RW), 1);
	cr_assert_eq(space.count, 1, "the advice has replaced what MAP_STACK did");
	is_one = false;
	map(MAP_STACK, 5, 1, RW);
	cr_assert_eq(map(0, 6, 1, RW), 1, "it is not known yet");
	cr_assert_eq(space.count, 3);
}

Test(known, moved_memory_is_drawn_and_its_edges_asked_about)
{
	map(0, 0, 2, RW);
	map(0, 8, 1, RW);
	cr_assert_eq(make(drawn_mremap(MREMAP_MAYMOVE, 0, 2, 3, 5, DRAWN_OK)), 1);
	cr_assert_eq(space.count, 2);
	cr_assert_eq(make(drawn_mremap(MREMAP_MAYMOVE, 5, 3, 1, 5, DRAWN_OK)), 0);
	cr_assert_eq(vmt_space_first(&space)->vma.end, (uint64_t)DRAWN_AT(6));
}

Test(known, mprotect_that_begins_in_a_hole_changes_nothing)
{
	map(0, 1, 2, RW);
	cr_assert_eq(make(drawn_mprotect(0, 4, R, -ENOMEM)), 0);
	cr_assert_eq(space.count, 1);
	cr_assert(vmt_space_first(&space)->vma.flags & VMT_MAP_WRITE);
}

Test(known, mprotect_that_fails_further_on_is_walked)
{
	map(0, 0, 2, RW);
	make_somehow(drawn_mprotect(0, 4, R, -ENOMEM));
	cr_assert_eq(walks, 1, "is the hole what it stopped at?");
	make_somehow(drawn_mprotect(0, 2, R, -ENOMEM));
	cr_assert_eq(walks, 1, "there is none");
	space.rules.reasons = false;
	make_somehow(drawn_mprotect(4, 2, R, -ENOMEM));
	cr_assert_eq(walks, 1, "it may not be in the table");
}

Test(known, madvise_passes_over_holes)
{
	map(0, 0, 2, RW);
	map(0, 3, 2, RW);
	cr_assert_eq(make(drawn_madvise(1, 3, MADV_DONTDUMP, -ENOMEM)), 0);
	cr_assert_eq(space.count, 4);
	cr_assert_eq(vmt_space_first(&space)->vma.end, (uint64_t)DRAWN_AT(1));
	make_somehow(drawn_madvise(0, 1, MADV_DONTDUMP, -ENOMEM));
	cr_assert_eq(walks, 1, "there is none");
	make_somehow(drawn_madvise(2, 3, MADV_DONTDUMP, DRAWN_OK));
	cr_assert_eq(walks, 1, "there is one");
}

Test(known, a_stack_may_have_grown_into_the_hole)
{
	static const struct vmt_vma stack = { .start = DRAWN_START + 8 * VMT_PAGE_SIZE,
					      .end = DRAWN_START + 9 * VMT_PAGE_SIZE,
					      .flags = VMT_MAP_READ | VMT_MAP_STACK };

	map(0, 0, 2, RW);
	cr_assert_not_null(vmt_space_insert(&space, &stack, VMT_SITE_STARTUP, VMT_SITE_STARTUP, 0));
	make_somehow(drawn_madvise(1, 4, MADV_DONTDUMP, -ENOMEM));
	cr_assert_eq(walks, 1);
}
