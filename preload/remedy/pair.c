/* SPDX-License-Identifier: MIT */
/*
 * See pair.h. A note is one word, so that it is always whole: the address of the first page, and in
 * the bits below that the number of pages and which call it was.
 */
#include "remedy/pair.h"

#include <stdatomic.h>

#define NOTES 64u /* few: they take room in every process, and the second call comes soon */

static _Atomic uint64_t notes[NOTES]; /* by the number of the first page; 0: none */

static uint64_t note_of(struct vmt_range range, enum vmt_pair first)
{
	return range.start | (range.end - range.start) / VMT_PAGE_SIZE << 2 | first;
}

static _Atomic uint64_t *note_at(struct vmt_range range)
{
	return &notes[range.start / VMT_PAGE_SIZE % NOTES];
}

void vmt_pair_note(struct vmt_range range, enum vmt_pair first)
{
	if (range.end - range.start <= VMT_PAIR_MOST)
		atomic_store_explicit(note_at(range), note_of(range, first), memory_order_relaxed);
}

bool vmt_pair_take(struct vmt_range range, enum vmt_pair first)
{
	uint64_t word = note_of(range, first);

	return range.end - range.start <= VMT_PAIR_MOST &&
	       atomic_compare_exchange_strong_explicit(note_at(range), &word, 0,
						       memory_order_relaxed, memory_order_relaxed);
}
