/* SPDX-License-Identifier: MIT */
/* Numbers for keys of any bytes, from 0, in the order in which they are met. */
#ifndef VMT_NUMBERED_H
#define VMT_NUMBERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vmt_numbered; /* NULL = empty */

/* The number of a key, which is copied if it is new; ret_is_new says whether it is. */
uint32_t vmt_numbered(struct vmt_numbered **list, const void *key, size_t n, bool *ret_is_new);

/* Call visit for each key, in the order of their numbers. */
void vmt_numbered_each(const struct vmt_numbered *list,
		       void (*visit)(void *context, const void *key, size_t n), void *context);

void vmt_numbered_free(struct vmt_numbered *list);

#endif
