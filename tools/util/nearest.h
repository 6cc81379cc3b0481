/* SPDX-License-Identifier: MIT */
/* Which of several names was meant by a mistyped one. */
#ifndef VMT_NEAREST_H
#define VMT_NEAREST_H

#include <stddef.h>

struct vmt_nearest {
	const char *name; /* the best so far; NULL: none is near enough */
	size_t distance;
};

/* Compare the typed name, of n bytes, with one that exists. */
void vmt_nearest_try(struct vmt_nearest *nearest, const char *typed, size_t n, const char *name);

#endif
