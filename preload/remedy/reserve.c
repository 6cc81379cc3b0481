/* SPDX-License-Identifier: MIT */
/*
 * See reserve.h. A note is one word, so that it is always whole: the number of the first page, and in the upper
 * bits the number of pages.
 */
#include "remedy/reserve.h"

#include <stdatomic.h>

#define NOTES     256u /* they take room in every process, and most ranges are opened soon */
#define PAGE_BITS 36u /* of the number of a page */
#define PAGES_END (UINT64_C(1) << (64 - PAGE_BITS))

static _Atomic uint64_t notes[NOTES]; /* by the number of the first page; 0: none */

static uint64_t first_page(uint64_t note)
{
	return note & ((UINT64_C(1) << PAGE_BITS) - 1);
}

static _Atomic uint64_t *note_at(uint64_t page)
{
	return &notes[page % NOTES];
}

void vmt_reserve_note(struct vmt_range range)
{
	uint64_t page = range.start / VMT_PAGE_SIZE, pages = range.end / VMT_PAGE_SIZE - page;

	if (pages < PAGES_END)
		atomic_store_explicit(note_at(page), pages << PAGE_BITS | page,
				      memory_order_relaxed);
}

void vmt_reserve_forget(uint64_t start)
{
	uint64_t page = start / VMT_PAGE_SIZE;
	uint64_t note = atomic_load_explicit(note_at(page), memory_order_relaxed);

	if (note && first_page(note) == page)
		atomic_compare_exchange_strong_explicit(note_at(page), &note, 0,
							memory_order_relaxed, memory_order_relaxed);
}

bool vmt_reserve_take(struct vmt_range part, uint64_t most, struct vmt_range *ret_range)
{
	uint64_t page = part.start / VMT_PAGE_SIZE;

	/* The nearest beginning is the one: those of other ranges are not in between. */
	for (uint64_t i = 0; i <= most / VMT_PAGE_SIZE && i <= page; i++) {
		uint64_t note = atomic_load_explicit(note_at(page - i), memory_order_relaxed);
		uint64_t end = (page - i + (note >> PAGE_BITS)) * VMT_PAGE_SIZE;

		if (!note || first_page(note) != page - i)
			continue;
		*ret_range = (struct vmt_range){ (page - i) * VMT_PAGE_SIZE, end };
		return end >= part.end && end - part.end <= most &&
		       atomic_compare_exchange_strong_explicit(note_at(page - i), &note, 0,
							       memory_order_relaxed,
							       memory_order_relaxed);
	}
	return false;
}
