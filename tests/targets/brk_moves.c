/* SPDX-License-Identifier: MIT */
/* The program break goes up and down: by itself, with a hole in the heap, and in a fork child. */
#include <sys/wait.h>

#include "target.h"

static int up_and_down(void)
{
	for (int i = 0; i < 100; i++) {
		char *old = sbrk(64 * (intptr_t)PAGE);

		REQUIRE(old != (void *)-1);
		old[63 * PAGE] = 1;
		REQUIRE(sbrk(-64 * (intptr_t)PAGE) != (void *)-1);
	}
	return 2;
}

int main(void)
{
	char *heap, *page;
	int status, ret;
	pid_t pid;

	ret = up_and_down();
	heap = sbrk(16 * (intptr_t)PAGE);
	REQUIRE(heap != (void *)-1);
	page = (char *)(((uintptr_t)heap + 8 * PAGE) & ~(PAGE - 1));
	REQUIRE(mprotect(page, PAGE, PROT_NONE) == 0);
	REQUIRE(sbrk(16 * (intptr_t)PAGE) != (void *)-1);
	REQUIRE(munmap(page, PAGE) == 0);
	REQUIRE(sbrk(-8 * (intptr_t)PAGE) != (void *)-1);
	pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0)
		_exit(up_and_down());
	REQUIRE(waitpid(pid, &status, 0) == pid);
	printf("parent %d, child %d\n", ret, WEXITSTATUS(status));
	return 0;
}
