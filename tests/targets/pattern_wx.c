/* SPDX-License-Identifier: MIT */
/*
 * Code pages are switched between writable and executable one by one.
 * Remedy: code and data apart, each switched as a whole.
 */
#include "pattern.h"

int main(int argc, char **argv)
{
	long pages = argument(argc, argv, 2, 400);
	char *at = reserve((size_t)pages * PAGE, PROT_READ | PROT_WRITE, 0);

	memset(at, 0x90, (size_t)pages * PAGE);
	if (has_remedy(argc, argv))
		REQUIRE(mprotect(at, (size_t)pages / 2 * PAGE, PROT_READ | PROT_EXEC) == 0);
	for (long i = 0; i < pages && !has_remedy(argc, argv); i += 2)
		REQUIRE(mprotect(at + i * (long)PAGE, PAGE, PROT_READ | PROT_EXEC) == 0);

	stay();
	return 0;
}
