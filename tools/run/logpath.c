/* SPDX-License-Identifier: MIT */
/*
 * Messages that the library has written into its log file are kept, before the report. See
 * logpath.h.
 */
#include "run/logpath.h"
#include "util/must.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 100 /* names to try in a folder of others */
#define FLAGS (O_WRONLY | O_APPEND | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)

/* Is the file in a folder that nobody else can write to? */
static bool is_in_own_folder(const char *name)
{
	const char *slash = strrchr(name, '/');
	char *folder = slash ? vmt_must_format("%.*s/", (int)(slash - name), name) : NULL;
	struct stat st;
	bool is_own = stat(folder ? folder : ".", &st) == 0 && st.st_uid == geteuid() &&
		      !(st.st_mode & (S_IWGRP | S_IWOTH));

	free(folder);
	return is_own;
}

/* In a folder of others, the file must be one that the library created and left empty. */
static bool may_use(int fd, bool is_own_folder)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (is_own_folder || (st.st_size == 0 && st.st_nlink == 1 && st.st_uid == geteuid()));
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
	int fd = -1;

	errno = EEXIST;
	for (int i = 1; i <= TRIES && fd < 0 && errno == EEXIST; i++) {
		char *name = i > 1 ? vmt_must_format("%s.%d-%d", path, (int)pid, i) :
				     vmt_must_format("%s.%d", path, (int)pid);

		fd = open_one(name);
		free(name);
	}
	return fd < 0 ? NULL : fdopen(fd, "a");
}
