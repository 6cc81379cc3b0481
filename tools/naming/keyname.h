/* SPDX-License-Identifier: MIT */
/* Function names as they are used in the keys of call sites: see keyname.c. */
#ifndef VMT_KEYNAME_H
#define VMT_KEYNAME_H

#include <stddef.h>

/* Remove from a function's name what differs between builds of the same code, in place. */
void vmt_keyname_trim(char *function);

/*
 * What a generator of code puts into the middle of a name, and changes when other functions are added: returns
 * where that begins. *ret_length = 0: there is none.
 */
size_t vmt_keyname_hash(const char *function, size_t *ret_length);

/* Trim a function's name in a line of a key, "module!function" or "module!function:LINE", in place. */
void vmt_keyname_trim_line(char *line);

#endif
