/* SPDX-License-Identifier: MIT */
/*
 * A helper is cloned without an exit signal, so that a plain wait() of the program does not see it
 * and no handler is called for it. With __WALL, however, any thread could reap it once it has
 * ended. So if there are other threads, the helper does not end before the process does:
 * PR_SET_PDEATHSIG kills it then, and init reaps it (if this process is init, the kernel does). The
 * command is the helper's child, not ours.
 *
 * A helper that nobody waits for is the child of a starter, which ends at once, so that init reaps
 * the helper. It becomes the command as soon as it has copied what it needs: the program's memory is not
 * kept by it, and a core dump, for which Linux before 5.16 kills all processes that share the memory,
 * does not end it.
 */
#include "report/spawn.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/errno.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "os/fd.h"
#include "os/pid.h"
#include "os/signals.h"
#include "os/sys.h"
#include "os/valgrind.h"
#include "state/state.h"

#define COMMAND_FD              3
#define CANNOT_RUN              127
#define LAST_SIGNAL             64
#define SECOND                  UINT64_C(1000000000)
#define SLICE_NS                20000000
#define COMMAND_NS              (2 * SECOND)
#define STARVED_NS              (20 * SECOND) /* longer, if the helper waits only for a processor */
#define HELPER_SECONDS          30
#define FDS_WITHOUT_CLOSE_RANGE 1024
#define FDS_NEEDED              64
#define COPYING_NS              5000000 /* the longest time for which a call waits for a copy */

enum { WORKING, DONE, MAY_END, ORPHANED, COPIED };

/*
 * clone(2), with a stack for the child. The child calls function(argument), and exits with what
 * that returns. busy: cleared when the child's use of our memory ends (CLONE_CHILD_CLEARTID).
 */
static long clone_with_stack(unsigned long flags, unsigned char *stack_end,
			     int (*function)(void *argument), void *argument,
			     _Atomic uint32_t *busy)
{
	register long r8 __asm__("r8") = (long)function;
	register long r9 __asm__("r9") = (long)argument;
	register long r10 __asm__("r10") = (long)busy;
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
			 : "a"(SYS_clone), "D"(flags), "S"(stack_end), "d"(0), "r"(r8), "r"(r9),
			   "r"(r10), [exit] "i"(SYS_exit)
			 : "rcx", "r11", "memory");
	return ret;
}

static unsigned char *aligned_end(unsigned char *end)
{
	return end - ((uintptr_t)end & 15);
}

static uint64_t set_mask(uint64_t mask)
{
	uint64_t old = 0;

	vmt_sys4(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &old, VMT_SIGSET_SIZE);
	return old;
}

/*
 * The program's handlers and ignored signals must apply neither to the helper nor to the command.
 */
static void reset_signals(void)
{
	const struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} by_default = { 0 };

	for (int signal = 1; signal <= LAST_SIGNAL; signal++)
		vmt_sys4(SYS_rt_sigaction, signal, &by_default, 0, VMT_SIGSET_SIZE);
}

static int move_fd(int from, int to)
{
	if (from == to)
		return (int)vmt_sys3(SYS_fcntl, from, F_SETFD, 0);
	return (int)vmt_sys3(SYS_dup3, from, to, 0);
}

/* The command leaves no core file. */
void vmt_spawn_become(const struct vmt_command *command)
{
	const struct rlimit none = { 0, 0 };

	vmt_sys4(SYS_prlimit64, 0, RLIMIT_CORE, &none, 0);
	set_mask(0);
	if (move_fd(command->out_fd, 1) >= 0 && move_fd(command->out_fd, 2) >= 0 &&
	    move_fd(command->in_fd, COMMAND_FD) >= 0)
		/*
		 * Not by vmt_filter_own6(), which counts calls in our memory that have not
		 * returned.
		 */
		vmt_sys6(SYS_execve, (long)command->path, (long)command->argv,
			 (long)command->environment, 0, 0, 0);
}

/* Runs in the command's process, which dies with the helper. */
static int exec_command(void *argument)
{
	vmt_sys2(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
	vmt_spawn_become(argument);
	return CANNOT_RUN;
}

bool vmt_spawn_has_had_its_time(long pid, uint64_t start)
{
	uint64_t spent = vmt_clock() - start;

	return spent >= STARVED_NS || (spent >= COMMAND_NS && vmt_pid_state(pid) != 'R');
}

static int wait_for_command(const struct vmt_spawn *helper, long pid)
{
	const uint64_t child_set = VMT_SIGNAL_BIT(SIGCHLD);
	const int64_t slice[2] = { 0, SLICE_NS };
	uint64_t start = vmt_clock();
	int status = 0;
	long ret;

	while ((ret = vmt_sys4(SYS_wait4, pid, &status, WNOHANG | __WALL, 0)) == 0) {
		if (atomic_load_explicit(&helper->is_hurried, memory_order_relaxed) ||
		    vmt_spawn_has_had_its_time(pid, start))
			vmt_sys2(SYS_kill, pid, SIGKILL);
		vmt_sys4(SYS_rt_sigtimedwait, &child_set, 0, slice, VMT_SIGSET_SIZE);
	}
	return ret == pid && WIFEXITED(status) ? WEXITSTATUS(status) : CANNOT_RUN;
}

int vmt_spawn_command(struct vmt_spawn *helper, const struct vmt_command *command)
{
	unsigned char *stack_end = aligned_end(helper->stack + helper->stack_size / 4);
	long pid = clone_with_stack(CLONE_VM | CLONE_VFORK, stack_end, exec_command,
				    (void *)(uintptr_t)command, NULL);

	if (!vmt_sys_failed(pid))
		return wait_for_command(helper, pid);
	helper->refused = pid;
	return CANNOT_RUN;
}

void vmt_spawn_limit(unsigned seconds)
{
	const struct itimerval limit = { .it_value = { .tv_sec = seconds } };

	vmt_sys3(SYS_setitimer, ITIMER_REAL, &limit, 0);
}

/* Somebody who waits for the end of the program's output must not have to wait for us. */
static void close_all(unsigned first, unsigned last)
{
	if (first > last || !vmt_sys_failed(vmt_sys3(SYS_close_range, first, last, 0)))
		return;
	for (unsigned fd = first; fd <= last && fd < FDS_WITHOUT_CLOSE_RANGE; fd++)
		vmt_sys1(SYS_close, fd);
}

static void close_others(int keep_fd)
{
	unsigned keep = keep_fd < 2 ? 2 : (unsigned)keep_fd;

	close_all(0, 1);
	if (keep > 2)
		close_all(2, keep - 1);
	close_all(keep + 1, ~0U);
}

static void tell(struct vmt_spawn *helper, uint32_t stage)
{
	atomic_store_explicit(&helper->stage, stage, memory_order_release);
	vmt_sys3(SYS_futex, &helper->stage, FUTEX_WAKE_PRIVATE, 2);
}

static void await_change_for(struct vmt_spawn *helper, uint32_t stage, int64_t time_ns)
{
	const int64_t slice[2] = { 0, time_ns };

	vmt_sys4(SYS_futex, &helper->stage, FUTEX_WAIT_PRIVATE, stage, slice);
}

static void await_change(struct vmt_spawn *helper, uint32_t stage)
{
	await_change_for(helper, stage, SLICE_NS);
}

/*
 * The program may have lowered its limit of descriptors, even to 0. The limits of the helper are its
 * own, and it may raise this one up to the hard limit; root may raise both.
 */
static void allow_descriptors(void)
{
	struct rlimit limit = { 0, 0 };

	if (vmt_sys_failed(vmt_sys4(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &limit)) ||
	    limit.rlim_cur >= FDS_NEEDED)
		return;
	limit.rlim_cur = FDS_NEEDED;
	if (limit.rlim_max < FDS_NEEDED)
		limit.rlim_max = FDS_NEEDED;
	vmt_sys4(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, 0);
}

/* We must not keep a file system busy that is going to be unmounted, or anything else. */
static void let_everything_go(void)
{
	close_all(0, ~0U);
	vmt_sys1(SYS_chdir, "/");
	vmt_spawn_limit(0);
}

/* Until the process ends, or wants the helper to end. */
static void wait_for_the_end(struct vmt_spawn *helper)
{
	uint32_t stage = DONE;

	while (stage != MAY_END) {
		await_change(helper, stage);
		stage = atomic_load_explicit(&helper->stage, memory_order_acquire);
	}
}

static int run_helper(void *argument)
{
	struct vmt_spawn *helper = argument;
	bool has_worked;

	reset_signals();
	set_mask(~VMT_SIGNAL_BIT(SIGALRM));
	vmt_sys2(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
	if ((uint32_t)vmt_sys0(SYS_getppid) != helper->parent)
		return CANNOT_RUN;
	vmt_spawn_limit(HELPER_SECONDS);
	close_others(helper->keep_fd);
	if (!helper->copies_memory) /* under valgrind, the limits that count are valgrind's */
		allow_descriptors();
	has_worked = helper->work(helper, helper->context);
	if (helper->copies_memory) {
		vmt_valgrind_end(); /* it warns of a process that ends without */
	} else {
		atomic_store_explicit(&helper->has_worked, has_worked, memory_order_relaxed);
		let_everything_go();
		tell(helper, DONE);
		wait_for_the_end(helper);
	}
	return has_worked ? 0 : CANNOT_RUN;
}

/* The task directory has two links of its own and one for each thread. */
static bool is_alone(void)
{
	struct stat status;
	long ret = vmt_sys4(SYS_newfstatat, AT_FDCWD, "/proc/self/task", &status, 0);

	return !vmt_sys_failed(ret) && status.st_nlink <= 3;
}

/* Is a signal pending that usually ends a process? We have it blocked, so it waits for us. */
static bool is_wanted_to_end(void)
{
	const uint64_t ends = VMT_SIGNAL_BIT(SIGHUP) | VMT_SIGNAL_BIT(SIGINT) |
			      VMT_SIGNAL_BIT(SIGQUIT) | VMT_SIGNAL_BIT(SIGTERM);
	uint64_t pending = 0;

	vmt_sys2(SYS_rt_sigpending, &pending, VMT_SIGSET_SIZE);
	return pending & ends;
}

/* Returns false if the helper is gone; anybody may have killed it. */
static bool wait_for_helper(struct vmt_spawn *helper, long pid)
{
	while (atomic_load_explicit(&helper->stage, memory_order_acquire) == WORKING) {
		await_change(helper, WORKING);
		if (vmt_sys4(SYS_wait4, pid, 0, WNOHANG | __WALL, 0) != 0)
			return false;
		if (is_wanted_to_end())
			atomic_store_explicit(&helper->is_hurried, 1, memory_order_relaxed);
	}
	return true;
}

static int reap(long pid)
{
	int status = 0;
	long ret;

	do
		ret = vmt_sys4(SYS_wait4, pid, &status, __WALL, 0);
	while (ret == -EINTR);
	return ret == pid && WIFEXITED(status) ? WEXITSTATUS(status) : CANNOT_RUN;
}

static int start_and_wait(struct vmt_spawn *helper)
{
	unsigned long flags = CLONE_VM | (helper->copies_memory ? CLONE_VFORK : 0);
	long pid = clone_with_stack(flags, aligned_end(helper->stack + helper->stack_size),
				    run_helper, helper, NULL);

	if (vmt_sys_failed(pid)) {
		helper->refused = pid;
		return (int)pid;
	}
	if (helper->copies_memory)
		return reap(pid) == 0;
	if (wait_for_helper(helper, pid) && (helper->is_alone || !helper->is_last)) {
		tell(helper, MAY_END);
		reap(pid);
	}
	return (int)atomic_load_explicit(&helper->has_worked, memory_order_relaxed);
}

int vmt_spawn_run(struct vmt_spawn *helper)
{
	uint64_t old = set_mask(UINT64_MAX); /* no handler of the program may run in the helper */
	int ret;

	helper->parent = (uint32_t)vmt_sys0(SYS_getpid);
	helper->is_alone = is_alone();
	ret = start_and_wait(helper);
	set_mask(old);
	return ret;
}

/* Wait until the starter has ended. Returns false if this process would be a child of the program then. */
static bool is_orphan(struct vmt_spawn *helper)
{
	uint32_t stage;

	while ((stage = atomic_load_explicit(&helper->stage, memory_order_acquire)) == WORKING)
		await_change(helper, WORKING);
	return stage == ORPHANED;
}

static int run_orphan(void *argument)
{
	struct vmt_spawn *helper = argument;

	reset_signals();
	set_mask(~VMT_SIGNAL_BIT(SIGALRM));
	vmt_spawn_limit(VMT_SPAWN_SECONDS);
	if (!is_orphan(helper))
		return CANNOT_RUN;
	close_others(helper->keep_fd);
	allow_descriptors();
	return helper->work(helper, helper->context) ? 0 : CANNOT_RUN;
}

/* Its stack is apart from those of the helper and of a command. */
static int run_starter(void *argument)
{
	struct vmt_spawn *helper = argument;

	helper->pid = clone_with_stack(CLONE_VM | CLONE_CHILD_CLEARTID,
				       aligned_end(helper->stack + helper->stack_size), run_orphan,
				       helper, helper->busy);
	return vmt_sys_failed(helper->pid) ? CANNOT_RUN : 0;
}

void vmt_spawn_has_copied(struct vmt_spawn *helper)
{
	tell(helper, COPIED);
}

static bool start_orphan(struct vmt_spawn *helper)
{
	long starter =
		clone_with_stack(CLONE_VM, aligned_end(helper->stack + helper->stack_size / 2),
				 run_starter, helper, NULL);

	if (vmt_sys_failed(starter))
		return false;
	reap(starter);
	if (vmt_sys_failed(helper->pid))
		return false;
	if (vmt_sys4(SYS_wait4, helper->pid, 0, WNOHANG | __WALL, 0) != -ECHILD) {
		tell(helper, MAY_END);
		reap(helper->pid);
		return false;
	}
	tell(helper, ORPHANED);
	await_change_for(helper, ORPHANED, COPYING_NS);
	return true;
}

bool vmt_spawn_start(struct vmt_spawn *helper, _Atomic uint32_t *busy)
{
	uint64_t old = set_mask(UINT64_MAX);
	bool has_started;

	helper->parent = (uint32_t)vmt_sys0(SYS_getpid);
	helper->pid = -ECHILD;
	helper->busy = busy;
	has_started = start_orphan(helper);
	set_mask(old);
	return has_started;
}
