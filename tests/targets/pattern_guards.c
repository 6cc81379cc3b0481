/* SPDX-License-Identifier: MIT */
/*
 * Each object has a guard page, as the stack of a fiber has.
 * Remedy: guards that are no maps (MADV_GUARD_INSTALL, Linux 6.13).
 */
#include "pattern.h"

#define GUARD_INSTALL 102

int main(int argc, char **argv)
{
	long objects = argument(argc, argv, 2, 200);
	char *at;

	for (long i = 0; i < objects; i++) {
		at = map_pages(4);
		if (!has_remedy(argc, argv))
			REQUIRE(mprotect(at, PAGE, PROT_NONE) == 0);
		else if (madvise(at, PAGE, GUARD_INSTALL))
			return CANNOT;
		at[PAGE] = 1;
	}

	stay();
	return 0;
}
