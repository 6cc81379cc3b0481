/* SPDX-License-Identifier: MIT */
/*
 * libdwfl asks servers by itself whenever DEBUGINFOD_URLS is in the environment. So the variable is
 * empty while libdwfl looks for files, unless servers may be asked. A program that is run gets its
 * original value. See debuginfod.h.
 */
#include "input/debuginfod.h"
#include "util/message.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define URLS "DEBUGINFOD_URLS"

/* Limits for one file, as variables of debuginfod(8), unless the user has set them. */
#define SILENCE "5" /* seconds until the first 100 KiB have arrived */
#define MAXTIME "30"

/* Limits for all files together. */
/* seconds; after a request that took so long and found nothing, no more are made */
#define ONE_SECONDS 4
#define ALL_SECONDS 60

static bool is_wanted;
static bool shows_progress;
static double spent;

void vmt_debuginfod_allow(bool show_progress)
{
	const char *servers = getenv(URLS);

	is_wanted = true;
	shows_progress = show_progress;
	if (!servers || !*servers)
		vmt_message("no server is queried, because " URLS " is not set; "
			    "https://debuginfod.elfutils.org, for one, has files of many "
			    "distributions.");
}

bool vmt_debuginfod_is_allowed(void)
{
	const char *servers = getenv(URLS);

	return is_wanted && spent < ALL_SECONDS && servers && *servers;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void set_limits(void)
{
	setenv("DEBUGINFOD_TIMEOUT", SILENCE, 0);
	setenv("DEBUGINFOD_MAXTIME", MAXTIME, 0);
	if (shows_progress)
		setenv("DEBUGINFOD_PROGRESS", "1", 0);
}

/* Returns the variable's value, for restore(); NULL if it is left alone. */
static char *hide(void)
{
	const char *servers = getenv(URLS);
	char *held;

	if (vmt_debuginfod_is_allowed()) {
		set_limits();
		return NULL;
	}
	held = servers ? strdup(servers) : NULL;
	if (held)
		setenv(URLS, "", 1);
	return held;
}

static void restore(char *held, double start, bool has_found)
{
	double took = now() - start;

	if (held)
		setenv(URLS, held, 1);
	else if (is_wanted)
		spent += took > ONE_SECONDS && !has_found ? ALL_SECONDS : took;
	free(held);
}

int vmt_debuginfod_find_elf(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
			    char **ret_path, Elf **ret_elf)
{
	double start = now();
	char *held = hide();
	int fd = dwfl_build_id_find_elf(module, data, name, base, ret_path, ret_elf);

	restore(held, start, fd >= 0 || *ret_elf);
	return fd;
}

int vmt_debuginfod_find_debuginfo(Dwfl_Module *module, void **data, const char *name,
				  Dwarf_Addr base, const char *path, const char *link,
				  GElf_Word crc, char **ret_path)
{
	double start = now();
	char *held = hide();
	int fd = dwfl_standard_find_debuginfo(module, data, name, base, path, link, crc, ret_path);

	restore(held, start, fd >= 0);
	return fd;
}
