/* SPDX-License-Identifier: MIT */
/*
 * Shared memory is mapped in many pieces; every other piece has a name.
 * Remedy: one piece for all.
 */
#include "pattern.h"

static void share(size_t bytes, long number)
{
	int fd = -1;

	if (number % 2) {
		fd = memfd_create("tensor", MFD_CLOEXEC);
		REQUIRE(fd >= 0 && ftruncate(fd, (long)bytes) == 0);
	}
	REQUIRE(mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0),
		     fd, 0) != MAP_FAILED);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	long pieces = argument(argc, argv, 2, 200);

	if (has_remedy(argc, argv))
		share((size_t)pieces * PAGE, 0);
	for (long i = 0; i < pieces && !has_remedy(argc, argv); i++)
		share(PAGE, i);

	stay();
	return 0;
}
