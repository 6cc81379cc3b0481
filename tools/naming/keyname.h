/* SPDX-License-Identifier: MIT */
/* Function names as they are used in the keys of call sites: see keyname.c. */
#ifndef VMT_KEYNAME_H
#define VMT_KEYNAME_H

/* Remove from a function's name what differs between builds of the same code, in place. */
void vmt_keyname_trim(char *function);

/* Likewise for a line of a key, "module!function" or "module!function:LINE", in place. */
void vmt_keyname_trim_line(char *line);

#endif
