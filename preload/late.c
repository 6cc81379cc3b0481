/* SPDX-License-Identifier: MIT */
/*
 * A claimed slot whose thread died before publishing stays claimed: 64 such deaths
 * and every late call overflows, which costs time but loses nothing.
 */
#include "late.h"

struct vmt_late_call *vmt_late_claim(struct vmt_late *late)
{
	uint64_t claimed = atomic_load_explicit(&late->claimed, memory_order_relaxed);

	while (~claimed) {
		unsigned index = (unsigned)__builtin_ctzl(~claimed);

		if (atomic_compare_exchange_weak_explicit(&late->claimed, &claimed,
							  claimed | UINT64_C(1) << index,
							  memory_order_acquire,
							  memory_order_relaxed))
			return &late->slot[index];
	}
	atomic_store_explicit(&late->overflow, 1, memory_order_seq_cst);
	return NULL;
}

static uint64_t bit_of(const struct vmt_late *late, const struct vmt_late_call *call)
{
	return UINT64_C(1) << (call - late->slot);
}

void vmt_late_publish(struct vmt_late *late, struct vmt_late_call *call)
{
	call->order = atomic_fetch_add_explicit(&late->order, 1, memory_order_relaxed);
	atomic_fetch_or_explicit(&late->ready, bit_of(late, call), memory_order_seq_cst);
}

struct vmt_late_call *vmt_late_take(struct vmt_late *late)
{
	uint64_t ready = atomic_load_explicit(&late->ready, memory_order_acquire);
	struct vmt_late_call *oldest = NULL;

	for (; ready; ready &= ready - 1) {
		struct vmt_late_call *call = &late->slot[__builtin_ctzl(ready)];

		if (!oldest || call->order < oldest->order)
			oldest = call;
	}
	return oldest;
}

void vmt_late_release(struct vmt_late *late, struct vmt_late_call *call)
{
	uint64_t bit = bit_of(late, call);

	atomic_fetch_and_explicit(&late->ready, ~bit, memory_order_relaxed);
	atomic_fetch_and_explicit(&late->claimed, ~bit, memory_order_release);
}

bool vmt_late_waits(struct vmt_late *late)
{
	return atomic_load_explicit(&late->ready, memory_order_seq_cst) ||
	       atomic_load_explicit(&late->overflow, memory_order_seq_cst);
}

bool vmt_late_is_quiet(struct vmt_late *late)
{
	return !atomic_load_explicit(&late->outside, memory_order_seq_cst) &&
	       !vmt_late_waits(late);
}
