/* SPDX-License-Identifier: MIT */
/*
 * On ordinary file systems, fstat returns the device and inode that the list of maps shows; on
 * btrfs and on some overlays it does not. So the first file of each device is compared with the
 * kernel's list, and fstat is trusted only if the two agree. Called under the lock, while the
 * program waits for its mmap, so the descriptor is still the one that was mapped.
 */
#include "kernel/file_id.h"

#include <fcntl.h>
#include <linux/errno.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include "kernel/ask.h"
#include "os/sys.h"
#include "state/state.h"

/* File systems whose mmap sets no flag, and no operation that keeps maps from merging. */
static bool is_ordinary(const struct statfs *fs)
{
	static const long types[] = { EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,     BTRFS_SUPER_MAGIC,
				      TMPFS_MAGIC,      F2FS_SUPER_MAGIC,    OVERLAYFS_SUPER_MAGIC,
				      SQUASHFS_MAGIC,   EROFS_SUPER_MAGIC_V1 };

	for (unsigned i = 0; i < VMT_COUNT(types); i++)
		if (fs->f_type == types[i])
			return true;
	return false;
}

static struct vmt_file_id *find(struct vmt_state *state, dev_t number)
{
	for (unsigned i = 0; i < VMT_DEVICES_MAX; i++) {
		struct vmt_file_id *device = &state->kernel.device[i];

		if (!device->is_used)
			*device = (struct vmt_file_id){ .number = number, .is_used = true };
		if (device->number == number)
			return device;
	}
	return NULL;
}

static bool is_as_expected(const struct vmt_vma *asked, const struct vmt_vma *vma)
{
	return vmt_vma_same(asked, vma);
}

static void set_file(struct vmt_vma *vma, uint64_t device, uint64_t inode)
{
	vma->inode = inode;
	vma->dev = vmt_file_id_dev(device);
}

long vmt_file_id_look(struct vmt_state *state, int fd, struct stat *ret_st)
{
	long ret = vmt_sys2(SYS_fstat, fd, ret_st);

	if (!vmt_sys_failed(ret))
		state->kernel.looked = (struct vmt_looked){
			.is_known = true,
			.fd = fd,
			.device = ret_st->st_dev,
			.inode = ret_st->st_ino,
			.is_plain = S_ISREG(ret_st->st_mode) && !vmt_file_id_has_huge_pages(ret_st),
		};
	return ret;
}

void vmt_file_id_forget(struct vmt_state *state)
{
	VMT_RESET(state->kernel.looked.is_known, false);
}

void vmt_file_id_start(struct vmt_state *state)
{
	struct vmt_file_id *device;
	struct vmt_vma vma;
	struct statfs fs;
	struct stat st;

	if (vmt_sys_failed(vmt_sys4(SYS_newfstatat, AT_FDCWD, "/proc/self/exe", &st, 0)))
		return;
	set_file(&vma, st.st_dev, st.st_ino);
	for (struct vmt_map *map = vmt_space_first(&state->space); map; map = vmt_space_next(map)) {
		if (!vmt_vma_same_file(&map->vma, &vma))
			continue;
		device = find(state, st.st_dev);
		device->is_compared = true;
		device->agrees = true;
		device->is_ordinary =
			!vmt_sys_failed(vmt_sys2(SYS_statfs, "/proc/self/exe", &fs)) &&
			is_ordinary(&fs);
		return;
	}
}

/* The first file of a device: ask the kernel, and remember whether fstat agrees. */
static int compare(struct vmt_state *state, struct vmt_file_id *device, struct vmt_vma *vma)
{
	struct vmt_vma asked;
	int ret = vmt_ask_vma(state, vma->start, &asked);

	if (ret)
		return ret;
	device->is_compared = true;
	device->agrees = is_as_expected(&asked, vma);
	return device->agrees ? device->is_ordinary : -EXDEV;
}

static int identify(struct vmt_state *state, int fd, struct vmt_vma *vma)
{
	const struct vmt_looked *looked = &state->kernel.looked;
	struct vmt_file_id *device;
	struct statfs fs;
	struct stat st;

	if (!(looked->is_known && looked->fd == fd) &&
	    vmt_sys_failed(vmt_file_id_look(state, fd, &st)))
		return -ENOENT;
	if (!looked->is_plain)
		return -ENOENT;
	device = find(state, looked->device);
	if (device && !device->is_compared && !vmt_sys_failed(vmt_sys2(SYS_fstatfs, fd, &fs)))
		device->is_ordinary = is_ordinary(&fs);
	if (!device || (device->is_compared && !device->agrees))
		return -ENOENT;
	set_file(vma, looked->device, looked->inode);
	if (!device->is_compared)
		return compare(state, device, vma);
	state->counters.asked_files++;
	state->publish.files_are_behind = true;
	return device->is_ordinary;
}

int vmt_file_id_file(void *context, int fd, struct vmt_vma *vma)
{
	struct vmt_state *state = context;
	int is_ordinary = identify(state, fd, vma);

	state->kernel.ordinary_files += is_ordinary == 1;
	return is_ordinary;
}
