/* SPDX-License-Identifier: MIT */
/*
 * Suppressions that a program brings along, as the sanitizers know them:
 *
 *	const char vmatrace_default_suppressions[] = "vma:^arena_new$\n";
 *
 * The text is read from the program's file; it need not run for that. Used by check.
 */
#ifndef VMT_DEFAULTS_H
#define VMT_DEFAULTS_H

/*
 * The text, which the caller frees; NULL when path is no ELF file or has none. A stripped
 * program keeps it if the symbol is exported.
 */
char *vmt_defaults_read(const char *path);

#endif
