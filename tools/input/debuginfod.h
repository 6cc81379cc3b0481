/* SPDX-License-Identifier: MIT */
/*
 * Servers that deliver modules and debug information by build-id (DEBUGINFOD_URLS). They are asked
 * only at the user's request, since a request may take as long as a download, or as long as the
 * timeout.
 */
#ifndef VMT_DEBUGINFOD_H
#define VMT_DEBUGINFOD_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>

/*
 * Allow requests from now on, or say why there will be none. show_progress: report progress on standard
 * error.
 */
void vmt_debuginfod_allow(bool show_progress);

/* May a server be asked? Not after one request, or all together, took too long. */
bool vmt_debuginfod_is_allowed(void);

/* Callbacks for libdwfl: its own, but they only ask servers that may be asked. */
int vmt_debuginfod_find_elf(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
			    char **ret_path, Elf **ret_elf);
int vmt_debuginfod_find_debuginfo(Dwfl_Module *module, void **data, const char *name,
				  Dwarf_Addr base, const char *path, const char *link,
				  GElf_Word crc, char **ret_path);

#endif
