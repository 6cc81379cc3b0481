/* SPDX-License-Identifier: MIT */
/*
 * What is known of a pc: its unwind row, from a cache or from the tables of its
 * module. Used by unwind.c only; the end of the cache's validity is told through
 * vmt_unwind_forget() of shim.h.
 */
#ifndef VMT_UNWIND_ROWS_H
#define VMT_UNWIND_ROWS_H

#include <stdatomic.h>

#include "core/stack/cfi.h"

/* Memory for the cache, zeroed; NULL = none. */
void vmt_unwind_rows_set(void *memory, size_t bytes);

extern _Atomic uint64_t vmt_unwind_epoch __attribute__((visibility("hidden")));

/*
 * To be taken before a walk: rows found with it are not kept if a module goes meanwhile. No salt
 * is an address.
 */
static inline uint64_t vmt_unwind_rows_salt(void)
{
	return atomic_load_explicit(&vmt_unwind_epoch, memory_order_acquire) *
		       UINT64_C(0x9e3779b97f4a7c15) |
	       UINT64_C(1) << 63;
}

/*
 * The row of pc. Returns whether pc is in a module; if it is not, or if the module says nothing
 * of it (or more than a row can say), the row is VMT_CFA_NONE.
 */
bool vmt_unwind_rows_find(uint64_t pc, uint64_t salt, struct vmt_cfi_row *ret_row);

/*
 * The module that function lies in, libc, is built without tables if there are none for this
 * function.
 */
bool vmt_unwind_rows_are_missing(uint64_t function);

/* Does pc lie in that module? */
bool vmt_unwind_rows_is_in_libc(uint64_t pc);

/*
 * Does word look like a return address: behind a call, in a module other than libc? In one with
 * tables, code without a row is the program's start, which is left out.
 */
bool vmt_unwind_rows_is_return(uint64_t word);

#endif
