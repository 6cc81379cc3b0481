/* SPDX-License-Identifier: MIT */
/*
 * Messages that the library has written into its log file are kept, before the report. See
 * logpath.h.
 */
#include "run/logpath.h"
#include "core/base/logname.h"
#include "util/must.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLAGS (O_WRONLY | O_APPEND | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)

static bool is_in_own_folder(const char *name)
{
	const char *slash = strrchr(name, '/');
	char *folder = slash ? vmt_must_format("%.*s/", (int)(slash - name), name) : NULL;
	struct stat st;
	bool is_own = stat(folder ? folder : ".", &st) == 0 &&
		      vmt_logname_is_own_folder(st.st_uid, st.st_mode, geteuid());

	free(folder);
	return is_own;
}

static bool may_use(int fd, bool is_own_folder)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (is_own_folder ||
		vmt_logname_is_empty_file((uint64_t)st.st_size, st.st_nlink, st.st_uid, geteuid()));
}

static int open_one(const char *name)
{
	int fd = open(name, FLAGS | O_CREAT | O_EXCL, 0600);

	if (fd >= 0 || errno != EEXIST)
		return fd;
	fd = open(name, FLAGS);
	if (fd >= 0 && may_use(fd, is_in_own_folder(name))) {
		fchmod(fd, 0600);
		return fd;
	}
	if (fd >= 0)
		close(fd);
	errno = EEXIST;
	return -1;
}

FILE *vmt_logpath_open(const char *path, pid_t pid)
{
	char text[PATH_MAX];
	int fd = -1;

	errno = EEXIST;
	for (unsigned i = 1; i <= VMT_LOGNAME_TRIES && fd < 0 && errno == EEXIST; i++) {
		struct vmt_line name = vmt_line_in(text, sizeof(text));

		vmt_logname_add(&name, path, (uint64_t)pid, i);
		if (name.is_cut)
			errno = ENAMETOOLONG;
		else
			fd = open_one(text);
	}
	return fd < 0 ? NULL : fdopen(fd, "a");
}
