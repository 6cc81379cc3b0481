/* SPDX-License-Identifier: MIT */
/*
 * A claimed slot whose thread died before it was published stays claimed. If all slots are lost in
 * this way, every deferred call overflows, which costs time but loses nothing. See deferred.h.
 */
#include "sync/deferred.h"

static struct vmt_deferred_call *claim_in(struct vmt_deferred *deferred, unsigned bank)
{
	uint64_t claimed = atomic_load_explicit(&deferred->claimed[bank], memory_order_relaxed);

	while (~claimed) {
		unsigned index = (unsigned)__builtin_ctzl(~claimed);

		if (atomic_compare_exchange_weak_explicit(
			    &deferred->claimed[bank], &claimed, claimed | UINT64_C(1) << index,
			    memory_order_acquire, memory_order_relaxed))
			return &deferred->slot[bank * 64 + index];
	}
	return NULL;
}

void vmt_deferred_lose(struct vmt_deferred *deferred)
{
	atomic_fetch_add_explicit(&deferred->dropped, 1, memory_order_relaxed);
	atomic_store_explicit(&deferred->overflow, 1, memory_order_seq_cst);
	atomic_store_explicit(&deferred->pending, 1, memory_order_seq_cst);
}

struct vmt_deferred_call *vmt_deferred_claim(struct vmt_deferred *deferred)
{
	for (unsigned bank = 0; bank < VMT_DEFERRED_BANKS; bank++) {
		struct vmt_deferred_call *call = claim_in(deferred, bank);

		if (call)
			return call;
	}
	vmt_deferred_lose(deferred);
	return NULL;
}

static size_t index_of(const struct vmt_deferred *deferred, const struct vmt_deferred_call *call)
{
	return (size_t)(call - deferred->slot);
}

static uint64_t bit_of(size_t index)
{
	return UINT64_C(1) << index % 64;
}

void vmt_deferred_publish(struct vmt_deferred *deferred, struct vmt_deferred_call *call)
{
	size_t index = index_of(deferred, call);

	deferred->order[index] =
		atomic_fetch_add_explicit(&deferred->last_order, 1, memory_order_relaxed);
	atomic_fetch_or_explicit(&deferred->ready[index / 64], bit_of(index), memory_order_seq_cst);
	atomic_store_explicit(&deferred->pending, 1, memory_order_seq_cst);
}

struct vmt_deferred_call *vmt_deferred_take(struct vmt_deferred *deferred)
{
	size_t oldest = VMT_DEFERRED_SLOTS;

	for (size_t bank = 0; bank < VMT_DEFERRED_BANKS; bank++) {
		uint64_t ready = atomic_load_explicit(&deferred->ready[bank], memory_order_acquire);

		for (; ready; ready &= ready - 1) {
			size_t index = bank * 64 + (unsigned)__builtin_ctzl(ready);

			if (oldest == VMT_DEFERRED_SLOTS ||
			    deferred->order[index] < deferred->order[oldest])
				oldest = index;
		}
	}
	return oldest == VMT_DEFERRED_SLOTS ? NULL : &deferred->slot[oldest];
}

void vmt_deferred_release(struct vmt_deferred *deferred, struct vmt_deferred_call *call)
{
	size_t index = index_of(deferred, call);
	uint64_t bit = bit_of(index);

	atomic_fetch_and_explicit(&deferred->ready[index / 64], ~bit, memory_order_relaxed);
	atomic_fetch_and_explicit(&deferred->claimed[index / 64], ~bit, memory_order_release);
}

inline bool vmt_deferred_waits(struct vmt_deferred *deferred)
{
	return atomic_load_explicit(&deferred->pending, memory_order_seq_cst) != 0;
}

void vmt_deferred_clear_pending(struct vmt_deferred *deferred)
{
	atomic_store_explicit(&deferred->pending, 0, memory_order_seq_cst);
}

void vmt_deferred_set_pending(struct vmt_deferred *deferred)
{
	atomic_store_explicit(&deferred->pending, 1, memory_order_seq_cst);
}

bool vmt_deferred_is_crowded(struct vmt_deferred *deferred)
{
	/* Banks fill up in order, so a slot claimed in the middle bank means about half full. */
	return atomic_load_explicit(&deferred->claimed[VMT_DEFERRED_BANKS / 2],
				    memory_order_relaxed) != 0;
}

VMT_HOT bool vmt_deferred_is_quiet(struct vmt_deferred *deferred)
{
	bool is_quiet = !atomic_load_explicit(&deferred->outside, memory_order_seq_cst) &&
			!atomic_load_explicit(&deferred->overflow, memory_order_seq_cst);

	for (size_t bank = 0; bank < VMT_DEFERRED_BANKS; bank++)
		is_quiet &= !atomic_load_explicit(&deferred->ready[bank], memory_order_seq_cst);
	return is_quiet;
}

void vmt_deferred_reset(struct vmt_deferred *deferred)
{
	for (unsigned bank = 0; bank < VMT_DEFERRED_BANKS; bank++) {
		atomic_store_explicit(&deferred->claimed[bank], 0, memory_order_relaxed);
		atomic_store_explicit(&deferred->ready[bank], 0, memory_order_relaxed);
	}
	atomic_store_explicit(&deferred->pending, 0, memory_order_relaxed);
	atomic_store_explicit(&deferred->outside, 0, memory_order_relaxed);
	atomic_store_explicit(&deferred->overflow, 0, memory_order_relaxed);
	atomic_store_explicit(&deferred->dropped, 0, memory_order_relaxed);
}
