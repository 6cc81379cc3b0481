/* SPDX-License-Identifier: MIT */
/* Names of functions as keys of call sites have them: see keyname.c. */
#ifndef VMT_KEYNAME_H
#define VMT_KEYNAME_H

/* The name of a function without what differs between builds of the same code; in place. */
void vmt_keyname_trim(char *function);

/* The same of a line of a key, "module!function" or "module!function:LINE"; in place. */
void vmt_keyname_trim_line(char *line);

#endif
