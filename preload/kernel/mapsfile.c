/* SPDX-License-Identifier: MIT */
/* Called under the lock and outside, in any thread and signal handler. See mapsfile.h. */
#include "kernel/mapsfile.h"

#include <fcntl.h>
#include <linux/errno.h>
#include <linux/sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "filter/filter.h"
#include "os/fd.h"
#include "os/signals.h"
#include "os/sys.h"

#define BURST_NS (UINT64_C(10) * 1000000)
/*
 * the file is kept open after this many openings in that time, or as long as there are this many
 * questions
 */
#define BURST  32u
#define PLENTY 256u /* descriptors that the program has to spare */

/* The calling thread's: once the first thread has ended, /proc/self/maps shows nothing. */
static long open_once(void)
{
	long fd = vmt_sys4(SYS_openat, AT_FDCWD, "/proc/thread-self/maps", O_RDONLY | O_CLOEXEC, 0);

	if (fd == -ENOENT) /* before Linux 3.17 */
		fd = vmt_sys4(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
	return fd;
}

/*
 * The program has used up its descriptors, or has lowered their limit, even to 0; and this is its
 * last act. The limit matters only while a number is allocated, and may be raised to the hard limit.
 */
static long open_beyond_limit(void)
{
	struct rlimit limit;
	struct rlimit hard;
	long ret = vmt_sys4(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &limit);

	if (vmt_sys_failed(ret) || limit.rlim_cur >= limit.rlim_max)
		return -EMFILE;
	hard = (struct rlimit){ limit.rlim_max, limit.rlim_max };
	ret = vmt_filter_own6(SYS_prlimit64, 0, RLIMIT_NOFILE, (long)&hard, 0, 0, 0);
	if (vmt_sys_failed(ret))
		return -EMFILE;
	ret = open_once();
	vmt_sys4(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, 0);
	return ret;
}

/*
 * The hard limit does not allow more. One of the program's descriptors may be given up if
 * no other thread shares the table; files that other processes have open stay open.
 */
static long open_in_place_of_another(void)
{
	struct rlimit limit;
	long ret = vmt_sys1(SYS_unshare, CLONE_FILES);

	if (vmt_sys_failed(ret) ||
	    vmt_sys_failed(vmt_sys4(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &limit)) ||
	    limit.rlim_cur < 4)
		return -EMFILE;
	vmt_sys1(SYS_close, limit.rlim_cur - 1);
	return open_once();
}

static void keep(struct vmt_state *state, bool for_good)
{
	const struct vmt_signals signals = vmt_signals_hold();
	long fd = open_once();

	if (!vmt_sys_failed(fd)) {
		state->kernel.keeps_maps = for_good;
		state->kernel.maps = vmt_fd_note(vmt_fd_raise((int)fd));
	}
	vmt_signals_release(&signals);
}

static bool has_plenty(void)
{
	struct rlimit limit;

	return !vmt_sys_failed(vmt_sys4(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &limit)) &&
	       limit.rlim_cur >= PLENTY;
}

/* Threads may miss each other's increments here: it takes one more opening then. */
static void count_opening(struct vmt_state *state)
{
	uint64_t now = vmt_clock_since_start(state);

	if (now - atomic_load_explicit(&state->kernel.maps_since, memory_order_relaxed) >
	    BURST_NS) {
		atomic_store_explicit(&state->kernel.maps_since, now, memory_order_relaxed);
		atomic_store_explicit(&state->kernel.maps_opened, 0, memory_order_relaxed);
	}
	if (atomic_fetch_add_explicit(&state->kernel.maps_opened, 1, memory_order_relaxed) ==
		    BURST &&
	    has_plenty())
		keep(state, false);
}

/* Has this thread left a file open? */
static bool is_open(void)
{
	return vmt_thread()->maps.type != 0;
}

bool vmt_mapsfile_is_open(const struct vmt_state *state)
{
	return state->kernel.maps.number >= 0 || is_open();
}

static struct vmt_mapsfile open_now(struct vmt_state *state)
{
	struct vmt_fd *open = &vmt_thread()->maps;
	long fd = open_once();

	if (fd == -EMFILE && state->process.is_last_act)
		fd = open_beyond_limit();
	if (fd == -EMFILE && state->process.is_last_act)
		fd = open_in_place_of_another();
	if (vmt_sys_failed(fd))
		return (struct vmt_mapsfile){ (int)fd, false };
	*open = vmt_fd_note((int)fd);
	if (is_open())
		return (struct vmt_mapsfile){ (int)fd, true };
	vmt_sys1(SYS_close, fd); /* a filter lets us open it, but not recognise it later */
	return (struct vmt_mapsfile){ -EPERM, false };
}

/* The thread's own file: already open, or opened now. */
static struct vmt_mapsfile open_here(struct vmt_state *state, bool is_to_be_sure)
{
	const struct vmt_fd *open = &vmt_thread()->maps;
	struct vmt_mapsfile file = { open->number, false };
	struct vmt_signals signals;

	if (is_open() && (!is_to_be_sure || vmt_fd_is_ours(open)))
		return file;
	signals = vmt_signals_hold();
	file = open_now(state);
	vmt_signals_release(&signals);
	return file;
}

struct vmt_mapsfile vmt_mapsfile_for_query(struct vmt_state *state)
{
	int kept = state->kernel.maps.number;
	struct vmt_mapsfile file;

	if (VMT_UNLIKELY(kept < 0 && vmt_thread()->is_shared)) {
		keep(state, false);
		kept = state->kernel.maps.number;
	}
	if (kept >= 0) {
		atomic_fetch_add_explicit(&state->kernel.maps_opened, 1, memory_order_relaxed);
		return (struct vmt_mapsfile){ kept, false };
	}
	file = open_here(state, false);
	if (file.is_fresh)
		count_opening(state);
	return file;
}

/*
 * Avoid the file that is kept open: reading moves its position, and another thread may be reading.
 */
struct vmt_mapsfile vmt_mapsfile_for_reading(struct vmt_state *state)
{
	struct vmt_mapsfile file = open_here(state, true);

	if (file.number < 0 && vmt_fd_is_ours(&state->kernel.maps))
		file.number = state->kernel.maps.number;
	return file;
}

void vmt_mapsfile_done(void)
{
	struct vmt_fd open = vmt_thread()->maps;
	struct vmt_signals signals;

	if (!is_open())
		return;
	signals = vmt_signals_hold();
	/* cleared first, so that a handler, if signals cannot be held, opens a file of its own */
	vmt_thread()->maps.type = 0;
	vmt_fd_close(&open);
	vmt_signals_release(&signals);
}

void vmt_mapsfile_close(struct vmt_mapsfile *file)
{
	if (file->is_fresh)
		vmt_mapsfile_done();
	file->is_fresh = false;
}

void vmt_mapsfile_forget(struct vmt_state *state, struct vmt_mapsfile *file)
{
	if (file->number == state->kernel.maps.number)
		state->kernel.maps.number = -1;
	else
		vmt_thread()->maps.type = 0;
	file->is_fresh = false;
}

void vmt_mapsfile_keep(struct vmt_state *state)
{
	if (state->kernel.maps.number < 0)
		keep(state, true);
	state->kernel.keeps_maps = true;
}

void vmt_mapsfile_review(struct vmt_state *state)
{
	if (state->kernel.maps.number < 0 || state->kernel.keeps_maps)
		return;
	if (atomic_exchange_explicit(&state->kernel.maps_opened, 0, memory_order_relaxed) < BURST)
		vmt_fd_close(&state->kernel.maps);
}

void vmt_mapsfile_start_child(struct vmt_state *state)
{
	vmt_fd_close(&state->kernel.maps);
	vmt_mapsfile_done(); /* a handler has interrupted a question, and forked */
}
