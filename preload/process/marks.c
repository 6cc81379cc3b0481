/* SPDX-License-Identifier: MIT */
/* The functions of vmatrace.h, which a program may call. */
#include "vmatrace.h"

#include "process/fork.h"
#include "store/publish.h"
#include "trace/guard.h"

#define NAME_MAX_LENGTH 200u

VMT_EXPORT void vmatrace_mark(const char *name);
VMT_EXPORT long vmatrace_maps(void);

/* Returns the state if this process is recorded; in a fork child, tracing is set up first. */
static struct vmt_state *recorded(void)
{
	if (!vmt_state_is_on())
		return NULL;
	if (*vmt_alive != VMT_ALIVE && !vmt_fork_start_child(vmt_state))
		return NULL;
	if (!vmt_state_is_on())
		return NULL;
	return vmt_state;
}

static size_t length_of(const char *name)
{
	size_t length = 0;

	while (name && length < NAME_MAX_LENGTH && name[length])
		length++;
	return length;
}

void vmatrace_mark(const char *name)
{
	struct vmt_state *state = recorded();

	if (!state || !vmt_guard_enter(state, true))
		return;
	vmt_publish_mark(state, name, length_of(name));
	vmt_guard_leave(state);
}

long vmatrace_maps(void)
{
	struct vmt_state *state = recorded();

	return state ? (long)state->counters.maps_now : -1;
}
