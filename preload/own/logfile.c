/* SPDX-License-Identifier: MIT */
/*
 * In a folder that others may write to, a name may be a link to one of the user's own files, or a
 * FIFO that nobody reads. So only files that the library has created itself are written to. See
 * logfile.h.
 */
#include "os/auxv.h"
#include "own/logfile.h"

#include <fcntl.h>
#include <linux/errno.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "os/fd.h"
#include "core/base/line.h"
#include "os/sys.h"

#define TRIES       100u /* names to try in a folder of others */
#define WRITE_FLAGS (O_WRONLY | O_APPEND | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK)

/* The name with its whole path, since the program may call chdir. False if it does not fit. */
static bool make_name(struct vmt_state *state, unsigned try)
{
	const char *path = state->options.log_path;
	struct vmt_line name = vmt_line_in(state->log.name, sizeof(state->log.name));

	if (path[0] != '/') {
		vmt_line_add(&name, state->image.start_folder);
		vmt_line_add(&name, "/");
	}
	vmt_line_add(&name, path);
	vmt_line_add(&name, ".");
	vmt_line_add_number(&name, state->process.pid);
	if (try > 1) {
		vmt_line_add(&name, "-");
		vmt_line_add_number(&name, try);
	}
	return !name.is_cut;
}

/* Is the file in a folder that nobody else can write to? */
static bool is_in_own_folder(const char *name)
{
	char folder[sizeof(((struct vmt_state *)0)->log.name)];
	size_t length = __builtin_strlen(name);
	struct stat st;

	while (length > 1 && name[length - 1] != '/')
		length--;
	__builtin_memcpy(folder, name, length);
	folder[length] = '\0';
	return !vmt_sys_failed(vmt_sys4(SYS_newfstatat, AT_FDCWD, folder, &st, 0)) &&
	       st.st_uid == vmt_auxv(AT_EUID) && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/*
 * Is the file empty, so that nothing is lost by using it? An earlier image of this process, before
 * exec, may have left it.
 */
static bool is_empty_and_ours(int fd)
{
	struct stat st;

	return !vmt_sys_failed(vmt_fd_status(fd, &st)) && st.st_size == 0 && st.st_nlink == 1 &&
	       st.st_uid == vmt_auxv(AT_EUID);
}

/* Use a file that exists: it must be an ordinary file, and is emptied. */
static int take_over(const char *name, bool is_own_folder)
{
	int fd = vmt_fd_open(name, WRITE_FLAGS, 0);
	struct vmt_fd file = vmt_fd_note(fd);

	if (fd < 0)
		return fd;
	if (file.type != S_IFREG || !(is_own_folder || is_empty_and_ours(fd)) ||
	    vmt_sys_failed(vmt_sys2(SYS_ftruncate, fd, 0))) {
		vmt_sys1(SYS_close, fd);
		return -EEXIST;
	}
	vmt_sys2(SYS_fchmod, fd, 0600);
	return fd;
}

int vmt_logfile_create(struct vmt_state *state, bool replace)
{
	int fd = -EEXIST;

	for (unsigned try = 1; try <= TRIES && fd == -EEXIST; try++) {
		if (!make_name(state, try))
			return -ENAMETOOLONG;
		fd = vmt_fd_open(state->log.name, WRITE_FLAGS | O_CREAT | O_EXCL, 0600);
		if (fd == -EEXIST && replace)
			fd = take_over(state->log.name, is_in_own_folder(state->log.name));
		if (fd == -ELOOP || fd == -ENXIO) /* a link, or a FIFO that nobody reads */
			fd = -EEXIST;
	}
	state->log.file = vmt_fd_note(fd);
	return fd;
}

int vmt_logfile_open(struct vmt_state *state)
{
	int fd = vmt_fd_open(state->log.name, WRITE_FLAGS, 0);
	struct vmt_fd file = vmt_fd_note(fd);

	if (vmt_fd_is_same(&file, &state->log.file))
		return fd;
	vmt_fd_close(&file);
	return vmt_logfile_create(state, false);
}
