/* SPDX-License-Identifier: MIT */
/*
 * The program's memory is read only where the kernel has just read or written it with success, in a
 * call of this thread. See user_args.h.
 */
#include "trace/user_args.h"

#include <linux/ioctl.h>
#include <linux/userfaultfd.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "core/base/uapi.h"
#include "os/sys.h"
#include "unwind/unwind_recall.h"

static _Atomic int *place_of(struct vmt_state *state, int fd)
{
	for (unsigned i = 0; i < VMT_COUNT(state->userfault.fd); i++)
		if (atomic_load_explicit(&state->userfault.fd[i], memory_order_relaxed) == fd + 1)
			return &state->userfault.fd[i];
	return NULL;
}

bool vmt_user_args_has_userfault(struct vmt_state *state)
{
	return atomic_load_explicit(&state->userfault.is_used, memory_order_relaxed);
}

bool vmt_user_args_is_userfault(int fd)
{
	struct vmt_state *state = vmt_state;

	if (VMT_LIKELY(!state || !vmt_user_args_has_userfault(state)))
		return false;
	return fd >= 0 && place_of(state, fd);
}

bool vmt_user_args_is_userfault_close(struct vmt_state *state, long nr, const long args[6])
{
	int fd = (int)args[0];

	if (nr != SYS_close || !vmt_user_args_is_userfault(fd))
		return false;
	atomic_store_explicit(place_of(state, fd), 0, memory_order_relaxed);
	return true;
}

/* If there are too many, closing one of the others is not noticed until the end. */
static void note_userfault(struct vmt_state *state, int fd)
{
	_Atomic int *place = place_of(state, fd);

	if (!place)
		place = place_of(state, -1); /* use a free place */
	if (place)
		atomic_store_explicit(place, fd + 1, memory_order_relaxed);
	atomic_store_explicit(&state->userfault.is_used, true, memory_order_relaxed);
}

static void raise(_Atomic uint64_t *bound, uint64_t to)
{
	uint64_t old = atomic_load_explicit(bound, memory_order_relaxed);

	while (to > old && !atomic_compare_exchange_weak_explicit(
				   bound, &old, to, memory_order_relaxed, memory_order_relaxed))
		;
}

static void note_range(struct vmt_state *state, struct vmt_range range)
{
	raise(&state->userfault.below, range.end);
	raise(&state->userfault.under, ~range.start);
}

static bool is_registered(struct vmt_state *state, uint64_t start, uint64_t length)
{
	uint64_t end = start + vmt_page_up(length);

	return start < atomic_load_explicit(&state->userfault.below, memory_order_relaxed) &&
	       end > ~atomic_load_explicit(&state->userfault.under, memory_order_relaxed);
}

/* Does this brk give back memory that is registered? */
static bool gives_registered_back(struct vmt_state *state, uint64_t wanted)
{
	uint64_t now = state->image.brk;

	return wanted && wanted < now && is_registered(state, wanted, now - wanted);
}

bool vmt_user_args_may_wait(struct vmt_state *state, const struct vmt_done *done)
{
	uint64_t start = (uint64_t)done->args[0];
	uint64_t length = (uint64_t)done->args[1];

	if (VMT_LIKELY(!vmt_user_args_has_userfault(state)))
		return false;
	switch (done->call) {
	case VMT_CALL_MMAP: return done->args[3] & MAP_FIXED && is_registered(state, start, length);
	case VMT_CALL_MUNMAP: return is_registered(state, start, length);
	case VMT_CALL_MREMAP:
		return is_registered(state, start, length) ||
		       (done->args[3] & MREMAP_FIXED &&
			is_registered(state, (uint64_t)done->args[4], (uint64_t)done->args[2]));
	case VMT_CALL_BRK: return gives_registered_back(state, start);
	default: return false;
	}
}

void vmt_user_args_note_move(struct vmt_state *state, const struct vmt_done *done)
{
	uint64_t start = (uint64_t)done->result;

	if (done->call == VMT_CALL_MREMAP && !vmt_sys_failed(done->result) &&
	    vmt_user_args_may_wait(state, done))
		note_range(state, (struct vmt_range){
					  start, start + vmt_page_up((uint64_t)done->args[2]) });
}

/*
 * The arguments for registering and unregistering both begin with the range (linux/userfaultfd.h).
 */
static void complete_ioctl(struct vmt_state *state, struct vmt_done *done)
{
	const struct uffdio_range *range = (const void *)done->args[2];

	done->user_range = (struct vmt_range){ range->start, range->start + range->len };
	if ((unsigned long)done->args[1] != UFFDIO_REGISTER)
		return;
	note_range(state, done->user_range);
	note_userfault(state, (int)done->args[0]);
	/* only calls that walk the stack ask vmt_user_args_may_wait() */
	vmt_unwind_recall_set(NULL, 0);
}

/* From the first range to the last, including everything in between. */
static void complete_process_madvise(struct vmt_done *done)
{
	const struct iovec *range = (const void *)done->args[1];

	for (long i = 0; i < done->args[2]; i++) {
		uint64_t start = vmt_page_down((uint64_t)(uintptr_t)range[i].iov_base);
		uint64_t end =
			vmt_page_up((uint64_t)(uintptr_t)range[i].iov_base + range[i].iov_len);

		if (start >= end)
			continue;
		if (vmt_range_is_empty(done->user_range))
			done->user_range = (struct vmt_range){ start, end };
		if (start < done->user_range.start)
			done->user_range.start = start;
		if (end > done->user_range.end)
			done->user_range.end = end;
	}
}

void vmt_user_args_complete(struct vmt_state *state, struct vmt_done *done)
{
	if (vmt_sys_failed(done->result))
		return;
	if (done->call == VMT_CALL_IO_SETUP)
		done->aio = *(const uint64_t *)done->args[1];
	else if (done->call == VMT_CALL_IOCTL)
		complete_ioctl(state, done);
	else if (done->call == VMT_CALL_PROCESS_MADVISE)
		complete_process_madvise(done);
}

/* Each thread has its own personality: if one thread resets it, it may still apply to another. */
void vmt_user_args_note_personality(struct vmt_state *state, unsigned long persona)
{
	if (persona != VMT_PERSONALITY_QUERY && (persona & READ_IMPLIES_EXEC))
		state->confidence.no_deriving = true;
}
