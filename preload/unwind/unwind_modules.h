/* SPDX-License-Identifier: MIT */
/*
 * The modules that the unwinder knows: where their code and their unwind tables are. The library
 * keeps its own list because no look-up of libc's works everywhere: glibc before 2.35 and musl have
 * none without a lock, and glibc's uses vector registers, which a system call must not change.
 *
 * Any thread may look up a module, also in signal handlers: there is no lock, and nobody waits.
 * Only one thread makes changes at a time: the constructor, later the holder of the lock
 * (unwind_learn.c).
 */
#ifndef VMT_UNWIND_MODULES_H
#define VMT_UNWIND_MODULES_H

#include <link.h>

#include "core/stack/cfi.h"

#define VMT_UNWIND_MODULES_MAX 1024u

/* A segment that contains code. */
struct vmt_unwind_module {
	struct vmt_range text;
	struct vmt_cfi_module tables; /* .hdr = 0: the segment has no tables */
	uint64_t can_read; /* not 0: the code is readable */
};

#define VMT_UNWIND_MODULES_SIZE (2 * VMT_UNWIND_MODULES_MAX * sizeof(struct vmt_unwind_module))

/* memory: VMT_UNWIND_MODULES_SIZE bytes. Until this is called, no module is known. */
void vmt_unwind_modules_set(void *memory);

/* Find the segment that contains pc; false if there is none that is known. */
bool vmt_unwind_modules_find(uint64_t pc, struct vmt_unwind_module *ret_module);

/*
 * Add the segments of a module, replacing what was at their addresses. only: add only the segment
 * that contains this address; 0 = all. Returns false if there is no room.
 */
bool vmt_unwind_modules_add(const struct dl_phdr_info *info, uint64_t only);

/*
 * Add all loaded modules. Takes the loader's lock, so only the constructor and tests may call it.
 */
void vmt_unwind_modules_load(void);

/* Forget the modules whose code or tables overlap the range. */
void vmt_unwind_modules_drop(struct vmt_range range);

/* Forget the modules for which is_there() returns false. */
void vmt_unwind_modules_sweep(bool (*is_there)(void *context,
					       const struct vmt_unwind_module *module),
			      void *context);

#endif
