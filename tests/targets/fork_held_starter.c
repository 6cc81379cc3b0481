/* SPDX-License-Identifier: MIT */
/*
 * The first memory call of a fork child is held by a tracer, at its first system call, until another
 * thread of the child has made one. That thread runs on a stack that a thread of the parent has left.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "target.h"

#define NO_TRACER 126 /* the test fails */

struct shared {
	atomic_int go;
	atomic_int done;
};

static struct shared *shared;

static void *leave_stack(void *unused)
{
	return unused;
}

static void *map_second(void *unused)
{
	while (!atomic_load(&shared->go))
		sched_yield();
	map_pages(1);
	atomic_store(&shared->done, 1);
	return unused;
}

static void be_child(void)
{
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, map_second, NULL) == 0);
	if (ptrace(PTRACE_TRACEME, 0, 0, 0))
		exit(NO_TRACER);
	raise(SIGSTOP);
	map_and_cut();
	pthread_join(thread, NULL);
	exit(0);
}

/* Is it the first system call of the child's first memory call, with the library or without? */
static int is_first(pid_t pid)
{
	struct __ptrace_syscall_info info;

	REQUIRE(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0);
	return info.op == PTRACE_SYSCALL_INFO_ENTRY &&
	       (info.entry.nr == SYS_getpid || info.entry.nr == SYS_mmap);
}

int main(void)
{
	pthread_t thread;
	int status;
	pid_t pid;

	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(shared != MAP_FAILED);
	REQUIRE(pthread_create(&thread, NULL, leave_stack, NULL) == 0);
	pthread_join(thread, NULL);
	pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0)
		be_child();
	do {
		REQUIRE(waitpid(pid, &status, 0) == pid);
		if (!WIFSTOPPED(status))
			return NO_TRACER;
		REQUIRE(ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD) == 0);
		if (WSTOPSIG(status) == (SIGTRAP | 0x80) && is_first(pid))
			break;
	} while (ptrace(PTRACE_SYSCALL, pid, 0, 0) == 0);
	atomic_store(&shared->go, 1);
	while (!atomic_load(&shared->done))
		sched_yield();
	REQUIRE(ptrace(PTRACE_DETACH, pid, 0, 0) == 0);
	REQUIRE(waitpid(pid, &status, 0) == pid);
	printf("the child ended with %#x\n", (unsigned int)status);
	return 0;
}
