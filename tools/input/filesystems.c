/* SPDX-License-Identifier: MIT */
/*
 * Mounted file systems are listed in /proc/self/mountinfo. For those internal to the kernel, a file
 * is created, examined and closed. See filesystems.h.
 */
#include "input/filesystems.h"

#include <linux/memfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

static void add(struct vmt_filesystems *filesystems, uint32_t major, uint32_t minor,
		enum vmt_filesystem kind)
{
	if (filesystems->count == VMT_FILESYSTEMS_MAX)
		return;
	filesystems->item[filesystems->count].major = major;
	filesystems->item[filesystems->count].minor = minor;
	filesystems->item[filesystems->count++].kind = kind;
}

static void add_of(struct vmt_filesystems *filesystems, int fd, enum vmt_filesystem kind)
{
	struct stat status;

	if (fd < 0)
		return;
	if (!fstat(fd, &status))
		add(filesystems, major(status.st_dev), minor(status.st_dev), kind);
	close(fd);
}

static enum vmt_filesystem kind_of(const char *type, const char *mounted_at)
{
	if (!strcmp(type, "hugetlbfs"))
		return VMT_FILESYSTEM_HUGE;
	if (!strcmp(mounted_at, "/dev/shm"))
		return VMT_FILESYSTEM_SHARED;
	return !strcmp(type, "devtmpfs") || !strcmp(mounted_at, "/dev") ? VMT_FILESYSTEM_DEVICES :
									  VMT_FILESYSTEM_OTHER;
}

static void add_mounted(struct vmt_filesystems *filesystems)
{
	FILE *stream = fopen("/proc/self/mountinfo", "re");
	char line[4096], place[1024], type[64];
	unsigned major, minor;
	const char *end;

	while (stream && fgets(line, sizeof(line), stream)) {
		end = strstr(line, " - ");
		if (!end || sscanf(line, "%*u %*u %u:%u %*s %1023s", &major, &minor, place) != 3 ||
		    sscanf(end, " - %63s", type) != 1 || !kind_of(type, place))
			continue;
		add(filesystems, major, minor, kind_of(type, place));
	}
	if (stream)
		fclose(stream);
}

static unsigned long long boot_time(void)
{
	FILE *stream = fopen("/proc/stat", "re");
	unsigned long long seconds = 0;
	char line[4096];

	while (stream && !seconds && fgets(line, sizeof(line), stream))
		sscanf(line, "btime %llu", &seconds);
	if (stream)
		fclose(stream);
	return seconds;
}

static bool is_of_this_boot(const struct vmt_view *view)
{
	struct vmt_view_string kernel = vmt_view_string(view, view->header.kernel);
	unsigned long long booted = boot_time();
	struct utsname here;

	return booted && view->header.start_realtime / 1000000000 >= booted && !uname(&here) &&
	       strlen(here.release) == kernel.length &&
	       !memcmp(here.release, kernel.bytes, kernel.length);
}

void vmt_filesystems_read(const struct vmt_view *view, struct vmt_filesystems *ret_filesystems)
{
	ret_filesystems->count = 0;
	if (!is_of_this_boot(view))
		return;
	add_of(ret_filesystems, eventfd(0, EFD_CLOEXEC), VMT_FILESYSTEM_DEVICES);
	add_of(ret_filesystems, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
	       VMT_FILESYSTEM_DEVICES);
	add_of(ret_filesystems, memfd_create("vmatrace", MFD_CLOEXEC | MFD_HUGETLB),
	       VMT_FILESYSTEM_HUGE);
	add_of(ret_filesystems, memfd_create("vmatrace", MFD_CLOEXEC | MFD_HUGETLB | MFD_HUGE_1GB),
	       VMT_FILESYSTEM_HUGE);
#ifdef SYS_memfd_secret
	add_of(ret_filesystems, (int)syscall(SYS_memfd_secret, 0), VMT_FILESYSTEM_SHARED);
#endif
	add_mounted(ret_filesystems);
}

enum vmt_filesystem vmt_filesystems_find(const struct vmt_filesystems *filesystems, uint32_t major,
					 uint32_t minor)
{
	for (size_t i = 0; i < filesystems->count; i++) {
		if (filesystems->item[i].major == major && filesystems->item[i].minor == minor)
			return filesystems->item[i].kind;
	}
	return VMT_FILESYSTEM_OTHER;
}
