/* SPDX-License-Identifier: MIT */
/*
 * In a file, blocks are allocated before they are used, since a page without a block would raise
 * SIGBUS on a full disk. Sizes are checked first, since the kernel kills for a size beyond
 * RLIMIT_FSIZE. See recording.h.
 */
#include "store/recording.h"

#include <fcntl.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "filter/filter.h"
#include "kernel/ask.h"
#include "kernel/mapsfile.h"
#include "kernel/name.h"
#include "os/fd.h"
#include "os/signals.h"
#include "own/memory.h"

#define NAME_TRIES   100u
#define IMAGES_MOST  (UINT64_C(1) << 31)
#define FIRST_LENGTH (UINT64_C(128) * 1024) /* a file's; it has no blocks for what is not used */
#define FIRST_BLOCKS (UINT64_C(48) * 1024) /* what a small process uses */

#ifdef VMT_KILL_POINTS
void vmt_recording_kill_point(struct vmt_state *state)
{
	if (state->recording_file.kill_at && --state->recording_file.kill_at == 0)
		vmt_sys2(SYS_kill, vmt_sys0(SYS_getpid), SIGKILL);
}
#endif

bool vmt_recording_may_be(uint64_t size)
{
	struct rlimit limit;

	/* Beyond RLIMIT_FSIZE, ftruncate raises SIGXFSZ, even on a memfd. */
	if (vmt_sys_failed(vmt_sys4(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, &limit)))
		return false;
	return limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= size;
}

/*
 * The file has a temporary name until it is valid, since every *.vmt can be read. It contains the
 * command line, so it is for its owner only. A file that exists already belongs to somebody else.
 */
static int open_in_dir(struct vmt_state *state)
{
	struct vmt_recording *recording = &state->recording;
	int fd = -EEXIST;

	for (unsigned i = 0; i < NAME_TRIES && fd == -EEXIST; i++) {
		if (!vmt_name_temporary(state, i, state->recording_file.path,
					sizeof(state->recording_file.path)))
			return -ENAMETOOLONG;
		fd = vmt_fd_open(state->recording_file.path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
				 0600);
	}
	recording->is_file = fd >= 0;
	return fd;
}

static int open_file(struct vmt_state *state)
{
	state->counters.image = 1;
	state->recording.is_file = false;
	if (state->options.dir[0])
		return open_in_dir(state);

	long fd = vmt_sys2(SYS_memfd_create, "vmatrace", MFD_CLOEXEC);

	return vmt_sys_failed(fd) ? (int)fd : vmt_fd_raise((int)fd);
}

/* rename(2) without replacing; by a link where the file system cannot do that (NFS). */
static int move_to_free(const char *from, const char *to)
{
	long ret = vmt_filter_own6(SYS_renameat2, AT_FDCWD, (long)from, AT_FDCWD, (long)to,
				   RENAME_NOREPLACE, 0);

	if (ret != -EINVAL && ret != -ENOSYS)
		return (int)ret;
	ret = vmt_sys2(SYS_link, from, to);
	if (!vmt_sys_failed(ret))
		vmt_sys1(SYS_unlink, from);
	return (int)ret;
}

static bool is_taken(struct vmt_state *state, uint64_t image)
{
	struct stat st;

	return vmt_name_recording(state, image, state->recording_file.path,
				  sizeof(state->recording_file.path)) &&
	       !vmt_sys_failed(vmt_sys4(SYS_newfstatat, AT_FDCWD, state->recording_file.path, &st,
					AT_SYMLINK_NOFOLLOW));
}

/*
 * Find a free number after one that is taken. Thousands may be taken (by a shell script that execs
 * itself in a loop, or one pid in thousands of containers), so they are not tried one by one.
 */
static uint64_t find_free(struct vmt_state *state, uint64_t taken)
{
	uint64_t free = taken + 1;

	while (free < IMAGES_MOST && is_taken(state, free)) {
		taken = free;
		free *= 2;
	}
	while (free - taken > 1) {
		uint64_t middle = taken + (free - taken) / 2;

		if (is_taken(state, middle))
			taken = middle;
		else
			free = middle;
	}
	return free;
}

static int name_image(struct vmt_state *state, const char *was, uint64_t image)
{
	if (!vmt_name_recording(state, image, state->recording_file.path,
				sizeof(state->recording_file.path)))
		return -ENAMETOOLONG;
	state->counters.image = (uint32_t)image;
	state->recording.header->image = (uint32_t)image;
	return move_to_free(was, state->recording_file.path);
}

int vmt_recording_name(struct vmt_state *state)
{
	struct vmt_recording *recording = &state->recording;
	char was[sizeof(state->recording_file.path)];
	uint64_t image = 1;
	int ret;

	if (!recording->base || !recording->is_file)
		return 0;
	__builtin_memcpy(was, state->recording_file.path, sizeof(was));
	ret = name_image(state, was, image);
	/* other processes may be looking, too */
	for (unsigned i = 0; i < NAME_TRIES && ret == -EEXIST; i++) {
		image = find_free(state, image);
		ret = name_image(state, was, image);
	}
	if (ret)
		vmt_sys1(SYS_unlink, was);
	return ret;
}

/*
 * For a file system that cannot allocate, or a descriptor that the program has closed: by writing.
 */
static int populate(const struct vmt_recording *recording, uint64_t offset, uint64_t length)
{
	uint64_t start = vmt_page_down(offset);
	uint64_t end = vmt_page_up(offset + length);
	long ret;

	if (!recording->base) /* the header, before it is mapped */
		return 0;
	ret = vmt_sys3(SYS_madvise, recording->base + start, end - start, MADV_POPULATE_WRITE);
	return ret == -EFAULT ? -ENOSPC :
				0; /* it would have been a SIGBUS; -EINVAL before Linux 5.14 */
}

int vmt_recording_descriptor(const struct vmt_state *state)
{
	struct vmt_fd again;

	if (vmt_fd_is_ours(&state->recording_file.fd))
		return state->recording_file.fd.number;
	if (!state->recording.is_file)
		return -EBADF;
	again = vmt_fd_note(vmt_fd_open(state->recording_file.path, O_RDWR | O_NOFOLLOW, 0));
	if (again.number < 0)
		return -ENOENT;
	if (again.device == state->recording_file.fd.device &&
	    again.inode == state->recording_file.fd.inode)
		return again.number;
	vmt_sys1(SYS_close, again.number);
	return -ENOENT;
}

void vmt_recording_put_back(const struct vmt_state *state, int fd)
{
	if (fd >= 0 && fd != state->recording_file.fd.number)
		vmt_sys1(SYS_close, fd);
}

void vmt_recording_keep(struct vmt_state *state)
{
	if (state->recording.base && state->recording.is_file &&
	    state->recording_file.fd.number < 0)
		state->recording_file.fd = vmt_fd_note(vmt_recording_descriptor(state));
}

/*
 * A mapped file needs no descriptor any more. A memfd has no name, and is found by its descriptor.
 */
static void give_back(struct vmt_state *state)
{
	struct vmt_fd *fd = &state->recording_file.fd;

	if (state->recording.is_file) {
		vmt_sys1(SYS_close, fd->number);
		fd->number = -1;
	} else {
		fd->number = vmt_fd_put_aside(fd->number);
	}
}

/* Under a seccomp filter we may make no call: a full disk is not survived then. */
int vmt_recording_allocate(struct vmt_state *state, uint64_t offset, uint64_t length)
{
	const struct vmt_recording *recording = &state->recording;
	struct vmt_signals signals;
	long ret;
	int fd;

	if (!recording->is_file)
		return 0;
	signals = vmt_signals_hold();
	fd = vmt_recording_descriptor(state);
	ret = fd;
	if (fd >= 0)
		ret = vmt_sys4(SYS_fallocate, fd, 0, offset, length);
	vmt_recording_put_back(state, fd);
	vmt_signals_release(&signals);
	if (ret == -EBADF || ret == -ENOENT || ret == -EOPNOTSUPP || ret == -EINVAL ||
	    ret == -EPERM)
		return populate(recording, offset, length);
	return (int)ret;
}

uint64_t vmt_recording_whole_pages(const struct vmt_rec_section *section, uint64_t bytes)
{
	uint64_t most = section->capacity * section->size;

	bytes = vmt_page_up(section->offset + bytes) - section->offset;
	return bytes < most ? bytes : most;
}

/*
 * Allocate the beginning of the file in one step, since each step opens the file again. Without
 * blocks for all of it, the header's page has to do.
 */
static int allocate_first(struct vmt_state *state)
{
	const struct vmt_rec_section *section = state->counters.section;
	uint64_t length =
		state->recording.length < FIRST_BLOCKS ? state->recording.length : FIRST_BLOCKS;

	if (!state->recording.is_file)
		return 0;
	if (vmt_sys_failed(vmt_sys4(SYS_fallocate, state->recording_file.fd.number, 0, 0, length)))
		return vmt_recording_allocate(state, 0, VMT_PAGE_SIZE);
	for (unsigned i = 0; i < VMT_SECTION_COUNT; i++)
		if (section[i].offset < length)
			state->recording.ready[i] =
				vmt_recording_whole_pages(&section[i], length - section[i].offset);
	return 0;
}

static int map_file(struct vmt_state *state)
{
	struct vmt_recording *recording = &state->recording;
	uint64_t size =
		vmt_page_up(recording->is_file ? recording->length : state->counters.file_size);
	long ret = vmt_sys2(SYS_ftruncate, state->recording_file.fd.number, recording->length);

	if (!vmt_sys_failed(ret))
		ret = allocate_first(state);
	if (vmt_sys_failed(ret))
		return (int)ret;
	ret = vmt_filter_own6(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_SHARED,
			      state->recording_file.fd.number, 0);
	if (vmt_sys_failed(ret))
		return (int)ret;
	recording->base = (unsigned char *)ret;
	recording->header = (struct vmt_rec_header *)ret;
	recording->size = size;
	/*
	 * Reading ahead makes no sense here: the kernel would read megabytes at each first touch.
	 */
	if (recording->is_file)
		vmt_sys3(SYS_madvise, recording->base, size, MADV_RANDOM);
	return 0;
}

/* A fork child's own recording will soon contain what it has inherited. */
static void count_wanted(const struct vmt_state *state, uint64_t wanted[VMT_SECTION_COUNT])
{
	for (unsigned i = 0; i < VMT_SECTION_COUNT; i++)
		wanted[i] = 0;
	wanted[VMT_SECTION_STRINGS] = state->counters.section[VMT_SECTION_STRINGS].used;
	wanted[VMT_SECTION_FRAMES] = state->counters.section[VMT_SECTION_FRAMES].used;
	wanted[VMT_SECTION_MODULES] = state->modules.count;
	wanted[VMT_SECTION_SITES] = state->sites.count;
	wanted[VMT_SECTION_RANGES] = state->space.count;
}

/*
 * A size that the user asked for is used in full; where no call can be made later, the size is the
 * most that may ever be needed. The length of a memfd is visible to nobody, so it is large enough
 * from the start.
 */
static void lay_out(struct vmt_state *state)
{
	struct vmt_rec_header *header = &state->counters;
	struct vmt_recording *recording = &state->recording;
	uint64_t wanted[VMT_SECTION_COUNT];
	uint64_t whole;

	count_wanted(state, wanted);
	whole = vmt_layout_sections(state->options.max_maps, state->options.max_sites,
				    state->options.max_size << 20, header->section);
	for (unsigned i = 0; i < VMT_SECTION_COUNT; i++)
		state->growth.most[i] = header->section[i].capacity;
	header->file_size = whole;
	if (vmt_recording_may_grow() && !state->options.max_size)
		header->file_size = vmt_layout_first(wanted, header->section);
	recording->length = header->file_size;
	if (!state->options.dir[0] && vmt_recording_may_be(2 * whole))
		recording->length = 2 * whole;
	if (state->options.dir[0] && !state->options.max_size && recording->length < FIRST_LENGTH &&
	    vmt_recording_may_be(FIRST_LENGTH))
		recording->length = FIRST_LENGTH;
}

bool vmt_recording_may_grow(void)
{
	const long any[6] = { 0 };

	return vmt_filter_is_open() ||
	       (vmt_filter_may(SYS_mremap, any) && vmt_filter_may(SYS_munmap, any) &&
		vmt_filter_may(SYS_ftruncate, any) && vmt_filter_may(SYS_fallocate, any));
}

/* For when a filter may forbid making files: a recording for the report of this process only. */
static int map_private(struct vmt_state *state)
{
	struct vmt_recording *recording = &state->recording;

	recording->size = vmt_page_up(recording->length);
	recording->base = vmt_memory_map(recording->size);
	recording->header = (struct vmt_rec_header *)recording->base;
	recording->is_file = false;
	state->recording_file.fd.number = -1;
	return recording->base ? 0 : -ENOMEM;
}

static bool may_be_file(void)
{
	const long any[6] = { 0 };

	return vmt_filter_is_open() ||
	       (vmt_filter_may(SYS_memfd_create, any) && vmt_filter_may(SYS_ftruncate, any) &&
		vmt_filter_may(SYS_fcntl, any));
}

int vmt_recording_open(struct vmt_state *state)
{
	struct vmt_recording *recording = &state->recording;
	int ret;

	recording->base = NULL;
	recording->is_lost = false;
	state->publish.bucket_end = 0; /* the bucket was in the older recording */
	lay_out(state);
	if (!vmt_recording_may_be(recording->length))
		return -EFBIG;
	__builtin_memset(recording->ready, 0, sizeof(recording->ready));
	recording->full = 0;
	state->growth.map_count = 0;
	state->growth.part_count = 0;
	if (!may_be_file())
		return map_private(state);
	ret = open_file(state);
	if (ret < 0)
		return ret;
	state->recording_file.fd = vmt_fd_note(ret);
	ret = map_file(state);
	if (ret) {
		vmt_fd_close(&state->recording_file.fd);
		if (recording->is_file)
			vmt_sys1(SYS_unlink, state->recording_file.path);
		return ret;
	}
	give_back(state);
	return 0;
}

/* For a file whose name was removed, the kernel says so in the list of maps. */
bool vmt_recording_is_gone(struct vmt_state *state)
{
	static const char gone[] = " (deleted)";
	char path[sizeof(state->recording_file.path) + sizeof(gone)];
	uint8_t build_id[VMT_BUILD_ID_MAX];
	uint32_t build_id_length;
	size_t length;

	if (!state->recording.base || !state->recording.is_file)
		return false;
	length = vmt_ask_name(state, (uint64_t)(uintptr_t)state->recording.base, path, sizeof(path),
			      build_id, &build_id_length);
	vmt_mapsfile_done();
	return length > sizeof(gone) && length < sizeof(path) &&
	       __builtin_memcmp(path + length - sizeof(gone) + 1, gone, sizeof(gone) - 1) == 0;
}
