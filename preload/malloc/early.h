/* SPDX-License-Identifier: MIT */
/*
 * Memory for malloc and the like before the next definitions are known. The resolver of an IFUNC
 * may call malloc before this library is relocated; a sanitizer may start, and allocate, while the
 * next definitions are being looked up. Blocks are never reused, and are recognised for ever.
 */
#ifndef VMT_EARLY_H
#define VMT_EARLY_H

#include "core/base/base.h"

/*
 * alignment: a power of two, or 0. Returns zeroed memory, or NULL if there is none. Needs no
 * relocation.
 */
void *vmt_early_get(size_t size, size_t alignment);

/* What the wrappers return until then. */
void *vmt_early_calloc(size_t n, size_t size);
void *vmt_early_realloc(void *old, size_t size);
void *vmt_early_reallocarray(void *old, size_t n, size_t size);
void *vmt_early_memalign(size_t alignment, size_t size);
int vmt_early_posix_memalign(void **ret, size_t alignment, size_t size);
void *vmt_early_aligned_alloc(size_t alignment, size_t size);
void *vmt_early_valloc(size_t size);
void *vmt_early_pvalloc(size_t size);

/*
 * The next definitions are known. If any early blocks have been given out, replace the functions
 * that such blocks may come back through by functions that check for early blocks first. If none
 * have been given out, nothing is checked later.
 */
void vmt_early_take_back(void *(*next_malloc)(size_t size), void (**free)(void *old),
			 void *(**realloc)(void *old, size_t size),
			 void *(**reallocarray)(void *old, size_t n, size_t size));

#endif
