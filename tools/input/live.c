/* SPDX-License-Identifier: MIT */
/*
 * Finds the recording of a running process, which has it mapped (and if it is a memfd, open). It is
 * found below /proc/PID even if it has no name (memfd) or lies in another mount namespace.
 * Read-only; used by report and top.
 */
#include "core/recording/record.h"
#include "input/live.h"
#include "input/liveness.h"
#include "input/process.h"
#include "util/message.h"
#include "util/must.h"
#include "util/slurp.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_number(const char *text)
{
	const char *at = text;

	while (isdigit((unsigned char)*at))
		at++;
	return at != text && !*at && at - text < 10;
}

/*
 * Is this the recording of this process, whatever its pid in a container? A fork child may still
 * have its parent's.
 */
static bool is_recording_of(int fd, uint32_t pid)
{
	struct vmt_rec_header header;
	struct stat stat;

	return !fstat(fd, &stat) && S_ISREG(stat.st_mode) &&
	       pread(fd, &header, sizeof(header), 0) == sizeof(header) &&
	       !memcmp(header.magic, VMT_RECORD_MAGIC, sizeof(header.magic)) &&
	       (header.pid == pid || vmt_liveness_calls_itself((pid_t)pid, header.pid));
}

/* Only open names that may be recordings: opening somebody's FIFO could wake its reader. */
static bool may_be_recording(const char *link)
{
	char target[4096];
	ssize_t n = readlink(link, target, sizeof(target) - 1);

	if (n <= 0)
		return false;
	target[n] = '\0';
	return strstr(target, ".vmt") || strstr(target, "/memfd:vmatrace");
}

/*
 * Find an open descriptor of the recording among the links of a directory. Returns a descriptor or
 * -errno.
 */
static int search(const char *directory, uint32_t pid)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	char link[512];
	int found = -ENOENT;

	if (!dir)
		return -errno;
	while (found < 0 && (entry = readdir(dir))) {
		snprintf(link, sizeof(link), "%s/%s", directory, entry->d_name);
		if (!may_be_recording(link))
			continue;
		found = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (found >= 0 && !is_recording_of(found, pid)) {
			close(found);
			found = -ENOENT;
		}
	}
	closedir(dir);
	return found;
}

/* Open the file by its name as the process sees it: "ADDRESSES FLAGS OFFSET DEVICE INODE PATH". */
static int open_mapped(uint32_t pid, const char *line)
{
	const char *path = strchr(line, '/');
	char name[4096 + 32];
	int fd;

	if (!path || !strstr(path, ".vmt"))
		return -ENOENT;
	snprintf(name, sizeof(name), "/proc/%u/root%.*s", pid, (int)strcspn(path, "\n"), path);
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || is_recording_of(fd, pid))
		return fd < 0 ? -ENOENT : fd;
	close(fd);
	return -ENOENT;
}

static int search_maps(uint32_t pid)
{
	char line[4096 + 128];
	int found = -ENOENT;
	FILE *maps;

	snprintf(line, sizeof(line), "/proc/%u/maps", pid);
	maps = fopen(line, "re");
	if (!maps)
		return -errno;
	while (found < 0 && fgets(line, sizeof(line), maps))
		found = open_mapped(pid, line);
	fclose(maps);
	return found;
}

static int open_recording(uint32_t pid)
{
	char directory[64];
	int fd;

	snprintf(directory, sizeof(directory), "/proc/%u/fd", pid);
	fd = search(directory, pid);
	if (fd != -ENOENT || access(directory, F_OK))
		return fd;
	fd = search_maps(pid);
	if (fd != -ENOENT)
		return fd;
	/* A memfd without a descriptor is still mapped. */
	snprintf(directory, sizeof(directory), "/proc/%u/map_files", pid);
	fd = search(directory, pid);
	return fd == -EPERM ? -ENOENT : fd;
}

/* A fork child has its parent's recording until its first memory call. */
static bool has_library(uint32_t pid)
{
	char line[4096 + 128];
	bool found = false;
	FILE *maps;

	snprintf(line, sizeof(line), "/proc/%u/maps", pid);
	maps = fopen(line, "re");
	while (maps && !found && fgets(line, sizeof(line), maps))
		found = strstr(line, "/libvmatrace.so");
	if (maps)
		fclose(maps);
	return found;
}

/* Returns the last dir that VMATRACE_OPTIONS names, as under vmatrace run, from malloc; NULL: none. */
static char *directory_of(uint32_t pid)
{
	char *options = vmt_process_variable((pid_t)pid, "VMATRACE_OPTIONS");
	char *found = NULL;

	for (char *next, *part = options; part; part = next) {
		next = strchr(part, ':');
		if (next)
			*next++ = '\0';
		if (strncmp(part, "dir=", 4))
			continue;
		free(found);
		found = vmt_must(strdup(part + 4));
	}
	free(options);
	return found;
}

/* Is it certain that the process's user may not write there? Of groups nothing is known. */
static bool may_not_write(uint32_t pid, const char *directory)
{
	struct vmt_process process;
	struct stat at;

	return !vmt_process_read((pid_t)pid, &process) && process.user && !stat(directory, &at) &&
	       at.st_uid != process.user && !(at.st_mode & (S_IWGRP | S_IWOTH));
}

static void complain_of_recorded(uint32_t pid, const char *directory)
{
	if (may_not_write(pid, directory))
		vmt_message("process %u has no recording: its user may not write to %s.", pid,
			    directory);
	else
		vmt_message(
			"process %u has no recording that can be found: it has made no memory call "
			"since it was forked, or follow_children=0 or a seccomp filter forbids it.",
			pid);
}

static int complain(uint32_t pid, int error)
{
	char folder[64];
	char *directory = directory_of(pid);

	snprintf(folder, sizeof(folder), "/proc/%u", pid);
	if (!vmt_process_is_proc_mounted())
		vmt_message("%u: no such file, and as /proc is not mounted, no process can be "
			    "looked at.",
			    pid);
	else if (access(folder, F_OK))
		vmt_message("%u: no such file, and no such process.", pid);
	else if (error == -EACCES)
		vmt_message("process %u belongs to somebody else; try as root.", pid);
	else if (has_library(pid) && !directory)
		vmt_message(
			"process %u has no recording that can be found: start it with vmatrace "
			"run, or with dir=DIR in VMATRACE_OPTIONS. Without them a child process "
			"has none, and only root finds that of a program that closed all its "
			"descriptors.",
			pid);
	else if (has_library(pid))
		complain_of_recorded(pid, directory);
	else
		vmt_message("process %u is not traced; start it with vmatrace run, or look at it "
			    "with vmatrace maps %u.",
			    pid, pid);
	free(directory);
	return error;
}

int vmt_live_find(struct vmt_recordings *recordings, uint32_t pid)
{
	int fd = open_recording(pid);
	int ret;

	if (fd < 0)
		return fd;
	ret = vmt_load_fd(recordings, fd);
	close(fd);
	return ret;
}

int vmt_live_look(struct vmt_recordings *recordings, struct vmt_live *live)
{
	size_t before = recordings->count;
	struct stat stat_buffer;
	uint32_t pid;
	int fd, ret;

	if (!is_number(live->text) || !stat(live->text, &stat_buffer))
		return vmt_load_path(recordings, live->text);
	pid = (uint32_t)strtoul(live->text, NULL, 10);
	fd = open_recording(pid);
	if (fd >= 0) {
		vmt_live_close(live);
		live->fd = fd;
	} else if (live->fd < 0) {
		return complain(pid, fd);
	}
	ret = vmt_load_fd(recordings, live->fd);
	/* A damaged recording was complained of when it was loaded. */
	return !ret || ret == -EBADMSG || recordings->count > before ? ret : complain(pid, ret);
}

void vmt_live_close(struct vmt_live *live)
{
	if (live->fd >= 0)
		close(live->fd);
	live->fd = -1;
}

int vmt_live_load(struct vmt_recordings *recordings, const char *text)
{
	struct vmt_live live = { text, -1 };
	int ret = vmt_live_look(recordings, &live);

	vmt_live_close(&live);
	return ret;
}

void vmt_live_tell_children(const char *text)
{
	struct vmt_recordings recordings = { NULL, 0 };
	const struct vmt_view *most = NULL;
	char path[64], *children = NULL, *at, *end;
	size_t size;

	if (!is_number(text) || !access(text, F_OK))
		return;
	snprintf(path, sizeof(path), "/proc/%s/task/%s/children", text, text);
	if (vmt_slurp(path, &children, &size))
		return;
	for (at = children; strtoul(at, &end, 10); at = end)
		(void)vmt_live_find(&recordings, (uint32_t)strtoul(at, NULL, 10));
	free(children);
	for (size_t i = 0; i < recordings.count; i++) {
		const struct vmt_view *view = &recordings.item[i].view;

		if (!most || vmt_view_maps_now(view) > vmt_view_maps_now(most))
			most = view;
	}
	if (most)
		vmt_message("process %s has %zu traced child process%s, and these maps are not "
			    "theirs: process %u has the most, %llu.",
			    text, recordings.count, recordings.count == 1 ? "" : "es",
			    most->header.pid, (unsigned long long)vmt_view_maps_now(most));
	vmt_load_free(&recordings);
}
