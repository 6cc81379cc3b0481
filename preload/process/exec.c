/* SPDX-License-Identifier: MIT */
/* The image ends with execve; see exec.h. */
#include "process/exec.h"

#include "process/exit.h"
#include "trace/guard.h"

void vmt_exec_before(struct vmt_state *state)
{
	bool locked = vmt_guard_enter(state, true);

	vmt_exit_note(state, VMT_END_EXEC, 0);
	if (locked)
		vmt_guard_leave(state);
}

void vmt_exec_after(struct vmt_state *state)
{
	bool locked = vmt_guard_enter(state, true);

	vmt_exit_note(state, VMT_END_RUNNING, 0);
	if (locked)
		vmt_guard_leave(state);
}
