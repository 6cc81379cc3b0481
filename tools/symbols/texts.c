/* SPDX-License-Identifier: MIT */
/* A hash table of texts; see texts.h. */
#include "symbols/texts.h"
#include "util/must.h"

#include <uthash.h>

struct vmt_text {
	char *text;
	UT_hash_handle hh;
};

const char *vmt_texts_keep(struct vmt_text **texts, const char *bytes, size_t n)
{
	struct vmt_text *found = NULL;

	HASH_FIND(hh, *texts, bytes, n, found);
	if (found)
		return found->text;
	found = vmt_must_alloc(1, sizeof(*found));
	found->text = vmt_must(strndup(bytes, n));
	HASH_ADD_KEYPTR(hh, *texts, found->text, n, found);
	return found->text;
}

void vmt_texts_free(struct vmt_text *texts)
{
	struct vmt_text *text;
	struct vmt_text *next;

	HASH_ITER(hh, texts, text, next)
	{
		HASH_DEL(texts, text);
		free(text->text);
		free(text);
	}
}
