/* SPDX-License-Identifier: MIT */
/*
 * Names of files and programs may contain any bytes. Bytes that a terminal would interpret, or
 * would show as something else, are replaced by '?': control characters (also the C1 controls
 * encoded in UTF-8, which xterm obeys), bytes that are not UTF-8, and marks that change the
 * direction of writing. Used wherever text is written for people.
 */
#ifndef VMT_PRINTABLE_H
#define VMT_PRINTABLE_H

#include "core/base/base.h"

/* Replace in place; the length stays the same. */
void vmt_printable(char *bytes, size_t n);

/*
 * Returns the length of the UTF-8 character at text, harmful or not, which may use up to `left`
 * bytes; 0 = the bytes are not UTF-8.
 */
size_t vmt_printable_length(const unsigned char *text, size_t left);

#endif
