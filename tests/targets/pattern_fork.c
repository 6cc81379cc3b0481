/* SPDX-License-Identifier: MIT */
/*
 * Memory that was cut is inherited by fork: in the child its pieces never merge again, though they
 * are alike in the end.
 *
 * Remedy: the parent makes it one map before it forks.
 */
#include "pattern.h"

#include <sys/wait.h>

int main(int argc, char **argv)
{
	long pages = argument(argc, argv, 2, 400);
	char *at = reserve((size_t)pages * PAGE, PROT_READ | PROT_WRITE, 0);
	int status;
	pid_t child;

	memset(at, 1, (size_t)pages * PAGE);
	for (long i = 0; i < pages; i += 2)
		REQUIRE(mprotect(at + i * (long)PAGE, PAGE, PROT_NONE) == 0);
	if (has_remedy(argc, argv))
		REQUIRE(mprotect(at, (size_t)pages * PAGE, PROT_READ | PROT_WRITE) == 0);
	child = fork();
	REQUIRE(child >= 0);
	if (child) {
		REQUIRE(waitpid(child, &status, 0) == child);
		return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
	}
	for (long i = 0; i < pages; i += 2)
		REQUIRE(mprotect(at + i * (long)PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);

	stay();
	return 0;
}
