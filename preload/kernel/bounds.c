/* SPDX-License-Identifier: MIT */
/*
 * Finds the map that contains the calling thread's stack (shim.h), and remembers it for the thread.
 */
#include "kernel/ask.h"

void vmt_bounds_forget(void)
{
	vmt_thread_set_stack(vmt_thread(), (struct vmt_range){ 0, 0 });
}

bool vmt_bounds_of(uint64_t sp, struct vmt_range *ret_bounds)
{
	struct vmt_thread *thread = vmt_thread();
	struct vmt_range bounds = vmt_thread_stack(thread);

	if (!vmt_range_has(bounds, sp)) {
		if (!vmt_state || !vmt_ask_bounds(vmt_state, sp, &bounds))
			return false;
		vmt_thread_set_stack(thread, bounds);
	}
	/* The main stack grows; the memory below its known bounds belongs to it as well. */
	*ret_bounds = bounds;
	return true;
}
