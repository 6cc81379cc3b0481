/* SPDX-License-Identifier: MIT */
/*
 * Makes 1,000 allocations. A fork child frees 400 of them and makes 50 more before its first memory
 * call, and as many again afterwards. The parent waits, and frees 100.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "target.h"

static char *block[1000];

static void free_some(int from, int count)
{
	for (int i = from; i < from + count; i++)
		free(block[i]);
}

static void allocate(int count)
{
	while (count-- > 0) {
		char *volatile kept = malloc(30);

		(void)kept;
	}
}

static _Noreturn void child(void)
{
	free_some(0, 400);
	allocate(50);
	REQUIRE(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	free_some(400, 400);
	allocate(50);
	_exit(0);
}

int main(void)
{
	int status;

	for (int i = 0; i < 1000; i++) {
		block[i] = malloc(30);
		REQUIRE(block[i]);
	}

	pid_t pid = fork();

	REQUIRE(pid >= 0);
	if (pid == 0)
		child();
	REQUIRE(wait(&status) > 0 && status == 0);
	free_some(0, 100);
	return 0;
}
