/* SPDX-License-Identifier: MIT */
/*
 * A heap makes its old pages read-only one by one, to notice writes to them.
 * Remedy: they stay writable, and the writer marks a card.
 */
#include "pattern.h"

int main(int argc, char **argv)
{
	long pages = argument(argc, argv, 2, 400);
	char *at = reserve((size_t)pages * PAGE, PROT_READ | PROT_WRITE, 0);

	memset(at, 1, (size_t)pages * PAGE);
	for (long i = 0; i < pages && !has_remedy(argc, argv); i += 2)
		REQUIRE(mprotect(at + i * (long)PAGE, PAGE, PROT_READ) == 0);

	stay();
	return 0;
}
