/* SPDX-License-Identifier: MIT */
/*
 * The handler runs on any thread, at any store into the recording; it makes one system call and
 * returns. It maps shared anonymous memory, which merges with nothing, over the recording. See
 * bus.h.
 */
#include "safety/bus.h"

#include <linux/errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "filter/filter.h"
#include "os/signals.h"
#include "os/sys.h"

#define ACTION_RESTORER 0x04000000ul /* SA_RESTORER, which libc's headers do not define */
#define MASK_HOLDS_NS   UINT64_C(4000000)
#define TURNS           1000u
/* the kernel sent the signal; kill(2) did not */
#define IS_MISSING_FILE(info) ((info)->si_code > 0)

/* The kernel's format (asm/signal.h). */
struct action {
	uint64_t handler;
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

/* The program's action. It has two places, so that the handler always finds a complete action. */
static VMT_DATA struct {
	struct action place[2];
	_Atomic uint32_t current;
	_Atomic uint32_t is_taken; /* by the thread that changes the action */
} program = { .current = 0 };

static const struct action *programs_action(void)
{
	return &program.place[atomic_load_explicit(&program.current, memory_order_acquire) & 1];
}

static void set_programs_action(const struct action *action)
{
	uint32_t next = atomic_load_explicit(&program.current, memory_order_relaxed) + 1;

	program.place[next & 1] = *action;
	atomic_store_explicit(&program.current, next, memory_order_release);
}

static long kernel_action(const struct action *set, struct action *was)
{
	return vmt_sys6(SYS_rt_sigaction, SIGBUS, (long)set, (long)was, VMT_SIGSET_SIZE, 0, 0);
}

/* May the library make this call when the program has not made it itself? */
static bool may_act(void)
{
	const long any[6] = { 0 };

	return vmt_filter_is_open() || vmt_filter_may(SYS_rt_sigaction, any);
}

/* Unwinders and debuggers recognise a signal frame by this code. */
__attribute__((naked)) static void restore(void)
{
	__asm__("mov $15, %rax\n\tsyscall");
}

static void on_bus_error(int number, siginfo_t *info, void *context);

static bool is_default(const struct action *action)
{
	return action->handler == (uint64_t)(uintptr_t)SIG_DFL;
}

static bool is_ignored(const struct action *action)
{
	return action->handler == (uint64_t)(uintptr_t)SIG_IGN;
}

/* Our handler's action. It is entered like the program's: on the same stack, with the same mask. */
static struct action ours_for(const struct action *action)
{
	struct action ours = *action;

	if (is_default(action) || is_ignored(action))
		ours = (struct action){ .flags = SA_ONSTACK | SA_RESTART };
	ours.handler = (uint64_t)(uintptr_t)on_bus_error;
	ours.flags = (ours.flags | SA_SIGINFO) & ~(uint64_t)SA_RESETHAND;
	if (!(ours.flags & ACTION_RESTORER)) {
		ours.flags |= ACTION_RESTORER;
		ours.restorer = (uint64_t)(uintptr_t)restore;
	}
	return ours;
}

static bool is_ours(const struct action *action)
{
	return action->handler == (uint64_t)(uintptr_t)on_bus_error;
}

/*
 * Find the map of a recording that contains addr. The first two of our own ranges are not
 * recordings: they are the state and the library itself.
 */
static const struct vmt_range *recording_at(const struct vmt_state *state, uint64_t addr)
{
	for (unsigned i = 2; i < state->own.count; i++)
		if (vmt_range_has(state->own.range[i], addr))
			return &state->own.range[i];
	return NULL;
}

static bool give_memory(struct vmt_state *state, uint64_t addr)
{
	const struct vmt_range *range = recording_at(state, addr);
	long ret;

	if (!range)
		return false;
	ret = vmt_filter_own6(SYS_mmap, (long)range->start, (long)(range->end - range->start),
			      PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	if (vmt_sys_failed(ret))
		return false;
	if (vmt_range_has(*range, (uint64_t)(uintptr_t)state->recording.base))
		state->recording.is_lost = true;
	state->room_is_due = true;
	return true;
}

/*
 * Send the signal again, as the kernel sent it, for when the handler returns and the program's own
 * action is in force.
 */
static void send_again(siginfo_t *info)
{
	vmt_sys4(SYS_rt_tgsigqueueinfo, vmt_sys0(SYS_getpid), vmt_sys0(SYS_gettid), SIGBUS, info);
}

/* A fault raises the signal again by itself. */
static void act_by_default(const struct action *action, siginfo_t *info)
{
	kernel_action(action, NULL);
	if (!IS_MISSING_FILE(info))
		send_again(info);
}

/*
 * Reset the handler only; the kernel keeps the rest of the action as it was (kernel/signal.c,
 * get_signal).
 */
static void reset_handler(struct action action)
{
	struct action ours;

	action.handler = (uint64_t)(uintptr_t)SIG_DFL;
	ours = ours_for(&action);
	set_programs_action(&action);
	kernel_action(&ours, NULL);
}

static void deliver(int number, siginfo_t *info, void *context)
{
	struct action action = *programs_action();
	const struct action by_default = { .handler = (uint64_t)(uintptr_t)SIG_DFL };

	if (is_ignored(&action) && !IS_MISSING_FILE(info))
		return;
	if (is_default(&action) || is_ignored(&action)) {
		act_by_default(&by_default, info);
		return;
	}
	if (action.flags & SA_RESETHAND)
		reset_handler(action);
	((void (*)(int, siginfo_t *, void *))(uintptr_t)action.handler)(number, info, context);
}

/* The program blocks the signal, and gets it once it unblocks it. */
static void put_off(siginfo_t *info, void *context)
{
	ucontext_t *interrupted = context;

	vmt_thread()->has_unblocked = false;
	interrupted->uc_sigmask.__val[0] |= VMT_SIGNAL_BIT(SIGBUS);
	send_again(info);
}

static void on_bus_error(int number, siginfo_t *info, void *context)
{
	struct vmt_state *state = vmt_state;

	if (IS_MISSING_FILE(info) && give_memory(state, (uint64_t)(uintptr_t)info->si_addr))
		return;
	if (!IS_MISSING_FILE(info) && vmt_thread()->has_unblocked)
		put_off(info, context);
	else
		deliver(number, info, context);
}

void vmt_bus_open(struct vmt_state *state)
{
	struct action was, ours;

	if (state->safety.has_bus_handler || !may_act() || !state->recording.base ||
	    !state->recording.is_file || kernel_action(NULL, &was))
		return;
	set_programs_action(&was);
	ours = ours_for(&was);
	state->safety.has_bus_handler = kernel_action(&ours, NULL) == 0;
}

void vmt_bus_close(struct vmt_state *state)
{
	struct action now;

	if (!state->safety.has_bus_handler || !may_act())
		return;
	state->safety.has_bus_handler = false;
	if (kernel_action(NULL, &now) == 0 && is_ours(&now))
		kernel_action(programs_action(), NULL);
}

bool vmt_bus_is_action(long nr, const long args[6])
{
	return nr == SYS_rt_sigaction && args[0] == SIGBUS && args[3] == VMT_SIGSET_SIZE;
}

/* A vfork child has signal actions of its own but uses its parent's memory. */
static bool is_vfork_child(const struct vmt_state *state)
{
	long pid = vmt_sys0(SYS_getpid);

	return *vmt_alive == VMT_ALIVE && !vmt_sys_failed(pid) &&
	       (uint32_t)pid != state->process.pid;
}

static long set_ours(const struct action *set)
{
	struct action ours = ours_for(set);
	long ret;

	for (unsigned i = 0;
	     i < TURNS && atomic_exchange_explicit(&program.is_taken, 1, memory_order_acquire); i++)
		__builtin_ia32_pause();
	ret = kernel_action(&ours, NULL);
	if (!ret)
		set_programs_action(set);
	atomic_store_explicit(&program.is_taken, 0, memory_order_release);
	return ret;
}

/* The result is written last, because both arguments may point to the same structure. */
long vmt_bus_action(const struct vmt_state *state, const long args[6])
{
	const struct action *set = (const void *)args[1];
	struct action *ret_was = (void *)args[2];
	struct action was;
	long ret = kernel_action(NULL, &was);

	if (ret)
		return ret;
	/* somebody has set an action without our seeing it */
	if (!state->safety.has_bus_handler || !is_ours(&was))
		return kernel_action(set, ret_was);
	was = *programs_action();
	if (set)
		ret = is_vfork_child(state) ? kernel_action(set, NULL) : set_ours(set);
	if (!ret && ret_was)
		*ret_was = was;
	return ret;
}

void vmt_bus_before_exec(void)
{
	const struct action *action = programs_action();

	if (vmt_state->safety.has_bus_handler && is_ignored(action) && may_act())
		kernel_action(action, NULL);
}

void vmt_bus_after_exec(void)
{
	const struct action *action = programs_action();
	struct action ours = ours_for(action);

	if (vmt_state->safety.has_bus_handler && is_ignored(action) && may_act())
		kernel_action(&ours, NULL);
}

/* The mask is read anew every few ms, since the program may change it without our seeing. */
static void unblock(struct vmt_state *state)
{
	struct vmt_thread *thread = vmt_thread();
	const uint64_t bus = VMT_SIGNAL_BIT(SIGBUS);
	uint64_t time = vmt_clock_since_start(state);
	uint64_t mask = 0;

	if (!thread->blocks_bus && time < thread->mask_until)
		return;
	vmt_sys4(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, VMT_SIGSET_SIZE);
	thread->mask_until = time + MASK_HOLDS_NS;
	thread->blocks_bus = (mask & VMT_SIGNAL_BIT(SIGBUS)) != 0;
	if (!thread->blocks_bus)
		return;
	thread->has_unblocked = true;
	vmt_sys4(SYS_rt_sigprocmask, SIG_UNBLOCK, &bus, NULL, VMT_SIGSET_SIZE);
}

static void block(void)
{
	const uint64_t bus = VMT_SIGNAL_BIT(SIGBUS);

	vmt_thread()->has_unblocked = false;
	vmt_sys4(SYS_rt_sigprocmask, SIG_BLOCK, &bus, NULL, VMT_SIGSET_SIZE);
}

inline void vmt_bus_enter(struct vmt_state *state)
{
	if (VMT_UNLIKELY(state->safety.has_bus_handler))
		unblock(state);
}

inline void vmt_bus_leave(void)
{
	if (VMT_UNLIKELY(vmt_thread()->has_unblocked))
		block();
}
