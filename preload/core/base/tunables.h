/* SPDX-License-Identifier: MIT */
/*
 * GLIBC_TUNABLES, `name=value:name=value`. What it sets takes precedence over the variables MALLOC_…,
 * in whichever order they stand in the environment (glibc 2.26 and later). Used by the library, which
 * records what a program was started with, and by the tool, which advises what to set.
 */
#ifndef VMT_TUNABLES_H
#define VMT_TUNABLES_H

#include "core/base/base.h"

/* vmt_rec_header.tunables: what the variable has; without any bit it is not set, or empty. */
#define VMT_TUNABLES_SET            UINT32_C(1)
#define VMT_TUNABLES_ARENA_MAX      UINT32_C(2) /* glibc.malloc.arena_max is set, and so on */
#define VMT_TUNABLES_MMAP_THRESHOLD UINT32_C(4)
#define VMT_TUNABLES_STACK_CACHE    UINT32_C(8) /* glibc.pthread.stack_cache_size */
#define VMT_TUNABLES_NO_STACK_CACHE UINT32_C(16) /* it is set to 0: stacks are not kept */

/* One `name=value`; both point into the text. Without a `=`, the value is empty. */
struct vmt_tunables_part {
	const char *text;
	size_t length; /* of all of it */
	size_t name_length;
};

/* Take the part at *at and move on to the next. Empty parts are passed over. False: there is none. */
bool vmt_tunables_next(const char **at, struct vmt_tunables_part *ret_part);

/* The bit of the tunable of this name; 0 = none. */
uint32_t vmt_tunables_bit(const char *name, size_t length);

/* Returns the bits of the variable's text, which may be NULL. */
uint32_t vmt_tunables_read(const char *text);

#endif
