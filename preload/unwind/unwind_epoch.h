/* SPDX-License-Identifier: MIT */
/*
 * Each remembered stack, segment or row belongs to an epoch, which ends when code is unmapped. An
 * entry of an earlier epoch is still valid if none of the addresses in it has been unmapped since;
 * the ranges that ended the last epochs are kept to decide this. So a plugin that comes and goes
 * invalidates only the stacks that led through it.
 *
 * Only the holder of the lock ends an epoch (vmt_unwind_forget(), shim.h). Any thread and any signal
 * handler may ask; nobody waits.
 */
#ifndef VMT_UNWIND_EPOCH_H
#define VMT_UNWIND_EPOCH_H

#include <stdatomic.h>

#include "os/shim.h"

#define VMT_EPOCHS_KEPT 16u

extern _Atomic uint64_t vmt_unwind_epoch __attribute__((visibility("hidden")));

/* No salt looks like an address. */
static inline uint64_t vmt_unwind_salt_of(uint64_t epoch)
{
	return epoch * UINT64_C(0x9e3779b97f4a7c15) | UINT64_C(1) << 63;
}

/*
 * To be read before a walk. If code is unmapped meanwhile, an entry with this salt is not valid.
 */
static inline uint64_t vmt_unwind_salt(void)
{
	return vmt_unwind_salt_of(atomic_load_explicit(&vmt_unwind_epoch, memory_order_acquire));
}

/*
 * Code that no walk has met can go without ending an epoch. There is a bit for each 64 KiB, and one
 * for places that lie 256 MiB apart; none is ever cleared. A walk notes its code before it looks for
 * the module, and whoever unmaps code takes its module off the list before asking: so either the
 * walk does not find the module, or the code is known to have been met.
 */
void vmt_unwind_note_met(uint64_t pc);
bool vmt_unwind_has_met(struct vmt_range code);

/* What was unmapped between two epochs. */
struct vmt_unwind_gone {
	uint32_t count;
	struct vmt_range range[VMT_EPOCHS_KEPT];
};

/* Returns false if `was` does not belong to one of the last epochs before that of `salt`. */
bool vmt_unwind_gone_since(uint64_t was, uint64_t salt, struct vmt_unwind_gone *ret_gone);

/*
 * Is the word an address in one of these ranges, or the return address after a call at the end of
 * one?
 */
bool vmt_unwind_gone_has(const struct vmt_unwind_gone *gone, uint64_t word);

/*
 * Likewise for pc and all values, which are words of an entry that the caller has seized
 * (seqlock.h).
 */
bool vmt_unwind_gone_has_any(const struct vmt_unwind_gone *gone, uint64_t pc, const uint64_t *value,
			     uint32_t count);

#endif
