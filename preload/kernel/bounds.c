/* SPDX-License-Identifier: MIT */
/*
 * Finds the map that contains the calling thread's stack (shim.h), and remembers it for the thread.
 */
#include "kernel/ask.h"

/*
 * What is remembered is two words. A signal handler may run between their accesses, and remember
 * the bounds of its own stack. It has finished when this code goes on, so it is enough to count the
 * writes.
 */
static struct vmt_range kept_bounds(struct vmt_thread *thread)
{
	struct vmt_range bounds;
	uint32_t writes;

	if (VMT_UNLIKELY(thread->is_shared))
		return (struct vmt_range){ 0, 0 };
	do {
		writes = thread->stack_writes;
		bounds = (struct vmt_range){ thread->stack[0], thread->stack[1] };
	} while (writes != thread->stack_writes);
	return bounds;
}

/* A handler that interrupts this finds a range without an end. */
static void keep_bounds(struct vmt_thread *thread, struct vmt_range bounds)
{
	uint32_t writes;

	do {
		writes = ++thread->stack_writes;
		thread->stack[1] = 0;
		thread->stack[0] = bounds.start;
		thread->stack[1] = bounds.end;
	} while (writes != thread->stack_writes);
}

void vmt_bounds_forget(void)
{
	keep_bounds(vmt_thread(), (struct vmt_range){ 0, 0 });
}

struct vmt_range vmt_bounds_kept(void)
{
	return kept_bounds(vmt_thread());
}

bool vmt_bounds_of(uint64_t sp, struct vmt_range *ret_bounds)
{
	struct vmt_thread *thread = vmt_thread();
	struct vmt_range bounds = kept_bounds(thread);

	if (!vmt_range_has(bounds, sp)) {
		if (!vmt_state || !vmt_ask_bounds(vmt_state, sp, &bounds))
			return false;
		keep_bounds(thread, bounds);
	}
	/* The main stack grows; the memory below its known bounds belongs to it as well. */
	*ret_bounds = bounds;
	return true;
}
