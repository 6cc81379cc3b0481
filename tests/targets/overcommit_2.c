/* SPDX-License-Identifier: MIT */
/*
 * To be preloaded: the program reads 2 from /proc/sys/vm/overcommit_memory, as on machines where
 * the kernel promises no memory twice. jemalloc then gives memory back by PROT_NONE ("decommit").
 * Both open() and the system call are covered.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int two(void)
{
	int fd = (int)memfd_create("overcommit", MFD_CLOEXEC);

	if (fd >= 0 && (write(fd, "2\n", 2) != 2 || lseek(fd, 0, SEEK_SET)))
		return -1;
	return fd;
}

static int is_asked_for(const char *path)
{
	return path && !strcmp(path, "/proc/sys/vm/overcommit_memory");
}

int open(const char *path, int flags, ...)
{
	va_list arguments;
	int mode;

	va_start(arguments, flags);
	mode = va_arg(arguments, int);
	va_end(arguments);
	return is_asked_for(path) ? two() : openat(AT_FDCWD, path, flags, mode);
}

long syscall(long number, ...)
{
	long (*next)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	va_list arguments;
	long a[6];

	va_start(arguments, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(arguments, long);
	va_end(arguments);
	if ((number == SYS_open && is_asked_for((const char *)a[0])) ||
	    (number == SYS_openat && is_asked_for((const char *)a[1])))
		return two();
	return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
