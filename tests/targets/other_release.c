/* SPDX-License-Identifier: MIT */
/*
 * Runs a program for which uname(2) reports another release of Linux, as a machine with that kernel
 * would. Its children and threads get the true one. Ends as the program does.
 *
 *	other_release RELEASE PROGRAM [ARGUMENT...]
 */
#include "target.h"

#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#define AT_CALL (SIGTRAP | 0x80) /* with PTRACE_O_TRACESYSGOOD */

static void answer_uname(pid_t pid, const char *release)
{
	struct user_regs_struct regs;
	struct utsname uname = { .release = "" };

	REQUIRE(ptrace(PTRACE_GETREGS, pid, 0, &regs) == 0);
	if (regs.orig_rax != SYS_uname || regs.rax != 0)
		return;

	struct iovec ours = { uname.release, sizeof(uname.release) };
	struct iovec theirs = { (char *)regs.rdi + offsetof(struct utsname, release),
				ours.iov_len };

	strncpy(uname.release, release, sizeof(uname.release) - 1);
	REQUIRE(process_vm_writev(pid, &ours, 1, &theirs, 1, 0) == (ssize_t)ours.iov_len);
}

/* Returns the signal that the program is to get, or 0. */
static int signal_of(int status)
{
	int signal = WSTOPSIG(status);

	return signal == AT_CALL || status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8) ? 0 : signal;
}

static int follow(pid_t pid, const char *release)
{
	int status, signal = 0;

	REQUIRE(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
	REQUIRE(ptrace(PTRACE_SETOPTIONS, pid, 0,
		       PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) == 0);
	for (;;) {
		REQUIRE(ptrace(PTRACE_SYSCALL, pid, 0, signal) == 0);
		REQUIRE(waitpid(pid, &status, 0) == pid);
		if (!WIFSTOPPED(status))
			return status;
		signal = signal_of(status);
		if (WSTOPSIG(status) == AT_CALL)
			answer_uname(pid, release);
	}
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	REQUIRE(argc > 2);
	pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		REQUIRE(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
		raise(SIGSTOP);
		execvp(argv[2], argv + 2);
		REQUIRE(!"executed");
	}
	status = follow(pid, argv[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
