/* SPDX-License-Identifier: MIT */
/*
 * Finds words and numbers in text that need not be terminated, such as the files of /proc. Used by
 * the library, which has no stdio and no strtoul.
 */
#ifndef VMT_SCAN_H
#define VMT_SCAN_H

#include "core/base/base.h"

/* Returns where `what` first occurs in the text, or NULL. */
const char *vmt_scan_find(const char *text, size_t length, const char *what);

/* Returns the decimal number that begins at `at`; 0 if no digit is there. */
uint64_t vmt_scan_number(const char *at, const char *end);

/* Returns the number that follows the first `key` and any blanks; 0 if there is none. */
uint64_t vmt_scan_number_after(const char *text, size_t length, const char *key);

/* Returns the number after this many blanks, each of which separates two fields; 0 likewise. */
uint64_t vmt_scan_field(const char *text, size_t length, unsigned field);

#endif
