/* SPDX-License-Identifier: MIT */
/*
 * Enters a sandbox in the middle of its run: from then on only the calls that this program makes
 * itself are allowed, and any other (an ioctl, an open, a pread) kills it. It ends by exit_group. With
 * an argument it makes no memory call of its own before that.
 */
#include <stddef.h>
#include <sys/syscall.h>

#include "filter.h"

#define ALLOW(nr)                                        \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void enter_sandbox(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(SYS_mmap),
		ALLOW(SYS_munmap),
		ALLOW(SYS_mprotect),
		ALLOW(SYS_write),
		ALLOW(SYS_exit_group),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};

	set_filter(filter, sizeof(filter) / sizeof(filter[0]));
}

int main(int argc, char **argv)
{
	static const char done[] = "1000 rounds in the sandbox\n";

	(void)argv;
	if (argc == 1)
		map_and_cut();
	enter_sandbox();
	for (int i = 0; i < 1000; i++)
		map_and_cut();
	if (write(1, done, sizeof(done) - 1) < 0)
		return 1;
	return 8;
}
