/* SPDX-License-Identifier: MIT */
/*
 * Names of files and programs may hold any bytes. What a terminal would act on, or show as
 * something else than it is, becomes '?': control characters (those of Latin-1 written in UTF-8 as
 * well, which xterm obeys), bytes that are no UTF-8, marks that turn the direction of writing.
 * Used wherever text is written for people.
 */
#ifndef VMT_PRINTABLE_H
#define VMT_PRINTABLE_H

#include "core/base/base.h"

/* In place; as many bytes as before. */
void vmt_printable(char *bytes, size_t n);

/* Bytes of the character of UTF-8 at text, harmful or not, at most left; 0 = there is none. */
size_t vmt_printable_length(const unsigned char *text, size_t left);

#endif
