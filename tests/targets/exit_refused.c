/* SPDX-License-Identifier: MIT */
/*
 * Installs a filter that does not let exit_group(2) through, and returns from main: by seccomp's
 * strict mode ("strict"), by a filter that kills the process or the thread ("process", "thread"),
 * or by one that returns an error ("error"), after which libc calls exit(2). "exit" calls that
 * itself, under the filter that kills.
 */
#include <stddef.h>
#include <sys/syscall.h>

#include "filter.h"

static unsigned action_of(const char *way)
{
	if (strcmp(way, "error") == 0)
		return SECCOMP_RET_ERRNO | EPERM;
	return strcmp(way, "thread") == 0 ? SECCOMP_RET_KILL_THREAD : SECCOMP_RET_KILL_PROCESS;
}

static void refuse(unsigned action)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	set_filter(filter, sizeof(filter) / sizeof(filter[0]));
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "strict";

	map_and_cut();
	puts("before");
	fflush(stdout);
	if (strcmp(way, "strict") == 0)
		REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) == 0);
	else
		refuse(action_of(way));
	if (strcmp(way, "exit") == 0)
		syscall(SYS_exit, 5);
	return 3;
}
