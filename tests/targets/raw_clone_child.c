/* SPDX-License-Identifier: MIT */
/*
 * Makes children by the clone system call, of which no pthread_atfork handler is told: with a copy
 * of the memory ("copy"), and sharing the memory ("vm"), so that the child's maps are the parent's
 * maps.
 */
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "target.h"

static int child(void *left_behind)
{
	for (int i = 0; i < 10; i++)
		map_and_cut();
	*(void **)left_behind = map_pages(3);
	_exit(9);
}

static int wait_status(long pid)
{
	int status;

	REQUIRE(pid > 0);
	REQUIRE(waitpid((pid_t)pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(int argc, char **argv)
{
	const int shares = argc > 1 && strcmp(argv[1], "vm") == 0;
	void *left_behind = NULL;
	int sum = 0;

	for (int i = 0; i < 50; i++) {
		char *stack = map_pages(16);

		if (shares) {
			sum += wait_status(
				clone(child, stack + 16 * PAGE, CLONE_VM | SIGCHLD, &left_behind));
			REQUIRE(munmap(left_behind, 3 * PAGE) == 0);
		} else {
			long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);

			if (pid == 0)
				child(&left_behind);
			sum += wait_status(pid);
		}
		REQUIRE(munmap(stack, 16 * PAGE) == 0);
	}
	printf("sum of statuses %d\n", sum);
	return 0;
}
