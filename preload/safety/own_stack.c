/* SPDX-License-Identifier: MIT */
/* Called in signal handlers, threads and fork children; never waits. See own_stack.h. */
#include "safety/own_stack.h"

#include <assert.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "os/sys.h"
#include "patch/gate.h"
#include "safety/aside.h"

/* The main stack grows by itself; no more than this much of it is needed. */
#define MAIN_GROWTH (UINT64_C(8) * 1024 * 1024)

static_assert(offsetof(struct vmt_own_stack, is_unblocked) == 4 &&
		      offsetof(struct vmt_own_stack, stub) == 8 &&
		      offsetof(struct vmt_own_stack, return_address) == 16 &&
		      offsetof(struct vmt_own_stack, mask) == 24 &&
		      offsetof(struct vmt_own_stack, result) == 32 &&
		      offsetof(struct vmt_own_stack, args) == 40 &&
		      offsetof(struct vmt_own_stack, regs) == 88,
	      "as in gate.S");
static_assert(offsetof(struct vmt_thread, room) == VMT_THREAD_ROOM &&
		      offsetof(struct vmt_thread, pid) == VMT_THREAD_PID &&
		      offsetof(struct vmt_thread, is_shared) == VMT_THREAD_SHARED &&
		      offsetof(struct vmt_deferred, overflow) == VMT_DEFERRED_OVERFLOW &&
		      offsetof(struct vmt_deferred, dropped) == VMT_DEFERRED_DROPPED &&
		      offsetof(struct vmt_deferred, pending) == VMT_DEFERRED_PENDING &&
		      VMT_PHASE_ON == 2,
	      "as in gate.h and gate.S");

static struct vmt_range all VMT_DATA = { 0, 0 };

static struct vmt_own_stack *stack_at(uint64_t start)
{
	return (void *)(uintptr_t)(start + VMT_OWN_STACK_SIZE - sizeof(struct vmt_own_stack));
}

void vmt_own_stack_open(struct vmt_state *state, void *memory)
{
	all.start = (uint64_t)(uintptr_t)memory;
	all.end = all.start + VMT_OWN_STACKS * VMT_OWN_STACK_SIZE;
	vmt_gate_deferred = &state->deferred;
	vmt_gate_own_stacks_end = all.end;
	vmt_gate_own_stacks = stack_at(all.start);
}

static struct vmt_own_stack *current(void)
{
	uint64_t sp = (uint64_t)(uintptr_t)__builtin_frame_address(0);

	if (!vmt_range_has(all, sp))
		return NULL;
	return stack_at(sp - (sp - all.start) % VMT_OWN_STACK_SIZE);
}

void vmt_own_stack_before_fork(void)
{
	vmt_own_stack_is_quiet();
}

void vmt_own_stack_start_child(void)
{
	struct vmt_own_stack *own = current();

	for (uint64_t at = all.start; at < all.end && stack_at(at)->is_busy;
	     at += VMT_OWN_STACK_SIZE)
		if (stack_at(at) != own && stack_at(at)->is_busy != VMT_OWN_STACK_FREE)
			stack_at(at)->is_busy = VMT_OWN_STACK_FREE;
}

bool vmt_own_stack_is_quiet(void)
{
	const struct vmt_own_stack *own = current();

	for (uint64_t at = all.start; at < all.end && stack_at(at)->is_busy;
	     at += VMT_OWN_STACK_SIZE)
		if (stack_at(at) != own && stack_at(at)->is_busy == VMT_OWN_STACK_BUSY)
			return false;
	return true;
}

bool vmt_own_stack_has(const void *address)
{
	return vmt_range_has(all, (uint64_t)(uintptr_t)address);
}

long vmt_own_stack_make(long nr, const long args[6])
{
	const uint64_t everything = ~UINT64_C(0x4d8); /* the same mask as in gate.S */
	const struct vmt_own_stack *own = current();
	long ret;

	if (VMT_LIKELY(!own || own->is_unblocked))
		return vmt_aside_make(nr, args);
	vmt_sys4(SYS_rt_sigprocmask, SIG_SETMASK, &own->mask, 0, VMT_SIGSET_SIZE);
	ret = vmt_aside_make(nr, args);
	vmt_sys4(SYS_rt_sigprocmask, SIG_BLOCK, &everything, 0, VMT_SIGSET_SIZE);
	return ret;
}

void vmt_own_stack_unblock(void)
{
	struct vmt_own_stack *own = current();

	if (!own || own->is_unblocked)
		return;
	vmt_sys4(SYS_rt_sigprocmask, SIG_SETMASK, &own->mask, 0, VMT_SIGSET_SIZE);
	own->is_unblocked = 1;
}

void vmt_own_stack_forget_room(void)
{
	vmt_thread()->room[0] = 0;
	vmt_thread()->room[1] = 0;
}

/*
 * Returns the address down to which the main stack may grow: the kernel kept that memory free when
 * it loaded the program.
 */
static uint64_t lowest_of_main(struct vmt_range bounds)
{
	struct rlimit limit;
	uint64_t size = MAIN_GROWTH;

	if (vmt_sys_failed(vmt_sys4(SYS_prlimit64, 0, RLIMIT_STACK, 0, &limit)))
		return bounds.start;
	if (limit.rlim_cur < size)
		size = limit.rlim_cur & ~(VMT_PAGE_SIZE - 1);
	return bounds.end - bounds.start < size ? bounds.end - size : bounds.start;
}

static void cut_off_alternate(struct vmt_range *room)
{
	uint64_t start;
	stack_t stack;

	if (vmt_sys_failed(vmt_sys2(SYS_sigaltstack, 0, &stack))) {
		room->end = room->start;
		return;
	}
	start = (uint64_t)(uintptr_t)stack.ss_sp;
	if (!(stack.ss_flags & SS_DISABLE) && start < room->end &&
	    start + stack.ss_size > room->start)
		room->end = start;
}

void vmt_own_stack_find_room(const struct vmt_state *state, uint64_t sp)
{
	struct vmt_thread *thread = vmt_thread();
	uint64_t pointer = (uint64_t)(uintptr_t)__builtin_thread_pointer();
	struct vmt_range room;

	vmt_own_stack_forget_room();
	if (thread->is_shared || !vmt_bounds_of(sp, &room))
		return;
	if (vmt_range_has(room, state->image.main_sp))
		room.start = lowest_of_main(room);
	else if (vmt_range_has(room, pointer) && sp < pointer)
		room.end = pointer;
	else
		return;
	cut_off_alternate(&room);
	room.start += VMT_ROOM;
	if (room.start >= room.end)
		return;
	thread->room[0] = room.start;
	thread->room[1] = room.end;
}
