/* SPDX-License-Identifier: MIT */
/*
 * Code is mapped twice from a memfd, piece by piece: once to write and once to execute, as in
 * runtimes that never have both in one map.
 * Remedy: the memfd is mapped twice as a whole.
 */
#include "pattern.h"

static void map_twice(int fd, size_t bytes, long offset)
{
	REQUIRE(mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset) != MAP_FAILED);
	REQUIRE(mmap(NULL, bytes, PROT_READ | PROT_EXEC, MAP_SHARED, fd, offset) != MAP_FAILED);
}

int main(int argc, char **argv)
{
	long pieces = argument(argc, argv, 2, 200);
	int fd = memfd_create("doublemapper", MFD_CLOEXEC);

	REQUIRE(fd >= 0 && ftruncate(fd, pieces * (long)PAGE) == 0);
	if (has_remedy(argc, argv))
		map_twice(fd, (size_t)pieces * PAGE, 0);
	for (long i = 0; i < pieces && !has_remedy(argc, argv); i++)
		map_twice(fd, PAGE, i * (long)PAGE);

	stay();
	return 0;
}
