/* SPDX-License-Identifier: MIT */
/* Numbers in the order in which keys are met; see numbered.h. */
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

/* The table keeps the order in which items were added. */
void vmt_numbered_each(const struct vmt_numbered *list,
		       void (*visit)(void *context, const void *key, size_t n), void *context)
{
	for (; list; list = list->hh.next)
		visit(context, list->key, list->hh.keylen);
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
