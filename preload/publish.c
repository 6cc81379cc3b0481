/* SPDX-License-Identifier: MIT */
/*
 * Each record that changes is written between two steps of its sequence word, so that a
 * reader at any moment, or after our death at any moment, knows which to skip.
 * In a file, blocks are allocated before use: a page without a block would SIGBUS.
 */
#include "publish.h"

#include <fcntl.h>
#include <linux/errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "fd.h"
#include "name.h"
#include "sys.h"

#define FIRST_BUCKET_NS UINT64_C(1000000)
#define BLOCK_STEP (UINT64_C(256) * 1024)

/*
 * In a build for tests (meson -Dkill_points=true) the program kills itself at the Nth of these
 * points, N from the environment: a recording must be readable whatever was its writer's last store.
 */
#ifdef VMT_KILL_POINTS
static void kill_point(struct vmt_state *state)
{
	if (state->kill_at && --state->kill_at == 0)
		vmt_sys2(SYS_kill, vmt_sys0(SYS_getpid), SIGKILL);
}
#else
static inline void kill_point(struct vmt_state *state)
{
	(void)state;
}
#endif

static void begin(struct vmt_state *state, uint32_t *seq)
{
	kill_point(state);
	__atomic_store_n(seq, *seq | 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	kill_point(state);
}

static void end(struct vmt_state *state, uint32_t *seq)
{
	kill_point(state);
	__atomic_store_n(seq, (*seq | 1) + 1, __ATOMIC_RELEASE);
	kill_point(state);
}

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

int vmt_publish_open(struct vmt_state *state)
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
	vmt_publish_reset_ranges(state);
	return 0;
}

/* Element index of a section, with blocks behind it; NULL when there is no room. */
static void *element(struct vmt_state *state, enum vmt_section_id id, uint64_t index,
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
		kill_point(state);
		section->used = index + count;
		recording->header->section[id].used = section->used;
	}
	return recording->base + section->offset + index * section->size;
}

struct vmt_rec_string vmt_publish_string(struct vmt_state *state, const char *bytes, size_t length)
{
	uint64_t offset = state->counters.section[VMT_SECTION_STRINGS].used;
	void *to = length ? element(state, VMT_SECTION_STRINGS, offset, length) : NULL;

	if (!to)
		return (struct vmt_rec_string){ 0, 0 };
	__builtin_memcpy(to, bytes, length);
	return (struct vmt_rec_string){ (uint32_t)offset, (uint32_t)length };
}

void vmt_publish_module(struct vmt_state *state, uint32_t index)
{
	struct vmt_rec_module *to = element(state, VMT_SECTION_MODULES, index, 1);

	if (to)
		*to = state->modules[index].rec;
}

static struct vmt_rec_site *site_record(struct vmt_state *state, const struct vmt_site *site)
{
	struct vmt_rec_site *to = element(state, VMT_SECTION_SITES, site->id, 1);

	if (!to && state->recording.base)
		vmt_note(state, VMT_NOTE_SITES_FULL);
	return to;
}

/* Once per site, before its counters. */
void vmt_publish_frames(struct vmt_state *state, const struct vmt_site *site)
{
	struct vmt_rec_site *to = site_record(state, site);
	uint64_t first = state->counters.section[VMT_SECTION_FRAMES].used;
	struct vmt_rec_frame *frames = NULL;

	if (!to)
		return;
	if (site->frame_count)
		frames = element(state, VMT_SECTION_FRAMES, first, site->frame_count);
	for (uint32_t i = 0; frames && i < site->frame_count; i++)
		frames[i] = site->frames[i];
	begin(state, &to->seq);
	to->flags = site->flags | (site->frame_count && !frames ? VMT_SITE_TRUNCATED : 0);
	to->call = site->call;
	to->frame_count = frames ? site->frame_count : 0;
	to->frame_first = (uint32_t)first;
	end(state, &to->seq);
}

void vmt_publish_site(struct vmt_state *state, const struct vmt_site *site)
{
	struct vmt_rec_site *to = site_record(state, site);

	if (!to)
		return;
	begin(state, &to->seq);
	to->counters = site->counters;
	kill_point(state);
	to->live = site->live;
	to->live_at_peak = site->live_at_peak;
	to->peak_epoch = site->peak_epoch;
	end(state, &to->seq);
}

void vmt_publish_call(struct vmt_state *state, uint32_t call)
{
	struct vmt_rec_counters *to = element(state, VMT_SECTION_CALLS, call, 1);

	kill_point(state);
	if (to)
		*to = state->calls[call];
}

static uint32_t take_slot(struct vmt_recording *recording)
{
	return recording->free_count ? recording->free_slots[--recording->free_count] :
				       VMT_NO_INDEX;
}

void vmt_publish_range(struct vmt_state *state, struct vmt_map *map)
{
	struct vmt_rec_range *to;

	if (!state->recording.base)
		return;
	if (map->slot == VMT_NO_INDEX)
		map->slot = take_slot(&state->recording);
	to = map->slot == VMT_NO_INDEX ? NULL : element(state, VMT_SECTION_RANGES, map->slot, 1);
	if (!to) {
		vmt_note(state, VMT_NOTE_RANGES_FULL);
		return;
	}
	begin(state, &to->seq);
	to->flags = (map->look.flags & VMT_MAP_STORED) | VMT_MAP_USED;
	kill_point(state);
	to->mapped_by = map->mapped_by;
	to->put_by = map->put_by;
	to->start = map->look.start;
	to->end = map->look.end;
	to->offset = map->look.offset;
	to->inode = map->look.inode;
	to->dev_major = map->look.dev_major;
	to->dev_minor = map->look.dev_minor;
	to->time = map->time;
	end(state, &to->seq);
}

void vmt_publish_range_gone(struct vmt_state *state, struct vmt_map *map)
{
	struct vmt_recording *recording = &state->recording;
	struct vmt_rec_range *to;

	if (!recording->base || map->slot == VMT_NO_INDEX)
		return;
	to = element(state, VMT_SECTION_RANGES, map->slot, 1);
	if (to) {
		begin(state, &to->seq);
		to->flags = 0;
		end(state, &to->seq);
	}
	recording->free_slots[recording->free_count++] = map->slot;
	map->slot = VMT_NO_INDEX;
}

void vmt_publish_reset_ranges(struct vmt_state *state)
{
	struct vmt_recording *recording = &state->recording;
	uint32_t count = (uint32_t)state->options.max_maps;
	uint64_t used = state->counters.section[VMT_SECTION_RANGES].used;

	for (uint64_t slot = 0; slot < used; slot++) {
		struct vmt_rec_range *range = element(state, VMT_SECTION_RANGES, slot, 1);

		if (range)
			*range = (struct vmt_rec_range){ .seq = (range->seq | 1) + 1 };
	}
	for (uint32_t i = 0; i < count; i++)
		recording->free_slots[i] = count - 1 - i;
	recording->free_count = count;
}

/* Everything from seq on changes while the program runs; what is before it was written once. */
void vmt_publish_header(struct vmt_state *state)
{
	struct vmt_rec_header *to = state->recording.header;
	struct vmt_rec_header *from = &state->counters;
	const size_t first = offsetof(struct vmt_rec_header, end);
	const size_t last = offsetof(struct vmt_rec_header, section);

	if (!state->recording.base)
		return;
	begin(state, &to->seq);
	__builtin_memcpy((char *)to + first, (char *)from + first, last - first);
	end(state, &to->seq);
}

static void halve_timeline(struct vmt_state *state, struct vmt_rec_bucket *bucket, uint64_t count)
{
	for (uint64_t i = 0; i < count / 2; i++) {
		struct vmt_rec_bucket a = bucket[2 * i];
		struct vmt_rec_bucket b = bucket[2 * i + 1];

		if (a.max == 0)
			a = b;
		else if (b.max)
			a = (struct vmt_rec_bucket){ .min = a.min < b.min ? a.min : b.min,
						     .max = a.max > b.max ? a.max : b.max,
						     .last = b.last };
		bucket[i] = a;
	}
	for (uint64_t i = count / 2; i < count; i++)
		bucket[i] = (struct vmt_rec_bucket){ 0 };
	state->counters.bucket_ns *= 2;
}

/* Note the count of maps at this time: no burst is lost, only its exact moment. */
void vmt_publish_tick(struct vmt_state *state, uint64_t time)
{
	struct vmt_rec_section *section = &state->counters.section[VMT_SECTION_TIMELINE];
	uint32_t now = (uint32_t)state->counters.maps_now;
	struct vmt_rec_bucket *at;
	uint64_t index;

	if (!state->recording.base)
		return;
	index = time / state->counters.bucket_ns;
	while (VMT_UNLIKELY(index >= section->capacity)) {
		if (!element(state, VMT_SECTION_TIMELINE, section->capacity - 1, 1))
			return;
		halve_timeline(state, element(state, VMT_SECTION_TIMELINE, 0, 1),
			       section->capacity);
		index = time / state->counters.bucket_ns;
	}
	at = element(state, VMT_SECTION_TIMELINE, index, 1);
	if (!at)
		return;
	if (at->max == 0)
		at->min = at->max = now;
	if (now < at->min)
		at->min = now;
	if (now > at->max)
		at->max = now;
	at->last = now;
}

void vmt_publish_describe(struct vmt_state *state)
{
	struct vmt_rec_header *header = &state->counters;

	__builtin_memcpy(header->magic, VMT_RECORD_MAGIC, sizeof(header->magic));
	header->version = VMT_RECORD_VERSION;
	header->endian = VMT_RECORD_ENDIAN;
	header->header_size = sizeof(*header);
	header->section_count = VMT_SECTION_COUNT;
	header->page_size = (uint32_t)VMT_PAGE_SIZE;
	header->pid = state->pid;
	header->parent_pid = state->parent_pid;
	header->start_realtime = vmt_wall_clock();
	header->start_monotonic = vmt_clock();
	header->bucket_ns = FIRST_BUCKET_NS;
	header->maps_kernel = UINT64_MAX;
	state->start_ns = header->start_monotonic;
}

void vmt_publish_whole_header(struct vmt_state *state)
{
	kill_point(state);
	if (state->recording.base)
		*state->recording.header = state->counters;
	kill_point(state);
}

bool vmt_publish_failures_full(const struct vmt_state *state)
{
	const struct vmt_rec_section *section = &state->counters.section[VMT_SECTION_FAILURES];

	return section->used == section->capacity;
}

/* Behind the last element of a section that only grows. */
static void append(struct vmt_state *state, enum vmt_section_id id, const void *record)
{
	struct vmt_rec_section *section = &state->counters.section[id];
	struct vmt_rec_section before = *section;
	void *to = element(state, id, before.used, 1);

	if (to)
		__builtin_memcpy(to, record, before.size);
}

void vmt_publish_failure(struct vmt_state *state, const struct vmt_rec_failure *failure)
{
	append(state, VMT_SECTION_FAILURES, failure);
}

void vmt_publish_mark(struct vmt_state *state, const char *name, size_t length)
{
	const struct vmt_rec_mark mark = {
		.time = vmt_time(state),
		.maps = state->counters.maps_now,
		.name = vmt_publish_string(state, name, length),
		.epoch = ++state->mark_epoch,
	};

	append(state, VMT_SECTION_MARKS, &mark);
}

void vmt_publish_at_mark(struct vmt_state *state, struct vmt_site *site)
{
	const struct vmt_rec_counters *had = &site->counters;
	const struct vmt_rec_mark_value value = {
		.site = site->id,
		.epoch = state->mark_epoch,
		.live = site->live,
		.net = (int64_t)(had->created + had->split - had->merged - had->removed),
		.calls = had->calls,
	};

	if (VMT_LIKELY(site->mark_epoch == state->mark_epoch))
		return;
	site->mark_epoch = state->mark_epoch;
	append(state, VMT_SECTION_MARK_VALUES, &value);
}
