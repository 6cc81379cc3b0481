/* SPDX-License-Identifier: MIT */
/*
 * The process's last act, by whichever way it is reached: libc's _exit; exit_group, by syscall(3)
 * or an instruction of a module's own; and exit, if no other thread is left. One thread makes it;
 * other threads that want to end the process wait meanwhile. Without the library, the first of them
 * would have ended it at once.
 */
#include <signal.h>
#include <sys/syscall.h>

#include "os/signals.h"
#include "os/sys.h"
#include "patch/code.h"
#include "patch/gate.h"
#include "process/exit.h"
#include "safety/aside.h"

#define PAUSES 100000u /* longer than any report takes */

/*
 * Threads that clone made without storage of their own share this address; they only wait for it.
 */
static uint64_t own_storage(void)
{
	uint64_t storage;

	__asm__("mov %%fs:0, %0" : "=r"(storage));
	return storage;
}

uint64_t vmt_last_claim(void)
{
	const struct vmt_state *state = vmt_state;
	const uint64_t self = own_storage();

	if (!vmt_gate_last_stack || !vmt_state_is_ours(state))
		return 0;
	for (unsigned i = 0; i < PAUSES; i++) {
		uint64_t owner = 0;

		if (__atomic_compare_exchange_n(vmt_gate_last_owner, &owner, self, false,
						__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return vmt_gate_last_stack;
		if (owner == self) /* this is a signal handler that interrupted the last act */
			return 0;
		vmt_exit_pause();
	}
	return 0;
}

void vmt_last_forget(void)
{
	__atomic_store_n(vmt_gate_last_owner, 0, __ATOMIC_RELAXED);
}

/*
 * From here on, no signal may end the process in another way. SIGBUS stays unblocked, since the
 * recording may raise it (bus.h).
 */
static int end(int status)
{
	struct vmt_state *state = vmt_state;
	uint64_t all = ~VMT_SIGNAL_BIT(SIGBUS);

	if (state && vmt_state_is_on()) {
		vmt_sys4(SYS_rt_sigprocmask, SIG_BLOCK, &all, 0, sizeof(all));
		state->process.is_last_act = true;
	}
	return vmt_exit_end(status);
}

_Noreturn void vmt_last_act_claimed(int status)
{
	vmt_aside_exit(end(status));
}

_Noreturn void vmt_last_act(int status)
{
	vmt_aside_exit(vmt_last_claim() ? end(status) : status);
}

/* Is the thread's storage still mapped? A thread may unmap its own. */
static bool is_mapped(uint64_t storage)
{
	uint8_t is_there;

	return !vmt_sys_failed(
		vmt_sys3(SYS_mincore, vmt_page_down(storage), VMT_PAGE_SIZE, &is_there));
}

void vmt_last_thread(int status, uint64_t storage)
{
	const struct vmt_state *state = vmt_state;
	int end_status;

	if (!state || !vmt_state_is_ours(state) || !vmt_code_is_alone() || !is_mapped(storage))
		return;
	end_status = vmt_exit_end(status);
	if (end_status != status)
		vmt_aside_exit(end_status);
}
