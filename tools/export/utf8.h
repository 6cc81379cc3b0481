/* SPDX-License-Identifier: MIT */
/* Names of any bytes as text that every format and every terminal takes. */
#ifndef VMT_UTF8_H
#define VMT_UTF8_H

#include <stddef.h>

/*
 * A copy with '?' for each byte that is not part of valid UTF-8, and for each control character:
 * also line separators, and what changes the direction of text. The caller frees it.
 */
char *vmt_utf8_copy(const char *bytes, size_t n);

#endif
