/* SPDX-License-Identifier: MIT */
/*
 * Maps as code what has no page: an empty file, a file that is cut after it was mapped, and huge
 * pages that the system does not have. Reading them raises SIGBUS.
 */
#include "target.h"

#define HUGE ((size_t)2 << 20)

static char *map_code(size_t length, int flags, int fd)
{
	return mmap(NULL, length, PROT_READ | PROT_EXEC, MAP_PRIVATE | flags, fd, 0);
}

int main(void)
{
	static const char done[] = "three maps of code without pages\n";
	int fd = memfd_create("code_without_pages", 0);
	char *at, *cut;

	REQUIRE(fd >= 0);
	REQUIRE(map_code(PAGE, 0, fd) != MAP_FAILED);
	REQUIRE(ftruncate(fd, 2 * PAGE) == 0);
	cut = map_code(2 * PAGE, 0, fd);
	REQUIRE(cut != MAP_FAILED);
	REQUIRE(ftruncate(fd, 0) == 0);
	REQUIRE(mprotect(cut, PAGE, PROT_READ) == 0);
	REQUIRE(mprotect(cut, PAGE, PROT_READ | PROT_EXEC) == 0);
	at = map_code(HUGE, MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, -1);
	if (at != MAP_FAILED) /* some systems have no huge pages of this size */
		REQUIRE(munmap(at, HUGE) == 0);
	return write(1, done, sizeof(done) - 1) < 0;
}
