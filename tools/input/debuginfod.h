/* SPDX-License-Identifier: MIT */
/*
 * Servers that have modules and debug information by build-id (DEBUGINFOD_URLS): asked only when
 * the user wants that, since each answer may take as long as its download, and each server that is
 * silent until its time is up.
 */
#ifndef VMT_DEBUGINFOD_H
#define VMT_DEBUGINFOD_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>

/* From now on they are asked; progress is told on standard error if show_progress. */
void vmt_debuginfod_allow(bool show_progress);

/* Is there one to ask? No longer after one was silent for too long, or all of them together. */
bool vmt_debuginfod_is_allowed(void);

/* Callbacks for libdwfl: its own, which ask no server that is not allowed. */
int vmt_debuginfod_find_elf(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
			    char **ret_path, Elf **ret_elf);
int vmt_debuginfod_find_debuginfo(Dwfl_Module *module, void **data, const char *name,
				  Dwarf_Addr base, const char *path, const char *link,
				  GElf_Word crc, char **ret_path);

#endif
