/* SPDX-License-Identifier: MIT */
/*
 * Epochs of what is remembered about code and stacks. An epoch ends when code is unmapped. What was
 * remembered in an earlier epoch still holds if no address that it depends on has been unmapped
 * since; for this, the ranges that ended the last epochs are kept. So a plugin that comes and goes
 * takes with it only the stacks that led through it.
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
 * Take this before a walk: what is found with it is not remembered as valid if code is unmapped
 * meanwhile.
 */
static inline uint64_t vmt_unwind_salt(void)
{
	return vmt_unwind_salt_of(atomic_load_explicit(&vmt_unwind_epoch, memory_order_acquire));
}

/* What was unmapped between two epochs. */
struct vmt_unwind_gone {
	uint32_t count;
	struct vmt_range range[VMT_EPOCHS_KEPT];
};

/* Returns false if `was` is none of the last epochs before that of `salt`. */
bool vmt_unwind_gone_since(uint64_t was, uint64_t salt, struct vmt_unwind_gone *ret_gone);

/* Is the word an address in what is gone, or the return address after a call at its end? */
bool vmt_unwind_gone_has(const struct vmt_unwind_gone *gone, uint64_t word);

/* Is any of these? The values are words of an entry that the caller has seized (seqlock.h). */
bool vmt_unwind_gone_has_any(const struct vmt_unwind_gone *gone, uint64_t pc, const uint64_t *value,
			     uint32_t count);

#endif
