/* SPDX-License-Identifier: MIT */
/*
 * Memory for malloc and its class before the next definitions are known: a resolver of an IFUNC
 * calls malloc before this library is relocated, and a sanitizer may start, and allocate, while the
 * next definitions are looked up. Blocks are never used again, and are known for ever.
 */
#ifndef VMT_EARLY_H
#define VMT_EARLY_H

#include "core/base/base.h"

/* alignment: a power of two, or 0. The memory is zero. NULL: there is none. Needs no relocation. */
void *vmt_early_get(size_t size, size_t alignment);

/* What the wrappers give until then. */
void *vmt_early_calloc(size_t n, size_t size);
void *vmt_early_realloc(void *old, size_t size);
void *vmt_early_reallocarray(void *old, size_t n, size_t size);
void *vmt_early_memalign(size_t alignment, size_t size);
int vmt_early_posix_memalign(void **ret, size_t alignment, size_t size);
void *vmt_early_aligned_alloc(size_t alignment, size_t size);
void *vmt_early_valloc(size_t size);
void *vmt_early_pvalloc(size_t size);

/*
 * The next definitions are known: should early blocks be out, what they can come back by is
 * replaced by functions that look at each block first. All of them are known by now, so who has
 * none never looks.
 */
void vmt_early_take_back(void *(*next_malloc)(size_t size), void (**free)(void *old),
			 void *(**realloc)(void *old, size_t size),
			 void *(**reallocarray)(void *old, size_t n, size_t size));

#endif
