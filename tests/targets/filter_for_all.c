/* SPDX-License-Identifier: MIT */
/*
 * Four threads map and unmap while the first of them installs a seccomp filter for all of them
 * (SECCOMP_FILTER_FLAG_TSYNC), which kills for calls that none of them makes. It uses the raw
 * system call, as libseccomp does, or with `prctl` it installs the filter for its own thread by
 * prctl. With `small` after that, all threads run on stacks of their own making, and the filter
 * kills for rt_sigprocmask as well.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "target.h"

#define THREADS 4
#define BEFORE  100
#define AFTER   300
#define STACK   (64 * 1024)

static atomic_int running;
static atomic_int finished;
static atomic_int goes_on = 1;
static int is_small;
static int by_prctl;

static void run_on_own_stack(void (*function)(void))
{
	ucontext_t context;

	REQUIRE(getcontext(&context) == 0);
	context.uc_stack.ss_sp = map_pages(STACK / PAGE);
	context.uc_stack.ss_size = STACK;
	context.uc_link = NULL;
	makecontext(&context, function, 0);
	setcontext(&context);
}

static void work(void)
{
	for (int i = 0; i < BEFORE; i++)
		map_and_cut();
	atomic_fetch_add(&running, 1);
	while (atomic_load(&goes_on))
		map_and_cut();
	for (int i = 0; i < AFTER; i++)
		map_and_cut();
	atomic_fetch_add(&finished, 1);
	while (is_small) /* the end of a thread would call rt_sigprocmask */
		sched_yield();
}

static void *start(void *unused)
{
	(void)unused;
	if (is_small)
		run_on_own_stack(work);
	work();
	return NULL;
}

#define KILL(nr)                                         \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

static void install(void)
{
	struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		KILL(SYS_ioctl),
		KILL(SYS_getpid),
		KILL(SYS_tgkill),
		KILL(SYS_sigaltstack),
		KILL(SYS_pread64),
		KILL(SYS_openat),
		KILL(SYS_mremap),
		KILL(SYS_fallocate),
		KILL(is_small ? SYS_rt_sigprocmask : SYS_mremap),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(steps) / sizeof(steps[0]), steps };

	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	if (by_prctl)
		REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
	else
		REQUIRE(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC,
				&program) == 0);
}

static void install_and_end(void)
{
	while (atomic_load(&running) < THREADS)
		map_and_cut();
	install();
	atomic_store(&goes_on, 0);
	for (int i = 0; i < AFTER; i++)
		map_and_cut();
	while (atomic_load(&finished) < THREADS)
		sched_yield();
	if (write(1, "done\n", 5) != 5)
		_exit(1);
	_exit(8);
}

int main(int argc, char **argv)
{
	pthread_t thread;

	by_prctl = argc > 1 && !strcmp(argv[1], "prctl");
	is_small = argc > 2 && !strcmp(argv[2], "small");
	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&thread, NULL, start, NULL) == 0);
	if (is_small)
		run_on_own_stack(install_and_end);
	install_and_end();
}
