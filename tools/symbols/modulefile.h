/* SPDX-License-Identifier: MIT */
/*
 * The file of a recorded module: where it was, in a directory of the user's, under
 * /usr/lib/debug, or from a debuginfod server; and which address is at an offset in it. A file of
 * debug information alone will do. Used by symbols.c.
 */
#ifndef VMT_MODULEFILE_H
#define VMT_MODULEFILE_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vmt_modulefile {
	const char *path;
	const uint8_t *build_id;
	size_t build_id_length; /* 0 = unknown: the path is trusted */
};

/* An open descriptor of the very file that was traced, or -1. directory may be NULL. */
int vmt_modulefile_open(const struct vmt_modulefile *module, const char *directory,
			const Dwfl_Callbacks *callbacks);

/* Recordings hold file offsets, symbol tables addresses; the program headers tell both. */
bool vmt_modulefile_address(Elf *elf, uint64_t offset, uint64_t *ret_address);

/* And back. */
bool vmt_modulefile_offset(Elf *elf, uint64_t address, uint64_t *ret_offset);

#endif
