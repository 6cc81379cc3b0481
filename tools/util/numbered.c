/* SPDX-License-Identifier: MIT */
/*
 * See numbered.h. What is told once and referred to by its number afterwards. Pure but for malloc.
 */
#include "util/must.h"
#include "util/numbered.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct vmt_numbered {
	UT_hash_handle hh;
	uint32_t number;
	char key[];
};

uint32_t vmt_numbered(struct vmt_numbered **list, const void *key, size_t n, bool *ret_is_new)
{
	struct vmt_numbered *item;

	HASH_FIND(hh, *list, key, n, item);
	*ret_is_new = !item;
	if (item)
		return item->number;
	item = vmt_must_alloc(1, sizeof(*item) + n + 1);
	memcpy(item->key, key, n);
	item->number = HASH_COUNT(*list);
	HASH_ADD(hh, *list, key[0], n, item);
	return item->number;
}

void vmt_numbered_free(struct vmt_numbered *list)
{
	struct vmt_numbered *item;
	struct vmt_numbered *next;

	HASH_ITER(hh, list, item, next)
	{
		HASH_DEL(list, item);
		free(item);
	}
}
