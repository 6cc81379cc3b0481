/* SPDX-License-Identifier: MIT */
/*
 * Calls mremap, above whose stack pointer libc leaves words unwritten, and maps memory in a fork
 * child. With the library there, memcheck reports neither.
 */
#include <sys/wait.h>

#include "target.h"

#define PAGES 256u

static void move_and_split(void)
{
	char *map = map_pages(PAGES);

	REQUIRE(mprotect(map + PAGE, PAGE, PROT_NONE) == 0);
	REQUIRE(mprotect(map + PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
	map = mremap(map, PAGES * PAGE, 2 * PAGES * PAGE, MREMAP_MAYMOVE);
	REQUIRE(map != MAP_FAILED);
	REQUIRE(munmap(map, 2 * PAGES * PAGE) == 0);
}

int main(void)
{
	int status;
	pid_t child;

	for (int i = 0; i < 20; i++)
		move_and_split();
	child = fork();
	REQUIRE(child >= 0);
	if (child == 0) {
		move_and_split();
		_exit(0);
	}
	REQUIRE(waitpid(child, &status, 0) == child && status == 0);
	return 0;
}
