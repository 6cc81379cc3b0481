/* SPDX-License-Identifier: MIT */
/*
 * See recording.h. In a file, blocks are allocated before use: a page without a block would
 * SIGBUS on a full disk. Sizes are looked at first: beyond RLIMIT_FSIZE the kernel kills.
 */
#include "recording.h"

#include <fcntl.h>
#include <linux/errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "fd.h"
#include "name.h"

#define BLOCK_STEP (UINT64_C(256) * 1024)

#ifdef VMT_KILL_POINTS
void vmt_recording_kill_point(struct vmt_state *state)
{
	if (state->kill_at && --state->kill_at == 0)
		vmt_sys2(SYS_kill, vmt_sys0(SYS_getpid), SIGKILL);
}
#endif

static void lay_out(struct vmt_rec_header *header, const struct vmt_options *options)
{
	const struct {
		uint64_t capacity;
		uint32_t size;
	} shape[VMT_SECTION_COUNT] = {
		[VMT_SECTION_STRINGS] = { 1 << 20, 1 },
		[VMT_SECTION_MODULES] = { VMT_MODULES_MAX, sizeof(struct vmt_rec_module) },
		[VMT_SECTION_SITES] = { options->max_sites, sizeof(struct vmt_rec_site) },
		[VMT_SECTION_FRAMES] = { options->max_sites * 32, sizeof(struct vmt_rec_frame) },
		[VMT_SECTION_CALLS] = { VMT_CALL_COUNT, sizeof(struct vmt_rec_counters) },
		[VMT_SECTION_RANGES] = { options->max_maps, sizeof(struct vmt_rec_range) },
		[VMT_SECTION_TIMELINE] = { 1024, sizeof(struct vmt_rec_bucket) },
		[VMT_SECTION_FAILURES] = { 1024, sizeof(struct vmt_rec_failure) },
		[VMT_SECTION_MARKS] = { 1024, sizeof(struct vmt_rec_mark) },
		[VMT_SECTION_MARK_VALUES] = { 65536, sizeof(struct vmt_rec_mark_value) },
	};
	uint64_t offset = VMT_PAGE_SIZE;

	for (unsigned i = 0; i < VMT_SECTION_COUNT; i++) {
		header->section[i] = (struct vmt_rec_section){
			.offset = offset, .capacity = shape[i].capacity, .size = shape[i].size
		};
		offset = vmt_page_up(offset + shape[i].capacity * shape[i].size);
	}
	header->file_size = offset;
}

static bool size_is_allowed(uint64_t size)
{
	struct rlimit limit;

	/* Beyond RLIMIT_FSIZE ftruncate raises SIGXFSZ, on a memfd too. */
	if (vmt_sys_failed(vmt_sys2(SYS_getrlimit, RLIMIT_FSIZE, &limit)))
		return false;
	return limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= size;
}

/* EXE.PID.vmt, or EXE.PID-2.vmt… after an exec. */
static int open_in_dir(struct vmt_state *state)
{
	struct vmt_recording *recording = &state->recording;
	int fd = -EEXIST;

	for (unsigned image = 1; image < 1000 && fd == -EEXIST; image++) {
		if (!vmt_name_recording(state, image, recording->path, sizeof(recording->path)))
			return -ENAMETOOLONG;
		fd = vmt_fd_open(recording->path, O_RDWR | O_CREAT | O_EXCL, 0666);
		state->counters.image = image;
	}
	recording->is_file = fd >= 0;
	return fd;
}

static int open_file(struct vmt_state *state)
{
	state->counters.image = 1;
	if (state->options.dir[0])
		return open_in_dir(state);

	long fd = vmt_sys2(SYS_memfd_create, "vmatrace", MFD_CLOEXEC);

	return vmt_sys_failed(fd) ? (int)fd : vmt_fd_raise((int)fd);
}

static int allocate(struct vmt_state *state, uint64_t offset, uint64_t length)
{
	long ret;

	if (!state->recording.is_file || state->no_asking || !vmt_fd_is_ours(&state->fds.record))
		return 0;
	ret = vmt_sys4(SYS_fallocate, state->fds.record.number, 0, offset, length);
	if (ret == -EBADF || ret == -EOPNOTSUPP || ret == -EINVAL)
		return 0;	/* closed by the program; a file system that cannot say */
	return (int)ret;
}

static int map_file(struct vmt_state *state, uint64_t size)
{
	struct vmt_recording *recording = &state->recording;
	long ret = vmt_sys2(SYS_ftruncate, state->fds.record.number, size);

	if (!vmt_sys_failed(ret))
		ret = allocate(state, 0, VMT_PAGE_SIZE);
	if (vmt_sys_failed(ret))
		return (int)ret;
	ret = vmt_sys6(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE,
		       MAP_SHARED, state->fds.record.number, 0);
	if (vmt_sys_failed(ret))
		return (int)ret;
	recording->base = (unsigned char *)ret;
	recording->header = (struct vmt_rec_header *)ret;
	recording->size = size;
	return 0;
}

int vmt_recording_open(struct vmt_state *state)
{
	struct vmt_rec_header *header = &state->counters;
	struct vmt_recording *recording = &state->recording;
	int ret;

	recording->base = NULL;
	lay_out(header, &state->options);
	if (!size_is_allowed(header->file_size))
		return -EFBIG;
	ret = open_file(state);
	if (ret < 0)
		return ret;
	state->fds.record = vmt_fd_note(ret);
	__builtin_memset(recording->ready, 0, sizeof(recording->ready));
	ret = map_file(state, header->file_size);
	if (ret) {
		vmt_fd_close(&state->fds.record);
		if (recording->is_file)
			vmt_sys1(SYS_unlink, recording->path);
		return ret;
	}
	return 0;
}

void *vmt_recording_element(struct vmt_state *state, enum vmt_section_id id, uint64_t index,
			    uint64_t count)
{
	struct vmt_recording *recording = &state->recording;
	struct vmt_rec_section *section = &state->counters.section[id];
	uint64_t need = (index + count) * section->size;

	if (!recording->base || index + count > section->capacity)
		return NULL;
	if (VMT_UNLIKELY(need > recording->ready[id])) {
		uint64_t step = need - recording->ready[id] + BLOCK_STEP;
		uint64_t most = section->capacity * section->size - recording->ready[id];

		if (step > most)
			step = most;
		if (allocate(state, section->offset + recording->ready[id], step)) {
			vmt_note(state, VMT_NOTE_DISK_FULL);
			return NULL;
		}
		recording->ready[id] += step;
	}
	if (index + count > section->used) {
		vmt_recording_kill_point(state);
		section->used = index + count;
		recording->header->section[id].used = section->used;
	}
	return recording->base + section->offset + index * section->size;
}
