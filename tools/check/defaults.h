/* SPDX-License-Identifier: MIT */
/*
 * Suppressions that a program contains, in the manner of the sanitizers:
 *
 * 	const char vmatrace_default_suppressions[] = "vma:^arena_new$
 * ";
 *
 * The text is read from the program's file, which need not run for that. Used by check.
 */
#ifndef VMT_DEFAULTS_H
#define VMT_DEFAULTS_H

/*
 * Returns the text, which the caller frees; NULL if path is no ELF file or contains none. A
 * stripped program keeps the text if the symbol is exported.
 */
char *vmt_defaults_read(const char *path);

#endif
