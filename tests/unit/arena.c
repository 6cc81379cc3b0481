/* SPDX-License-Identifier: MIT */
/*
 * core/base/arena.c: pieces are aligned, do not overlap, come back after being freed, and a full
 * block says so without harm.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "core/base/arena.h"

static unsigned char block[1 << 16] __attribute__((aligned(16)));

static struct vmt_arena new_arena(size_t size)
{
	struct vmt_arena arena;

	vmt_arena_init(&arena, block, size);
	return arena;
}

Test(arena, pieces_are_aligned)
{
	struct vmt_arena arena = new_arena(sizeof(block));

	for (size_t size = 0; size < 300; size++) {
		void *piece = vmt_arena_alloc(&arena, size);

		cr_assert_not_null(piece);
		cr_assert_eq((uintptr_t)piece % 16, 0, "size %zu", size);
	}
}

Test(arena, pieces_do_not_overlap)
{
	static const size_t sizes[] = { 1, 16, 17, 511, 512, 513, 1024, 1025, 4096, 5000 };
	struct vmt_arena arena = new_arena(sizeof(block));
	unsigned char *piece[VMT_COUNT(sizes)];

	for (size_t i = 0; i < VMT_COUNT(sizes); i++) {
		piece[i] = vmt_arena_alloc(&arena, sizes[i]);
		cr_assert_not_null(piece[i]);
		memset(piece[i], (int)i + 1, sizes[i]);
	}
	for (size_t i = 0; i < VMT_COUNT(sizes); i++)
		for (size_t at = 0; at < sizes[i]; at++)
			cr_assert_eq(piece[i][at], i + 1, "size %zu, byte %zu", sizes[i], at);
}

Test(arena, a_freed_piece_is_used_again)
{
	struct vmt_arena arena = new_arena(sizeof(block));
	void *piece = vmt_arena_alloc(&arena, 100);

	vmt_arena_free(&arena, piece, 100);
	cr_assert_neq(vmt_arena_alloc(&arena, 200), piece);
	cr_assert_eq(vmt_arena_alloc(&arena, 101), piece, "100 and 101 are of one class");
}

Test(arena, small_and_large_classes_are_apart)
{
	struct vmt_arena arena = new_arena(sizeof(block));
	void *small = vmt_arena_alloc(&arena, 512);
	void *large = vmt_arena_alloc(&arena, 513);

	vmt_arena_free(&arena, small, 512);
	cr_assert_neq(vmt_arena_alloc(&arena, 513), small);
	vmt_arena_free(&arena, large, 513);
	cr_assert_eq(vmt_arena_alloc(&arena, 1024), large);
}

Test(arena, a_full_block_gives_null_and_goes_on)
{
	struct vmt_arena arena = new_arena(256);
	void *last = NULL;
	void *piece;
	size_t count = 0;

	while ((piece = vmt_arena_alloc(&arena, 64))) {
		last = piece;
		count++;
	}
	cr_assert_eq(count, 4);
	cr_assert_null(vmt_arena_alloc(&arena, 1));
	vmt_arena_free(&arena, last, 64);
	cr_assert_eq(vmt_arena_alloc(&arena, 50), last);
}

Test(arena, sizes_beyond_the_block_are_refused)
{
	struct vmt_arena arena = new_arena(256);

	cr_assert_null(vmt_arena_alloc(&arena, 257));
	cr_assert_null(vmt_arena_alloc(&arena, SIZE_MAX));
	cr_assert_null(vmt_arena_alloc(&arena, SIZE_MAX - 7));
	cr_assert_eq(arena.used, 0);
}

Test(arena, another_block_serves_beside_what_was_given_out)
{
	struct vmt_arena arena = new_arena(256);
	static unsigned char larger[1024] __attribute__((aligned(16)));
	void *first = vmt_arena_alloc(&arena, 200);

	memset(first, 1, 200);
	cr_assert_null(vmt_arena_alloc(&arena, 500));
	vmt_arena_extend(&arena, larger, sizeof(larger));
	cr_assert_eq(vmt_arena_alloc(&arena, 500), (void *)larger);
	cr_assert_eq(((unsigned char *)first)[199], 1);
	vmt_arena_free(&arena, first, 200);
	cr_assert_eq(vmt_arena_alloc(&arena, 200), first, "of the first block");
}
