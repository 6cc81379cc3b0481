/* SPDX-License-Identifier: MIT */
/*
 * The name of a log_path's file, and which existing file may be written to. In a folder that others
 * may write to, a name may be a link to one of the user's own files, or a FIFO that nobody reads, so
 * there only an empty file that was created by the user is used. Shared by the library, which writes
 * messages, and `vmatrace run`, which adds the report.
 */
#ifndef VMT_LOGNAME_H
#define VMT_LOGNAME_H

#include "core/base/line.h"

#define VMT_LOGNAME_TRIES 100u /* names to try in a folder of others */

/* Add the name of this try, from 1: PATH.PID, then PATH.PID-2, and so on. */
static inline void vmt_logname_add(struct vmt_line *name, const char *path, uint64_t pid,
				   unsigned try)
{
	vmt_line_add(name, path);
	vmt_line_add(name, ".");
	vmt_line_add_number(name, pid);
	if (try > 1) {
		vmt_line_add(name, "-");
		vmt_line_add_number(name, try);
	}
}

/* Is this a folder that nobody but the user can write to? */
static inline bool vmt_logname_is_own_folder(uint32_t owner, uint32_t mode, uint32_t user)
{
	return owner == user && !(mode & 022);
}

/* Is nothing lost by using the file? An earlier image of this process may have left it. */
static inline bool vmt_logname_is_empty_file(uint64_t size, uint64_t links, uint32_t owner,
					     uint32_t user)
{
	return size == 0 && links == 1 && owner == user;
}

#endif
