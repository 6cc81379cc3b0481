/* SPDX-License-Identifier: MIT */
/* posix_spawn starts a CLONE_VM child on a stack that libc maps and unmaps, while a thread maps. */
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "target.h"

extern char **environ;
static atomic_int finished;

int main(void)
{
	char name[] = "true";
	char *arguments[] = { name, NULL };
	pthread_t thread;
	int good = 0;

	REQUIRE(pthread_create(&thread, NULL, map_until, &finished) == 0);
	for (int i = 0; i < 100; i++) {
		int status;
		pid_t pid;

		REQUIRE(posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, environ) == 0);
		REQUIRE(waitpid(pid, &status, 0) == pid);
		good += WIFEXITED(status) && WEXITSTATUS(status) == 0;
	}
	REQUIRE(posix_spawn(&(pid_t){ 0 }, "/nonexistent", NULL, NULL, arguments, environ) ==
		ENOENT);
	atomic_store(&finished, 1);
	pthread_join(thread, NULL);
	printf("%d spawned\n", good);
	return 0;
}
