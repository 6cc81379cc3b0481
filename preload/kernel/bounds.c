/* SPDX-License-Identifier: MIT */
/*
 * The map that the calling thread's stack lies in (shim.h), which is kept for the thread.
 */
#include "kernel/ask.h"

/*
 * What is kept for the thread is two words, and a handler may come between them that keeps bounds
 * of its own stack. It has come and gone when we go on, so it is enough to count those who write.
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

/* A handler that finds this half done finds a range without an end. */
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
	/* A main stack grows: what lies below what we know of it is its own as well. */
	*ret_bounds = bounds;
	return true;
}
