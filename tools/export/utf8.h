/* SPDX-License-Identifier: MIT */
/* Turns names of any bytes into text that every format and every terminal accepts. */
#ifndef VMT_UTF8_H
#define VMT_UTF8_H

#include <stddef.h>

/*
 * Returns a copy with '?' for each byte that is not part of valid UTF-8, and for each control
 * character, including line separators and marks that change the direction of text. The caller
 * frees it.
 */
char *vmt_utf8_copy(const char *bytes, size_t n);

#endif
