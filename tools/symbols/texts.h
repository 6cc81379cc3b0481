/* SPDX-License-Identifier: MIT */
/* Texts that live as long as the symbols, each kept once: names of a recording, which have no end. */
#ifndef VMT_TEXTS_H
#define VMT_TEXTS_H

#include <stddef.h>

struct vmt_text;

/* Returns the n bytes with a terminator. The tree *texts begins as NULL. */
const char *vmt_texts_keep(struct vmt_text **texts, const char *bytes, size_t n);
void vmt_texts_free(struct vmt_text *texts);

#endif
