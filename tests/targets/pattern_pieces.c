/* SPDX-License-Identifier: MIT */
/*
 * One file is mapped in many pieces.
 * Remedy: one map of the whole file.
 */
#include "pattern.h"

int main(int argc, char **argv)
{
	long pieces = argument(argc, argv, 2, 200);
	char name[] = "/tmp/pattern.XXXXXX";
	int fd = mkstemp(name);

	REQUIRE(fd >= 0 && ftruncate(fd, (pieces + 1) * 2 * (long)PAGE) == 0);
	/* Map every other page only, since pieces that follow each other would merge. */
	for (long i = 0; i < pieces && !has_remedy(argc, argv); i++)
		REQUIRE(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, i * 2 * (long)PAGE) !=
			MAP_FAILED);
	if (has_remedy(argc, argv))
		REQUIRE(mmap(NULL, (size_t)pieces * 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0) !=
			MAP_FAILED);
	stay();
	unlink(name);
	return 0;
}
