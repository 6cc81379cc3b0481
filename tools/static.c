/* SPDX-License-Identifier: MIT */
/*
 * Part of the statically linked tool only. libdw loads libdebuginfod when it starts (elfutils,
 * debuginfod-client.c). In a static program, dlopen would load the system's libc as well, which
 * crashes. So this dlopen always fails.
 */
#include <dlfcn.h>
#include <stddef.h>

void *dlopen(const char *file, int mode)
{
	(void)file, (void)mode;
	return NULL;
}

void *dlsym(void *restrict handle, const char *restrict name)
{
	(void)handle, (void)name;
	return NULL;
}

int dlclose(void *handle)
{
	(void)handle;
	return -1;
}

char *dlerror(void)
{
	static char text[] = "this program is linked statically";

	return text;
}
