/* SPDX-License-Identifier: MIT */
/*
 * Every other page of a range gets a name (Linux 5.17, CONFIG_ANON_VMA_NAME).
 * Remedy: one name for all pages.
 */
#include "pattern.h"

#include <sys/prctl.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA           0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

static int set_name(char *at, size_t bytes)
{
	return prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, at, bytes, "slab");
}

int main(int argc, char **argv)
{
	long pages = argument(argc, argv, 2, 400);
	char *at = reserve((size_t)pages * PAGE, PROT_READ | PROT_WRITE, 0);

	if (has_remedy(argc, argv) && set_name(at, (size_t)pages * PAGE))
		return CANNOT;
	for (long i = 0; i < pages && !has_remedy(argc, argv); i += 2) {
		if (set_name(at + i * (long)PAGE, PAGE))
			return CANNOT;
	}

	stay();
	return 0;
}
