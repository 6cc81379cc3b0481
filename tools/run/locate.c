/* SPDX-License-Identifier: MIT */
/*
 * Finds libvmatrace.so from the tool's own path, so that neither a build tree nor an installation
 * has to be told where it is. Used by run and --print-lib.
 */
#include "run/locate.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static const char *const places[] = {
	"../preload/libvmatrace.so",
	"../lib/vmatrace/libvmatrace.so",
	"../lib/x86_64-linux-gnu/vmatrace/libvmatrace.so",
	"../lib64/vmatrace/libvmatrace.so",
	"libvmatrace.so",
};

/* Get the path of this tool: where /proc is not mounted, the one by which it was started. */
static bool find_self(char self[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", self, PATH_MAX - 1);
	const char *name = (const char *)getauxval(AT_EXECFN);

	if (n <= 0)
		return name && realpath(name, self);
	self[n] = '\0';
	return true;
}

int vmt_locate_library(char *path, size_t size)
{
	char self[PATH_MAX];
	char try[PATH_MAX + 64];
	char real[PATH_MAX];

	if (!find_self(self))
		return -ENOENT;
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(try, sizeof(try), "%s/%s", self, places[i]);
		if (access(try, R_OK) || !realpath(try, real))
			continue;
		if (strlen(real) >= size)
			return -ENAMETOOLONG;
		strcpy(path, real);
		return 0;
	}
	return -ENOENT;
}
