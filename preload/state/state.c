/* SPDX-License-Identifier: MIT */
/* The variables behind state.h, and the check for vfork children. */
#include "state/state.h"

#include <sys/syscall.h>

#include "core/base/scan.h"
#include "os/sys.h"

_Atomic uint32_t vmt_phase VMT_DATA = VMT_PHASE_UNINIT;
struct vmt_state *vmt_state VMT_DATA = NULL;

static _Atomic uint32_t always_alive VMT_DATA = VMT_ALIVE;
_Atomic uint32_t *vmt_alive VMT_DATA = &always_alive;

__thread struct vmt_thread vmt_this_thread;

/*
 * Where a filter may kill for getpid and nothing can be read, vfork children count as their
 * parents.
 */
static uint32_t own_pid(const struct vmt_state *state)
{
	long pid = vmt_sys0(SYS_getpid);
	char text[32];

	if (!vmt_sys_failed(pid))
		return (uint32_t)pid;
	if (vmt_fd_read_file("/proc/self/stat", text, sizeof(text)) < (long)sizeof(text))
		return state->process.pid;
	return (uint32_t)vmt_scan_number(text, text + sizeof(text));
}

bool vmt_state_is_ours(const struct vmt_state *state)
{
	return *vmt_alive == VMT_ALIVE && own_pid(state) == state->process.pid;
}
