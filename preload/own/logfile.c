/* SPDX-License-Identifier: MIT */
/* Opens the file that messages go to, by the rules of core/base/logname.h. See logfile.h. */
#include "os/auxv.h"
#include "own/logfile.h"

#include <fcntl.h>
#include <linux/errno.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "os/fd.h"
#include "core/base/logname.h"
#include "os/sys.h"

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
	vmt_logname_add(&name, path, state->process.pid, try);
	return !name.is_cut;
}

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
	       vmt_logname_is_own_folder(st.st_uid, st.st_mode, (uint32_t)vmt_auxv(AT_EUID));
}

static bool is_empty_and_ours(int fd)
{
	struct stat st;

	return !vmt_sys_failed(vmt_fd_status(fd, &st)) &&
	       vmt_logname_is_empty_file((uint64_t)st.st_size, st.st_nlink, st.st_uid,
					 (uint32_t)vmt_auxv(AT_EUID));
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

	for (unsigned try = 1; try <= VMT_LOGNAME_TRIES && fd == -EEXIST; try++) {
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
