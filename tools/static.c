/* SPDX-License-Identifier: MIT */
/*
 * For the tool that is linked statically, and in no other. libdw loads libdebuginfod when it starts
 * (elfutils, debuginfod-client.c); in a static program dlopen brings in whatever libc the house
 * has, which crashes. So there is nothing to be loaded.
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
