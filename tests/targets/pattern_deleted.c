/* SPDX-License-Identifier: MIT */
/*
 * Maps of files that have been deleted since.
 * Remedy: the maps are unmapped as well.
 */
#include "pattern.h"

int main(int argc, char **argv)
{
	long files = argument(argc, argv, 2, 200);
	char *at;
	int fd;

	for (long i = 0; i < files; i++) {
		char name[] = "/tmp/pattern.XXXXXX";

		fd = mkstemp(name);
		REQUIRE(fd >= 0 && ftruncate(fd, (long)PAGE) == 0);
		at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
		REQUIRE(at != MAP_FAILED && unlink(name) == 0);
		close(fd);
		if (has_remedy(argc, argv))
			REQUIRE(munmap(at, PAGE) == 0);
	}

	stay();
	return 0;
}
