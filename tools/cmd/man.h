/* SPDX-License-Identifier: MIT */
/* Manual pages, made from what --help prints, so that the two cannot differ. */
#ifndef VMT_MAN_H
#define VMT_MAN_H

/*
 * Print the page of a command (name NULL: of vmatrace itself) as roff for man(1). `run`, called
 * with the arguments name and --help, prints the help. Returns the tool's exit status.
 */
int vmt_man_print(const char *name, const char *summary, int (*run)(int argc, char **argv));

#endif
