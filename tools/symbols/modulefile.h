/* SPDX-License-Identifier: MIT */
/*
 * Finds the file of a recorded module: at its own path, in a directory given by the user, under
 * /usr/lib/debug, or on a debuginfod server. Converts between offsets and addresses in it. A file
 * with debug information only is enough. Used by symbols.c.
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
	size_t build_id_length; /* 0 = unknown: path is trusted then */
};

/* Returns an open descriptor of the file that was traced, or -1. directory may be NULL. */
int vmt_modulefile_open(const struct vmt_modulefile *module, const char *directory,
			const Dwfl_Callbacks *callbacks);

/*
 * Returns fd, or a descriptor of the file at path if it is the same module and has more symbols; fd
 * is closed then. fd may be -1.
 */
int vmt_modulefile_better(int fd, const struct vmt_modulefile *module, const char *path);

/*
 * Recordings contain file offsets, symbol tables contain addresses; the program headers relate the
 * two.
 */
bool vmt_modulefile_address(Elf *elf, uint64_t offset, uint64_t *ret_address);

/* Convert an address back to an offset. */
bool vmt_modulefile_offset(Elf *elf, uint64_t address, uint64_t *ret_offset);

#endif
