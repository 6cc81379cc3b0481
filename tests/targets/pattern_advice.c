/* SPDX-License-Identifier: MIT */
/*
 * Every other page of a range gets advice (here MADV_DONTFORK).
 * Remedy: the same advice for the whole range.
 */
#include "pattern.h"

int main(int argc, char **argv)
{
	long pages = argument(argc, argv, 2, 400);
	char *at = reserve((size_t)pages * PAGE, PROT_READ | PROT_WRITE, 0);

	if (has_remedy(argc, argv))
		REQUIRE(madvise(at, (size_t)pages * PAGE, MADV_DONTFORK) == 0);
	for (long i = 0; i < pages && !has_remedy(argc, argv); i += 2)
		REQUIRE(madvise(at + i * (long)PAGE, PAGE, MADV_DONTFORK) == 0);

	stay();
	return 0;
}
