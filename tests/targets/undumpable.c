/* SPDX-License-Identifier: MIT */
/*
 * A process makes itself undumpable, as programs that keep secrets do: /proc/self then belongs to
 * root, and opening /proc/self/maps or mem may fail from then on. It forks afterwards.
 */
#include <sys/prctl.h>
#include <sys/wait.h>

#include "target.h"

int main(void)
{
	int status;
	pid_t pid;

	REQUIRE(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
	if (getuid() == 0)
		REQUIRE(setuid(65534) == 0);
	for (int i = 0; i < 100; i++)
		map_and_cut();
	pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		for (int i = 0; i < 100; i++)
			map_and_cut();
		_exit(4);
	}
	REQUIRE(waitpid(pid, &status, 0) == pid);
	printf("child %d, dumpable %d\n", WEXITSTATUS(status), prctl(PR_GET_DUMPABLE));
	return 0;
}
