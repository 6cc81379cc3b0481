/* SPDX-License-Identifier: MIT */
/* Calls vfork, and then exec or _exit in the child, which shares the parent's memory until then. */
#include <sys/wait.h>

#include "target.h"

static long run_one(int with_exec)
{
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		if (with_exec)
			execl("/bin/true", "true", (char *)NULL);
		_exit(with_exec ? 127 : 5);
	}
	REQUIRE(pid > 0);
	REQUIRE(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void)
{
	long with_exec = 0, without = 0;

	for (int i = 0; i < 50; i++) {
		with_exec += run_one(1);
		without += run_one(0);
		map_and_cut();
	}
	printf("exec %ld, _exit %ld\n", with_exec, without);
	return 0;
}
