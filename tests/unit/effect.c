/* SPDX-License-Identifier: MIT */
/*
 * core/resolve/effect.c: what each call did, and who owns the maps afterwards. There is a test for
 * each row of the table that defines created, split, merged and removed, and for special cases.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "drawing.h"

#include "core/vma/change_decode.h"

#define FIXED     MAP_FIXED
#define MOVE      (MREMAP_MAYMOVE | MREMAP_FIXED)
#define DONTUNMAP (MOVE | 4)
#define OK        DRAWN_OK

Test(effect, mmap_alone)
{
	drawn("AA....", drawn_mmap(0, 3, 2, RW, OK), "AA.NN.", "1000", "AN");
}

Test(effect, mmap_just_below_an_equal_map_joins_it)
{
	drawn("..AA", drawn_mmap(0, 0, 2, RW, OK), "AAAA", "1010", "A");
}

Test(effect, mmap_just_below_an_equal_map_may_stay_apart)
{
	drawn("..AA", drawn_mmap(0, 0, 2, RW, OK), "NNAA", "1000", "NA");
}

Test(effect, mmap_just_above_an_equal_map_joins_it)
{
	drawn("AA..", drawn_mmap(0, 2, 2, RW, OK), "AAAA", "1010", "A");
}

Test(effect, mmap_into_a_hole_between_two_equal_maps_joins_both)
{
	drawn("AA.BB", drawn_mmap(0, 2, 1, RW, OK), "AAAAA", "1020", "A");
}

Test(effect, mmap_into_a_hole_may_join_one_side_only)
{
	drawn("AA.BB", drawn_mmap(0, 2, 1, RW, OK), "AAABB", "1010", "AB");
	drawn("AA.BB", drawn_mmap(0, 2, 1, RW, OK), "AABBB", "1010", "AB");
}

Test(effect, mmap_between_other_protections_is_derived)
{
	const struct drawn *it = drawn("a.b", drawn_mmap(0, 1, 1, RW, OK), "aNb", "1000", "ANB");

	cr_assert_eq(it->resolved, VMT_RESOLVED_DERIVED);
	cr_assert_eq(it->boundaries + it->walks, 0);
}

Test(effect, map_fixed_over_three_maps_removes_them)
{
	drawn("AAbbCC", drawn_mmap(FIXED, 0, 6, R, OK), "nnnnnn", "1003", "N");
}

Test(effect, map_fixed_over_an_end_a_map_and_a_front_removes_one)
{
	drawn("AABBCC", drawn_mmap(FIXED, 1, 4, R, OK), "AnnnnC", "1001", "ANC");
}

Test(effect, map_fixed_exactly_over_a_map_removes_it)
{
	drawn("aAAa", drawn_mmap(FIXED, 1, 2, RW, OK), "aNNa", "1001", "ANA");
}

Test(effect, map_fixed_in_the_middle_with_other_protection_splits)
{
	drawn("AAA", drawn_mmap(FIXED, 1, 1, R, OK), "AnA", "1100", "ANN");
}

Test(effect, map_fixed_in_the_middle_with_same_attributes_joins_again)
{
	drawn("AAA", drawn_mmap(FIXED, 1, 1, RW, OK), "AAA", "1120", "A");
}

Test(effect, munmap_of_a_middle_splits)
{
	drawn("AAA", drawn_munmap(1, 1, OK), "A.A", "0100", "AN");
}

Test(effect, munmap_of_a_front_changes_no_count)
{
	drawn("AAA", drawn_munmap(0, 1, OK), ".AA", "0000", "A");
}

Test(effect, munmap_of_an_end_changes_no_count)
{
	drawn("AAA", drawn_munmap(2, 1, OK), "AA.", "0000", "A");
}

Test(effect, munmap_of_a_map_a_hole_and_a_front_removes_one)
{
	drawn("AA.BBB", drawn_munmap(0, 4, OK), "....BB", "0001", "B");
}

Test(effect, munmap_across_a_hole_trims_both_neighbours)
{
	drawn("AAA.BBB", drawn_munmap(2, 3, OK), "AA...BB", "0000", "AB");
}

Test(effect, munmap_of_nothing_changes_nothing)
{
	drawn("A...B", drawn_munmap(1, 3, OK), "A...B", "0000", "AB");
}

Test(effect, munmap_is_derived_also_between_equal_maps)
{
	cr_assert_eq(drawn("AAABBB", drawn_munmap(2, 2, OK), "AA..BB", "0000", "AB")->resolved,
		     VMT_RESOLVED_DERIVED);
}

Test(effect, mprotect_of_a_middle_splits_twice)
{
	drawn("AAA", drawn_mprotect(1, 1, R, OK), "AaA", "0200", "ANN");
}

Test(effect, mprotect_of_a_middle_back_again_merges_twice)
{
	drawn("AaA", drawn_mprotect(1, 1, RW, OK), "AAA", "0020", "A");
}

Test(effect, mprotect_of_a_head_to_its_neighbours_protection_splits_and_merges)
{
	drawn("AAbb", drawn_mprotect(2, 1, RW, OK), "AAAb", "0110", "AN");
}

Test(effect, mprotect_of_a_tail_to_its_neighbours_protection_moves_the_boundary)
{
	/* The right map's first byte belongs to the left one now, but its record survives. */
	drawn("AABB", drawn_mprotect(0, 2, R, OK), "aaBB", "0000", "AB");
	drawn("AAbb", drawn_mprotect(1, 1, R, OK), "Aabb", "0100", "ANB");
}

Test(effect, mprotect_of_a_whole_map_without_equal_neighbours_is_derived)
{
	cr_assert_eq(
		drawn("A.BB.C", drawn_mprotect(2, 2, R, OK), "A.bb.C", "0000", "ABC")->resolved,
		VMT_RESOLVED_DERIVED);
}

Test(effect, mprotect_across_maps_may_join_them)
{
	drawn("Abc", drawn_mprotect(0, 3, R, OK), "aaa", "0020", "A");
	drawn("Abc", drawn_mprotect(0, 3, R, OK), "abc", "0000", "ABC");
}

Test(effect, files_join_only_where_their_offsets_continue)
{
	const struct drawn *it = drawn("FfG", drawn_mprotect(1, 1, RW, OK), "FFG", "0010", "FG");

	cr_assert_eq(it->boundaries, 1); /* it was not asked about F and G */
}

Test(effect, mprotect_that_stops_at_a_hole_has_changed_what_lies_before)
{
	drawn("AAA.B", drawn_mprotect(1, 4, R, -ENOMEM), "Aaa.B", "0100", "ANB");
}

Test(effect, mprotect_refused_at_once_changes_nothing)
{
	drawn("AAA", drawn_mprotect(1, 1, R, -EACCES), "AAA", "0000", "A");
}

Test(effect, a_failed_munmap_may_leave_a_split)
{
	drawn("AAA", drawn_munmap(1, 2, -EPERM), "A|AA", "0100", "AN");
}

Test(effect, a_failed_map_fixed_may_leave_a_split)
{
	drawn("AAABB", drawn_mmap(FIXED, 1, 4, RW, -EPERM), "A|AABB", "0100", "ANB");
}

Test(effect, a_failed_map_fixed_may_leave_a_hole)
{
	drawn("AAABBB", drawn_mmap(FIXED, 2, 2, RW, -ENOMEM), "AA..BB", "0000", "AB");
	drawn("ABBC", drawn_mmap(FIXED, 1, 2, RW, -ENOMEM), "A..C", "0001", "AC");
}

Test(effect, a_failed_mmap_without_map_fixed_asks_nobody)
{
	const struct drawn *it = drawn("AA", drawn_mmap(0, 0, 9, RW, -ENOMEM), "AA", "0000", "A");

	cr_assert_eq(it->walks + it->boundaries, 0);
}

Test(effect, madvise_of_a_middle_splits_twice)
{
	drawn("AAA", drawn_madvise(1, 1, MADV_DONTDUMP, OK), "A|A|A", "0200", "ANN");
}

Test(effect, madvise_over_holes_fails_and_has_changed_the_rest)
{
	drawn("AA.BB", drawn_madvise(1, 3, MADV_DONTFORK, -ENOMEM), "A|A.B|B", "0200", "ANBN");
}

Test(effect, madvise_that_undoes_itself_merges)
{
	drawn("A|A|A", drawn_madvise(1, 1, MADV_DODUMP, OK), "AAA", "0020", "A");
}

Test(effect, mremap_of_a_whole_map_changes_no_count)
{
	drawn("AA....", drawn_mremap(MOVE, 0, 2, 2, 4, OK), "....AA", "0000", "A");
}

Test(effect, mremap_of_a_whole_map_that_also_grows_changes_no_count)
{
	drawn("AAb...", drawn_mremap(MREMAP_MAYMOVE, 0, 2, 3, 3, OK), "..bAAA", "0000", "BA");
}

Test(effect, mremap_of_several_maps_changes_no_count)
{
	drawn("AAb....", drawn_mremap(MOVE, 0, 3, 3, 4, OK), "....AAb", "0000", "AB");
}

Test(effect, mremap_of_several_maps_keeps_what_faces_their_holes)
{
	drawn("Aa.bBCCCCCC", drawn_mremap(MOVE, 0, 5, 5, 6, OK), ".....CAaCbB", "0100", "CAANBB");
}

Test(effect, mremap_of_a_tail_splits)
{
	drawn("AAA...", drawn_mremap(MOVE, 1, 2, 2, 4, OK), "A...AA", "0100", "AN");
}

Test(effect, mremap_of_a_middle_splits_twice)
{
	drawn("AAA...", drawn_mremap(MOVE, 1, 1, 1, 5, OK), "A.A..A", "0200", "ANN");
}

Test(effect, mremap_onto_the_middle_of_another_splits_it)
{
	drawn("A.bbb", drawn_mremap(MOVE, 0, 1, 1, 3, OK), "..bAb", "0100", "BAN");
}

Test(effect, mremap_onto_a_whole_map_removes_it)
{
	drawn("AA.bb", drawn_mremap(MOVE, 0, 2, 2, 3, OK), "...AA", "0001", "A");
}

Test(effect, mremap_beside_its_own_source)
{
	drawn("AAA..", drawn_mremap(MOVE, 0, 1, 1, 3, OK), ".AA|A.", "0100", "NA");
	drawn("..AAA", drawn_mremap(MOVE, 2, 3, 2, 0, OK), "AA...", "0000", "A");
}

Test(effect, mremap_next_to_an_equal_map_may_join_it)
{
	drawn("AA..BB", drawn_mremap(MOVE, 0, 2, 2, 2, OK), "..AAAA", "0010", "A");
}

Test(effect, mremap_grown_in_place_changes_no_count)
{
	drawn("AA...b", drawn_mremap(0, 0, 2, 4, 0, OK), "AAAA.b", "0000", "AB");
}

Test(effect, mremap_grown_up_to_an_equal_map_joins_it)
{
	drawn("AA.BB", drawn_mremap(0, 0, 2, 3, 0, OK), "AAAAA", "0010", "A");
}

Test(effect, mremap_shrunk_is_a_munmap_of_the_tail)
{
	drawn("AAAb", drawn_mremap(0, 0, 3, 1, 0, OK), "A..b", "0000", "AB");
	drawn("AAA", drawn_mremap(0, 0, 2, 1, 0, OK), "A.A", "0100", "AN");
}

Test(effect, mremap_shrunk_and_moved)
{
	drawn("AAA.b", drawn_mremap(MOVE, 0, 3, 1, 4, OK), "....A", "0001", "A");
}

Test(effect, mremap_dontunmap_of_a_whole_map_creates)
{
	drawn("AA...", drawn_mremap(DONTUNMAP, 0, 2, 2, 3, OK), "AA.NN", "1000", "AN");
}

Test(effect, mremap_dontunmap_of_one_page_creates)
{
	drawn("AAA..", drawn_mremap(DONTUNMAP, 1, 1, 1, 4, OK), "AAA.N", "1000", "AN");
}

Test(effect, mremap_dontunmap_of_several_maps_creates_each)
{
	drawn("Ab....", drawn_mremap(DONTUNMAP, 0, 2, 2, 3, OK), "Ab.Nn.", "2000", "ABNN");
}

Test(effect, mremap_dontunmap_keeps_what_faces_holes)
{
	drawn("A.bCCC", drawn_mremap(DONTUNMAP, 0, 3, 3, 3, OK), "A.b|N|C|n", "2000", "ABNCN");
}

Test(effect, mremap_of_old_length_zero_creates)
{
	drawn("AA...", drawn_mremap(MOVE, 0, 0, 2, 3, OK), "AA.NN", "1000", "AN");
}

Test(effect, mremap_that_failed_has_unmapped_its_destination)
{
	drawn("A..bb", drawn_mremap(MOVE, 1, 1, 1, 3, -EFAULT), "A...b", "0000", "AB");
	drawn("A..bb", drawn_mremap(MOVE, 1, 2, 2, 3, -EFAULT), "A....", "0001", "A");
}

Test(effect, mremap_that_failed_midway_has_moved_the_first_maps)
{
	drawn("Ab....", drawn_mremap(MOVE, 0, 2, 2, 4, -ENOMEM), ".b..A.", "0000", "BA");
}

Test(effect, brk_growth_changes_no_count)
{
	drawn("AA..", drawn_brk(2, 4), "AAAA", "0000", "A");
}

Test(effect, the_first_brk_of_a_fork_child_creates)
{
	drawn("AA..", drawn_brk(2, 4), "AANN", "1000", "AN");
}

Test(effect, brk_that_starts_a_map_creates)
{
	drawn("....", drawn_brk(1, 3), ".NN.", "1000", "N");
}

Test(effect, brk_shrinking)
{
	drawn("AAAA", drawn_brk(4, 2), "AA..", "0000", "A");
	drawn("a|BB.", drawn_brk(3, 1), "a...", "0001", "A");
}

Test(effect, stack_growth_is_nobodys_doing)
{
	drawn("A...SS", drawn_mprotect(5, 1, R, OK), "A.SSSs", "0100", "ASN");
	drawn("A...SS", drawn_munmap(5, 1, OK), "A.SSS.", "0000", "AS");
}

Test(effect, mprotect_inside_what_a_stack_has_grown_by)
{
	drawn("A....SS", drawn_mprotect(3, 1, R, OK), "A.SsSSS", "0200", "ASNN");
}

Test(effect, munmap_inside_what_a_stack_has_grown_by)
{
	drawn("A....SS", drawn_munmap(3, 1, OK), "A.S.SSS", "0100", "ASN");
	drawn("A....SS", drawn_munmap(4, 1, OK), "A.SS.SS", "0100", "ASN");
	drawn("A....SS", drawn_munmap(2, 2, OK), "A...SSS", "0000", "AS");
	drawn("A....SS", drawn_mmap(MAP_FIXED, 3, 1, R, OK), "A.SnSSS", "1100", "ASNN");
}

Test(effect, mremap_and_mprotect_below_a_stack)
{
	drawn("..a.SS", drawn_mremap(0, 2, 1, 1, 2, OK), "..aSSS", "0000", "AS");
	drawn("A....SS", drawn_mprotect(2, 1, R, OK), "A.sSSSS", "0100", "ASN");
}

Test(effect, beside_a_stack_the_kernel_is_asked)
{
	cr_assert_eq(drawn("..SS", drawn_mmap(0, 0, 2, R, OK), "nnSS", "1000", "NS")->walks, 1);
}

Test(effect, an_unseen_map_found_on_the_way)
{
	drawn_unseen("A...B", drawn_mprotect(0, 5, R, -ENOMEM), "a.U.B", "0000", "1000", "AUB");
}

Test(effect, a_map_that_vanished_unseen)
{
	drawn_unseen("A.X.B", drawn_mprotect(0, 5, R, -ENOMEM), "a...B", "0000", "0001", "AB");
	drawn_unseen("A.XX", drawn_mmap(0, 1, 2, RW, OK), "ANN.", "1000", "0001", "AN");
}

Test(effect, an_unseen_change_beyond_the_window_is_taken_in)
{
	/* The call touched only the front of A; nobody can tell who caused the merge. */
	drawn_unseen("AAAb", drawn_mmap(MAP_SHARED | MAP_FIXED, 0, 1, RW, OK), "NAAA", "1010",
		     "0000", "NA");
}

/* Before a call is applied, the library may have taken memory where the program has left some. */
Test(effect, own_maps_where_the_program_had_some_are_not_counted)
{
	drawn_late("..LLL", drawn_munmap(3, 1, OK), "..LLL", "0000", "0000", "L");
	drawn_late("AAA.", drawn_munmap(0, 3, OK), "LLLL", "0001", "0000", "L");
	drawn_late("AABB", drawn_munmap(1, 2, OK), "ALLB", "0000", "0000", "ALB");
	drawn_late("LLL.", drawn_mmap(FIXED, 0, 3, RW, OK), "NNN.", "1000", "0000", "N");
	drawn_late("LLL.", drawn_madvise(0, 3, MADV_DONTFORK, OK), "UUU.", "0000", "1000", "U");
}

static void ignore_live(void *context, uint32_t site, int delta)
{
	(void)context;
	(void)site;
	(void)delta;
}

/* With any amount of memory left, an effect may lose a map, but then it says so and counts it. */
Test(effect, out_of_memory_is_told)
{
	static unsigned char memory[1 << 17] __attribute__((aligned(16)));
	static const struct vmt_effect_ops ops = { .live = ignore_live };
	struct vmt_done call = drawn_mprotect(1, 1, R, OK);
	unsigned told = 0;

	for (size_t left = 0; left < 1024; left += 16) {
		struct vmt_arena arena;
		struct vmt_space space;
		struct vmt_resolution resolution;
		struct vmt_change change;
		struct vmt_effect effect;

		vmt_arena_init(&arena, memory, sizeof(memory));
		vmt_outcome_init(&resolution.outcome, &arena);
		vmt_outcome_append(&resolution.outcome, &(struct vmt_vma){ .start = 1, .end = 2 });
		drawn_space(&space, &arena, "AAA.BBB");
		arena.size = arena.used + left;
		vmt_change_decode(&call, &change);
		cr_assert_eq(vmt_resolve(&space, &change, NULL, &resolution), VMT_RESOLVED_DERIVED);
		vmt_effect_apply(&space, &change, &resolution, 2, 1, &ops, &effect);
		cr_assert_eq(effect.call.split, 2);
		cr_assert_eq(effect.out_of_memory, space.count < 4);
		cr_assert_geq(space.count, 2);
		told += effect.out_of_memory;
	}
	cr_assert(told > 0 && told < 64);
}
