/* SPDX-License-Identifier: MIT */
/*
 * The modules that the unwinder knows: where their code lies, and where its unwind tables are. It
 * is kept here because no libc has a look-up that could be used instead everywhere: glibc
 * before 2.35 and musl have none without a lock, and glibc's uses vector registers, which a system
 * call must not change.
 *
 * Anybody may look something up, in handlers too: there is no lock, and nobody waits. Changes are
 * made by one thread at a time: the constructor, later the holder of the lock (unwind_learn.c).
 */
#ifndef VMT_UNWIND_MODULES_H
#define VMT_UNWIND_MODULES_H

#include <link.h>

#include "core/stack/cfi.h"

#define VMT_UNWIND_MODULES_MAX 1024u

/* A segment with code. */
struct vmt_unwind_module {
	struct vmt_range text;
	struct vmt_cfi_module tables; /* .hdr = 0: it has none */
	uint64_t can_read; /* not 0: its code may be read */
};

#define VMT_UNWIND_MODULES_SIZE (2 * VMT_UNWIND_MODULES_MAX * sizeof(struct vmt_unwind_module))

/* VMT_UNWIND_MODULES_SIZE bytes; without them no module is known. */
void vmt_unwind_modules_set(void *memory);

/* The segment that pc lies in; false: in none that is known. */
bool vmt_unwind_modules_find(uint64_t pc, struct vmt_unwind_module *ret_module);

/*
 * Add the segments of a module, in place of what was there. only: no other segment than the one
 * this address lies in, 0 = all. False if there is no room.
 */
bool vmt_unwind_modules_add(const struct dl_phdr_info *info, uint64_t only);

/* Add all modules that are loaded. Takes the loader's lock: by the constructor and by tests. */
void vmt_unwind_modules_load(void);

/* Forget those whose code or tables lie in the range, even in part. */
void vmt_unwind_modules_drop(struct vmt_range range);

/* Forget those that are not there any more. */
void vmt_unwind_modules_sweep(bool (*is_there)(void *context,
					       const struct vmt_unwind_module *module),
			      void *context);

#endif
