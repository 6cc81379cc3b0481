/* SPDX-License-Identifier: MIT */
/*
 * An intermediate child, cloned with our memory and no exit signal, starts the
 * command and waits for it: after execve a child's exit signal is SIGCHLD again
 * (fs/exec.c, begin_new_exec), and that one goes to the intermediate, not to the program.
 * __WALL waits for children without a signal, which a plain wait() of the program does not see.
 */
#include "spawn.h"

#include <fcntl.h>
#include <linux/errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "sys.h"

#define COMMAND_FD    3
#define CANNOT_RUN    127
#define KERNEL_SIGSET 8
#define LAST_SIGNAL   64
#define PATIENCE_SECONDS 15

#if defined(__x86_64__)
/* clone(2) with a stack of its own for the child, which calls function(argument) and exits with what it returns. */
static long clone_with_stack(unsigned char *stack_end, int (*function)(const void *argument),
			     const void *argument)
{
	register long r8 __asm__("r8") = (long)function;
	register long r9 __asm__("r9") = (long)argument;
	register long r10 __asm__("r10") = 0;
	long ret;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r9, %%rdi\n\t"
			 "call *%%r8\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov %[exit], %%eax\n\t"
			 "syscall\n\t"
			 "hlt\n\t"
			 "1:"
			 : "=a"(ret)
			 : "a"(SYS_clone), "D"(CLONE_VM | CLONE_VFORK), "S"(stack_end), "d"(0),
			   "r"(r8), "r"(r9), "r"(r10), [exit] "i"(SYS_exit)
			 : "rcx", "r11", "memory");
	return ret;
}
#else
static long clone_with_stack(unsigned char *stack_end, int (*function)(const void *argument),
			     const void *argument)
{
	(void)stack_end, (void)function, (void)argument;
	return -ENOSYS;
}
#endif

static unsigned char *aligned_end(unsigned char *end)
{
	return end - ((uintptr_t)end & 15);
}

/* The program's ignored signals and blocked signals are not the command's. */
static void reset_signals(void)
{
	const struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} by_default = { 0 };
	uint64_t none = 0;

	for (int signal = 1; signal <= LAST_SIGNAL; signal++)
		vmt_sys4(SYS_rt_sigaction, signal, &by_default, 0, KERNEL_SIGSET);
	vmt_sys4(SYS_rt_sigprocmask, SIG_SETMASK, &none, 0, KERNEL_SIGSET);
}

static int move_fd(int from, int to)
{
	if (from == to)
		return (int)vmt_sys3(SYS_fcntl, from, F_SETFD, 0);
	return (int)vmt_sys3(SYS_dup3, from, to, 0);
}

static int run_command(const void *argument)
{
	const struct vmt_spawn *spawn = argument;

	const struct itimerval patience = { .it_value = { .tv_sec = PATIENCE_SECONDS } };

	reset_signals();
	/* Who does not read our report must not hold up the program's end: SIGALRM survives execve. */
	vmt_sys3(SYS_setitimer, ITIMER_REAL, &patience, 0);
	if (move_fd(spawn->out_fd, 1) >= 0 && move_fd(spawn->out_fd, 2) >= 0 &&
	    move_fd(spawn->in_fd, COMMAND_FD) >= 0)
		vmt_sys3(SYS_execve, spawn->path, spawn->argv, spawn->environment);
	return CANNOT_RUN;
}

static int wait_status(long pid)
{
	int status = 0;
	long ret;

	do
		ret = vmt_sys4(SYS_wait4, pid, &status, __WALL, 0);
	while (ret == -EINTR);
	if (vmt_sys_failed(ret))
		return (int)ret;
	return WIFEXITED(status) ? WEXITSTATUS(status) : CANNOT_RUN;
}

static int run_intermediate(const void *argument)
{
	const struct vmt_spawn *spawn = argument;
	long pid = clone_with_stack(aligned_end(spawn->stack + spawn->stack_size / 2), run_command,
				    spawn);
	int status = vmt_sys_failed(pid) ? CANNOT_RUN : wait_status(pid);

	return status < 0 ? CANNOT_RUN : status;
}

int vmt_spawn_run(const struct vmt_spawn *spawn)
{
	uint64_t all = UINT64_MAX;
	uint64_t old;
	long pid;
	int status;

	/* The intermediate shares our memory: a handler of the program must not run in it. */
	vmt_sys4(SYS_rt_sigprocmask, SIG_BLOCK, &all, &old, KERNEL_SIGSET);
	pid = clone_with_stack(aligned_end(spawn->stack + spawn->stack_size), run_intermediate,
			       spawn);
	status = vmt_sys_failed(pid) ? (int)pid : wait_status(pid);
	vmt_sys4(SYS_rt_sigprocmask, SIG_SETMASK, &old, 0, KERNEL_SIGSET);
	return status;
}
