/* SPDX-License-Identifier: MIT */
/*
 * The file behind the recording: made, mapped, and given blocks before they are written. This knows
 * sections and elements; publish.h and timeline.h know their contents. Under the lock only.
 */
#ifndef VMT_RECORDING_H
#define VMT_RECORDING_H

#include "os/sys.h"
#include "state/state.h"

/*
 * Make the recording: a file in options.dir, or a memfd without that. Returns 0 or -errno; on
 * failure the state's recording is empty.
 */
int vmt_recording_open(struct vmt_state *state);

/*
 * Give the file its name, EXE.PID.vmt or EXE.PID-2.vmt and so on, once its header is valid. Returns
 * 0 or -errno; on failure the recording can still be read by its descriptor.
 */
int vmt_recording_name(struct vmt_state *state);

/* Does RLIMIT_FSIZE allow a file of this size? Otherwise ftruncate would raise SIGXFSZ. */
bool vmt_recording_may_be(uint64_t size);

/* May the recording and our memory be extended later? Not under every seccomp filter. */
bool vmt_recording_may_grow(void);

/*
 * Allocate blocks for this part of the file. Returns 0 or -ENOSPC; a store without a block would
 * raise SIGBUS.
 */
int vmt_recording_allocate(struct vmt_state *state, uint64_t offset, uint64_t length);

/* Round bytes of a section up to the end of a page, but not beyond the section. */
uint64_t vmt_recording_whole_pages(const struct vmt_rec_section *section, uint64_t bytes);

/*
 * Returns a descriptor of the recording, or -errno: one that is kept, or the file opened by its
 * name. To be given back by vmt_recording_put_back().
 */
int vmt_recording_descriptor(const struct vmt_state *state);
void vmt_recording_put_back(const struct vmt_state *state, int fd);

/* The file's path may become unreachable: keep it open. */
void vmt_recording_keep(struct vmt_state *state);

/* Has somebody removed the file? */
bool vmt_recording_is_gone(struct vmt_state *state);

/*
 * Returns `count` elements from `index` on, with blocks behind them, which count as used from now
 * on. NULL without a recording, without room in the section, or on a full disk.
 */
static inline void *vmt_recording_element(struct vmt_state *state, enum vmt_section_id id,
					  uint64_t index, uint64_t count);

/* Likewise, for elements that have not been used before. */
void *vmt_recording_new_element(struct vmt_state *state, enum vmt_section_id id, uint64_t index,
				uint64_t count);

/*
 * Append records to a section that only grows: a reader sees all of them or none. False if there is
 * no room.
 */
bool vmt_recording_append(struct vmt_state *state, enum vmt_section_id id, const void *records,
			  uint64_t count);

/*
 * In a build for tests (meson -Dkill_points=true), the program kills itself at the Nth of these
 * points, with N from the environment: a recording must be readable whichever store was its
 * writer's last.
 */
#ifdef VMT_KILL_POINTS
void vmt_recording_kill_point(struct vmt_state *state);
#else
static inline void vmt_recording_kill_point(struct vmt_state *state)
{
	(void)state;
}
#endif

static inline void *vmt_recording_element(struct vmt_state *state, enum vmt_section_id id,
					  uint64_t index, uint64_t count)
{
	const struct vmt_rec_section *section = &state->counters.section[id];

	if (VMT_UNLIKELY(!state->recording.base || index + count > section->used))
		return vmt_recording_new_element(state, id, index, count);
	return state->recording.base + section->offset + index * section->size;
}

/* Publish what the holder of the lock is doing, for readers now and after a kill. */
static inline void vmt_recording_doing(struct vmt_state *state, enum vmt_doing doing)
{
	if (!state->recording.base)
		return;
	__atomic_store_n(&state->recording.header->doing, doing, __ATOMIC_RELAXED);
	atomic_signal_fence(memory_order_seq_cst);
}

/*
 * To be called around each change of a record that others may be reading: its sequence word is odd
 * meanwhile.
 */
static inline void vmt_recording_begin(struct vmt_state *state, uint32_t *seq)
{
	vmt_recording_kill_point(state);
	/* one instruction, since a new page that is read before it is written faults twice */
	__asm__ volatile("orl $1, %0" : "+m"(*seq) : : "cc", "memory");
	__atomic_thread_fence(__ATOMIC_RELEASE);
	vmt_recording_kill_point(state);
}

static inline void vmt_recording_end(struct vmt_state *state, uint32_t *seq)
{
	vmt_recording_kill_point(state);
	__atomic_store_n(seq, (*seq | 1) + 1, __ATOMIC_RELEASE);
	vmt_recording_kill_point(state);
}

#endif
