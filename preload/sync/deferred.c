/* SPDX-License-Identifier: MIT */
/*
 * A claimed slot whose thread died before publishing stays claimed: when all slots are gone
 * that way every late call overflows, which costs time but loses nothing.
 */
#include "sync/deferred.h"

static struct vmt_late_call *claim_in(struct vmt_late *late, unsigned bank)
{
	uint64_t claimed = atomic_load_explicit(&late->claimed[bank], memory_order_relaxed);

	while (~claimed) {
		unsigned index = (unsigned)__builtin_ctzl(~claimed);

		if (atomic_compare_exchange_weak_explicit(&late->claimed[bank], &claimed,
							  claimed | UINT64_C(1) << index,
							  memory_order_acquire,
							  memory_order_relaxed))
			return &late->slot[bank * 64 + index];
	}
	return NULL;
}

struct vmt_late_call *vmt_late_claim(struct vmt_late *late)
{
	for (unsigned bank = 0; bank < VMT_LATE_BANKS; bank++) {
		struct vmt_late_call *call = claim_in(late, bank);

		if (call)
			return call;
	}
	atomic_fetch_add_explicit(&late->dropped, 1, memory_order_relaxed);
	atomic_store_explicit(&late->overflow, 1, memory_order_seq_cst);
	atomic_store_explicit(&late->news, 1, memory_order_seq_cst);
	return NULL;
}

static size_t index_of(const struct vmt_late *late, const struct vmt_late_call *call)
{
	return (size_t)(call - late->slot);
}

static uint64_t bit_of(size_t index)
{
	return UINT64_C(1) << index % 64;
}

void vmt_late_publish(struct vmt_late *late, struct vmt_late_call *call)
{
	size_t index = index_of(late, call);

	late->order[index] = atomic_fetch_add_explicit(&late->last_order, 1, memory_order_relaxed);
	atomic_fetch_or_explicit(&late->ready[index / 64], bit_of(index), memory_order_seq_cst);
	atomic_store_explicit(&late->news, 1, memory_order_seq_cst);
}

struct vmt_late_call *vmt_late_take(struct vmt_late *late)
{
	size_t oldest = VMT_LATE_SLOTS;

	for (size_t bank = 0; bank < VMT_LATE_BANKS; bank++) {
		uint64_t ready = atomic_load_explicit(&late->ready[bank], memory_order_acquire);

		for (; ready; ready &= ready - 1) {
			size_t index = bank * 64 + (unsigned)__builtin_ctzl(ready);

			if (oldest == VMT_LATE_SLOTS || late->order[index] < late->order[oldest])
				oldest = index;
		}
	}
	return oldest == VMT_LATE_SLOTS ? NULL : &late->slot[oldest];
}

void vmt_late_release(struct vmt_late *late, struct vmt_late_call *call)
{
	size_t index = index_of(late, call);
	uint64_t bit = bit_of(index);

	atomic_fetch_and_explicit(&late->ready[index / 64], ~bit, memory_order_relaxed);
	atomic_fetch_and_explicit(&late->claimed[index / 64], ~bit, memory_order_release);
}

void vmt_late_hear(struct vmt_late *late)
{
	atomic_store_explicit(&late->news, 0, memory_order_seq_cst);
}

void vmt_late_tell(struct vmt_late *late)
{
	atomic_store_explicit(&late->news, 1, memory_order_seq_cst);
}

bool vmt_late_is_crowded(struct vmt_late *late)
{
	/* Banks are filled in order. */
	return atomic_load_explicit(&late->claimed[VMT_LATE_BANKS / 2], memory_order_relaxed) != 0;
}

VMT_HOT bool vmt_late_is_quiet(struct vmt_late *late)
{
	bool is_quiet = !atomic_load_explicit(&late->outside, memory_order_seq_cst) &&
			!atomic_load_explicit(&late->overflow, memory_order_seq_cst);

	for (size_t bank = 0; bank < VMT_LATE_BANKS; bank++)
		is_quiet &= !atomic_load_explicit(&late->ready[bank], memory_order_seq_cst);
	return is_quiet;
}

void vmt_late_reset(struct vmt_late *late)
{
	for (unsigned bank = 0; bank < VMT_LATE_BANKS; bank++) {
		atomic_store_explicit(&late->claimed[bank], 0, memory_order_relaxed);
		atomic_store_explicit(&late->ready[bank], 0, memory_order_relaxed);
	}
	atomic_store_explicit(&late->news, 0, memory_order_relaxed);
	atomic_store_explicit(&late->outside, 0, memory_order_relaxed);
	atomic_store_explicit(&late->overflow, 0, memory_order_relaxed);
	atomic_store_explicit(&late->dropped, 0, memory_order_relaxed);
}
