/* SPDX-License-Identifier: MIT */
/*
 * Entries of the unwinder's caches, which all threads share without a lock. Each has a sequence
 * word that is odd while the entry is being written. A reader that meets a writer goes without the
 * entry; a writer that never finishes makes the entry unusable. Words of an entry are read and
 * written only with READ and WRITE, and what was read counts only if the sequence has not changed.
 * Used by unwind_segments.c and unwind_recall.c.
 */
#ifndef VMT_SEQLOCK_H
#define VMT_SEQLOCK_H

#include <stdatomic.h>

#include "core/base/base.h"

#define READ(place)         __atomic_load_n(&(place), __ATOMIC_RELAXED)
#define WRITE(place, value) __atomic_store_n(&(place), (value), __ATOMIC_RELAXED)

/* To be called before the first word is read. */
static inline uint64_t vmt_seqlock_begin(const _Atomic uint64_t *sequence)
{
	return atomic_load_explicit(sequence, memory_order_acquire);
}

/* After the last word was read: is everything consistent? */
static inline bool vmt_seqlock_stands(const _Atomic uint64_t *sequence, uint64_t begin)
{
	atomic_thread_fence(memory_order_acquire);
	return !(begin & 1) && atomic_load_explicit(sequence, memory_order_relaxed) == begin;
}

static inline bool vmt_seqlock_is_written(const _Atomic uint64_t *sequence)
{
	return atomic_load_explicit(sequence, memory_order_relaxed) & 1;
}

/* Begin to write; false if another thread is writing. */
static inline bool vmt_seqlock_seize(_Atomic uint64_t *sequence)
{
	uint64_t was = atomic_load_explicit(sequence, memory_order_relaxed);

	if ((was & 1) ||
	    !atomic_compare_exchange_strong_explicit(sequence, &was, was + 1, memory_order_acquire,
						     memory_order_relaxed))
		return false;
	atomic_thread_fence(memory_order_release);
	return true;
}

/* The entry has been written. */
static inline void vmt_seqlock_leave(_Atomic uint64_t *sequence)
{
	uint64_t was = atomic_load_explicit(sequence, memory_order_relaxed);

	atomic_store_explicit(sequence, was + 1, memory_order_release);
}

#endif
