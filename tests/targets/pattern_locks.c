/* SPDX-License-Identifier: MIT */
/*
 * Every other page of a range is locked by mlock.
 * Remedy: one lock for the whole range.
 */
#include "pattern.h"

int main(int argc, char **argv)
{
	long pages = argument(argc, argv, 2, 400);
	char *at = reserve((size_t)pages * PAGE, PROT_READ | PROT_WRITE, 0);

	if (has_remedy(argc, argv) && mlock(at, (size_t)pages * PAGE))
		return CANNOT;
	for (long i = 0; i < pages && !has_remedy(argc, argv); i += 2) {
		if (mlock(at + i * (long)PAGE, PAGE))
			return CANNOT;
	}

	stay();
	return 0;
}
