/* SPDX-License-Identifier: MIT */
/*
 * The unwind row for a pc, from the cache or from the module's tables. Used by unwind.c only; what
 * is cached holds as long as unwind_epoch.h says.
 */
#ifndef VMT_UNWIND_ROWS_H
#define VMT_UNWIND_ROWS_H

#include "core/stack/cfi.h"

/* Memory for the cache, zeroed; NULL = no cache. */
void vmt_unwind_rows_set(void *memory, size_t bytes);

/*
 * Find the row of pc. salt: of the epoch in which the walk began. Returns whether pc is in a
 * module. If it is not, or if the module's tables
 * have no row for it (or none that can be expressed), the row is VMT_CFA_NONE.
 */
bool vmt_unwind_rows_find(uint64_t pc, uint64_t salt, struct vmt_cfi_row *ret_row);

/*
 * If there is no row for this function, then libc, the module that contains it, was built without
 * tables. Returns whether that is so.
 */
bool vmt_unwind_rows_are_missing(uint64_t function);

/* Is pc in a libc that was built without tables? */
bool vmt_unwind_rows_is_in_libc(uint64_t pc);

/*
 * Does word look like a return address: after a call instruction, in a module other than libc? In a
 * module with tables, code without a row is the program's start code, which is left out.
 */
bool vmt_unwind_rows_is_return(uint64_t word);

#endif
