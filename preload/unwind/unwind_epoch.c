/* SPDX-License-Identifier: MIT */
/*
 * Range number i of the array ended epoch i (modulo its size). It is written before the epoch ends.
 * A reader may be overtaken by so many epochs that a range is overwritten while it is read, so it
 * compares the epoch afterwards. See unwind_epoch.h.
 */
#include "unwind/unwind_epoch.h"

#include "os/shim.h"
#include "unwind/seqlock.h"

_Atomic uint64_t vmt_unwind_epoch VMT_DATA = 1;

static struct vmt_range ended[VMT_EPOCHS_KEPT] VMT_DATA = { { 0, 0 } };

#define PLACE_BITS 16u
#define PLACES     4096u

static _Atomic uint64_t met[PLACES / 64] VMT_DATA = { 0 };

static _Atomic uint64_t *word_of(uint64_t place)
{
	return &met[place % PLACES / 64];
}

static uint64_t bit_of(uint64_t place)
{
	return UINT64_C(1) << place % 64;
}

void vmt_unwind_note_met(uint64_t pc)
{
	uint64_t place = pc >> PLACE_BITS;

	if (atomic_load_explicit(word_of(place), memory_order_relaxed) & bit_of(place))
		return;
	atomic_fetch_or_explicit(word_of(place), bit_of(place), memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
}

bool vmt_unwind_has_met(struct vmt_range code)
{
	uint64_t last = code.end >> PLACE_BITS; /* a return address may lie at the end */
	uint64_t place = code.start >> PLACE_BITS;

	atomic_thread_fence(memory_order_seq_cst);
	if (last - place >= PLACES)
		return true;
	for (; place <= last; place++)
		if (atomic_load_explicit(word_of(place), memory_order_relaxed) & bit_of(place))
			return true;
	return false;
}

void vmt_unwind_forget_in(struct vmt_range gone)
{
	uint64_t epoch = atomic_load_explicit(&vmt_unwind_epoch, memory_order_relaxed);

	atomic_thread_fence(memory_order_release); /* whoever reads this sees the epoch as well */
	WRITE(ended[epoch % VMT_EPOCHS_KEPT].start, gone.start);
	WRITE(ended[epoch % VMT_EPOCHS_KEPT].end, gone.end);
	atomic_fetch_add_explicit(&vmt_unwind_epoch, 1, memory_order_release);
}

void vmt_unwind_forget(void)
{
	vmt_unwind_forget_in((struct vmt_range){ 0, UINT64_MAX });
}

bool vmt_unwind_gone_since(uint64_t was, uint64_t salt, struct vmt_unwind_gone *ret_gone)
{
	uint64_t now = atomic_load_explicit(&vmt_unwind_epoch, memory_order_acquire);
	uint32_t count = 0;

	if (vmt_unwind_salt_of(now) != salt)
		return false;
	do {
		const struct vmt_range *range = &ended[(now - ++count) % VMT_EPOCHS_KEPT];

		ret_gone->range[count - 1] =
			(struct vmt_range){ READ(range->start), READ(range->end) };
	} while (count < VMT_EPOCHS_KEPT - 1 && count < now - 1 &&
		 vmt_unwind_salt_of(now - count) != was);
	ret_gone->count = count;
	atomic_thread_fence(memory_order_acquire);
	return vmt_unwind_salt_of(now - count) == was &&
	       atomic_load_explicit(&vmt_unwind_epoch, memory_order_relaxed) == now;
}

bool vmt_unwind_gone_has(const struct vmt_unwind_gone *gone, uint64_t word)
{
	for (uint32_t i = 0; i < gone->count; i++)
		if (word >= gone->range[i].start && word <= gone->range[i].end)
			return true;
	return false;
}

bool vmt_unwind_gone_has_any(const struct vmt_unwind_gone *gone, uint64_t pc, const uint64_t *value,
			     uint32_t count)
{
	bool has = vmt_unwind_gone_has(gone, pc);

	for (uint32_t i = 0; !has && i < count; i++)
		has = vmt_unwind_gone_has(gone, READ(value[i]));
	return has;
}
