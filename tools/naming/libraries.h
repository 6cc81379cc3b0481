/* SPDX-License-Identifier: MIT */
/*
 * The libraries that a program or library brings along: those it needs (DT_NEEDED) that lie where
 * its own RUNPATH or RPATH says, or beside it, and guesses: files of these names in LD_LIBRARY_PATH
 * and in folders named lib. Those of the system lie elsewhere. Used by names.c.
 */
#ifndef VMT_LIBRARIES_H
#define VMT_LIBRARIES_H

#include <stdbool.h>
#include <stddef.h>

struct vmt_library {
	char *path;
	bool is_guess; /* the process may have loaded another file of this name */
};

struct vmt_libraries {
	struct vmt_library *item; /* guesses come before what is certain unless they are right */
	size_t count;
};

/* An invalid or missing file has none. Free with vmt_libraries_free(). */
void vmt_libraries_read(struct vmt_libraries *ret_libraries, const char *path);
void vmt_libraries_free(struct vmt_libraries *libraries);

#endif
