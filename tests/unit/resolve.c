/* SPDX-License-Identifier: MIT */
/*
 * core/resolve/resolve.c: when the kernel is asked, and about what; how far a window is widened;
 * and the likeliest outcome if it cannot be asked.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "drawing.h"

#define MOVE (MREMAP_MAYMOVE | MREMAP_FIXED)
#define OK   DRAWN_OK

static void assert_asked(const struct drawn *it, unsigned boundaries, unsigned walks)
{
	cr_assert_eq(it->boundaries, boundaries, "%u boundaries", it->boundaries);
	cr_assert_eq(it->walks, walks, "%u walks", it->walks);
	cr_assert_eq(it->resolved, boundaries + walks ? VMT_RESOLVED_ASKED : VMT_RESOLVED_DERIVED);
}

Test(resolve, what_leaves_no_doubt_is_not_asked)
{
	assert_asked(drawn("AAABB", drawn_munmap(1, 1, OK), "A.ABB", "0100", "ANB"), 0, 0);
	assert_asked(drawn("a..b", drawn_mmap(0, 1, 2, RW, OK), "aNNb", "1000", "ANB"), 0, 0);
	assert_asked(drawn("AAA", drawn_mprotect(1, 1, R, OK), "AaA", "0200", "ANN"), 0, 0);
}

Test(resolve, an_equal_neighbour_is_asked_about)
{
	assert_asked(drawn("A.b", drawn_mmap(0, 1, 1, RW, OK), "AAb", "1010", "AB"), 1, 0);
	assert_asked(drawn("A.B", drawn_mmap(0, 1, 1, RW, OK), "ANB", "1000", "ANB"), 2, 0);
	assert_asked(drawn("AaA", drawn_mprotect(1, 1, RW, OK), "AAA", "0020", "A"), 2, 0);
}

Test(resolve, equal_maps_away_from_the_edges_are_left_alone)
{
	assert_asked(drawn("A|ABBb", drawn_mprotect(2, 2, R, OK), "A|Abbb", "0010", "AAB"), 1, 0);
}

Test(resolve, moves_are_walked)
{
	assert_asked(drawn("A....", drawn_mremap(MOVE, 0, 1, 1, 4, OK), "....A", "0000", "A"), 0,
		     2);
}

Test(resolve, overlapping_windows_are_walked_once)
{
	assert_asked(drawn("AAA.", drawn_mremap(MOVE, 0, 1, 1, 3, OK), ".AA|A", "0100", "NA"), 0,
		     1);
	assert_asked(drawn("A..B", drawn_mremap(MOVE, 0, 1, 1, 1, OK), ".A.B", "0000", "AB"), 0, 1);
}

Test(resolve, a_window_is_widened_while_the_kernels_maps_reach_beyond)
{
	const struct drawn *it = drawn("AAAbCd", drawn_mmap(MAP_SHARED | MAP_FIXED, 0, 1, RW, OK),
				       "NAAAAd", "1020", "NAD");

	assert_asked(it, 0, 2);
}

Test(resolve, what_contradicts_the_table_is_walked)
{
	const struct drawn *it =
		drawn_unseen("A.XX", drawn_mmap(0, 1, 2, RW, OK), "ANN.", "1000", "0001", "AN");

	assert_asked(it, 0, 1);
}

Test(resolve, a_new_map_without_an_end_is_looked_up)
{
	struct vmt_done done = { .call = VMT_CALL_SHMAT, .result = DRAWN_AT(1) };

	assert_asked(drawn("A....B", done, "ANNN.B", "1000", "ANB"), 0, 2);
}

Test(resolve, everything_is_one_walk)
{
	struct vmt_done done = { .call = VMT_CALL_SHMDT, .args = { DRAWN_AT(1) } };

	assert_asked(drawn("Abb.bC", done, "A....C", "0002", "AC"), 0, 1);
}

Test(resolve, a_kernel_that_does_not_answer_is_guessed)
{
	cr_assert_str_eq(drawn_guess("A.B", drawn_mmap(0, 1, 1, RW, OK)), "AAA");
	cr_assert_str_eq(drawn_guess("AaA", drawn_mprotect(1, 1, RW, OK)), "AAA");
	cr_assert_str_eq(drawn_guess("a..", drawn_mmap(MAP_SHARED, 1, 1, RW, OK)), "aN");
}

Test(resolve, a_failed_call_is_guessed_to_have_done_nothing)
{
	cr_assert_str_eq(drawn_guess("AAA", drawn_munmap(1, 1, -EPERM)), "AAA");
	cr_assert_str_eq(drawn_guess("AAA", drawn_mmap(MAP_FIXED, 1, 1, R, -ENOMEM)), "AAA");
}

Test(resolve, a_move_is_guessed_to_take_everything_along)
{
	cr_assert_str_eq(drawn_guess("AAb...", drawn_mremap(MOVE, 1, 2, 2, 4, OK)), "A...Ab");
	cr_assert_str_eq(drawn_guess("AA..bbb", drawn_mremap(MOVE, 0, 2, 2, 4, OK)), "....AAb");
	cr_assert_str_eq(drawn_guess("Ab...", drawn_mremap(MREMAP_MAYMOVE, 0, 1, 2, 3, OK)),
			 ".b.AA");
	cr_assert_str_eq(drawn_guess("AA...", drawn_mremap(MOVE | 4, 0, 2, 2, 3, OK)), "AA.NN");
}

static struct vmt_resolution resolution_in(struct vmt_arena *arena, void *memory, size_t size)
{
	struct vmt_resolution resolution;

	vmt_arena_init(arena, memory, size);
	vmt_outcome_init(&resolution.outcome, arena);
	return resolution;
}

Test(resolve, outcomes_cut_files_at_the_right_offset)
{
	static unsigned char memory[1 << 16] __attribute__((aligned(16)));
	struct vmt_arena arena;
	struct vmt_resolution resolution = resolution_in(&arena, memory, sizeof(memory));
	struct vmt_vma vma = { .start = 0x1000, .end = 0x5000, .offset = 0x7000, .inode = 4 };

	vmt_outcome_append(&resolution.outcome, &vma);
	vmt_outcome_remove(&resolution.outcome, (struct vmt_range){ 0x2000, 0x3000 });
	cr_assert_eq(resolution.outcome.count, 2);
	cr_assert_eq(resolution.outcome.map[0].vma.offset, 0x7000);
	cr_assert_eq(resolution.outcome.map[1].vma.offset, 0x9000);
	cr_assert(vmt_outcome_covers(&resolution.outcome, (struct vmt_range){ 0x3000, 0x5000 }));
	cr_assert_not(
		vmt_outcome_covers(&resolution.outcome, (struct vmt_range){ 0x1000, 0x4000 }));
	cr_assert_not(
		vmt_outcome_touches(&resolution.outcome, (struct vmt_range){ 0x2000, 0x3000 }));
}

Test(resolve, a_sketch_without_memory_says_so)
{
	static unsigned char memory[64 * sizeof(struct vmt_outcome_map) + 8192]
		__attribute__((aligned(16)));
	struct vmt_arena arena;
	struct vmt_resolution resolution = resolution_in(&arena, memory, sizeof(memory));

	for (uint64_t i = 1; i < 200; i++)
		vmt_outcome_append(&resolution.outcome,
				   &(struct vmt_vma){ .start = 8192 * i, .end = 8192 * i + 4096 });
	cr_assert(resolution.outcome.out_of_memory);
	cr_assert_eq(resolution.outcome.count, 64);
	vmt_outcome_clear(&resolution.outcome);
	cr_assert_not(resolution.outcome.out_of_memory);
}
