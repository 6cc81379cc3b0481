/* SPDX-License-Identifier: MIT */
/*
 * Device and inode of a map are those that fstat tells of the file, on ordinary file systems; on
 * btrfs and on some overlays they are not. So the first file of each device is looked up in the
 * kernel's list too, and only where the two agreed is fstat believed from then on. Called under the
 * lock, while the program waits for its mmap: the descriptor is still the one that was mapped.
 */
#include "device.h"

#include <linux/errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "ask.h"
#include "state.h"
#include "sys.h"

#define BLOCK_MAX 65536	/* hugetlbfs: a block is a huge page, and so is the unit of maps */

static struct vmt_device *find(struct vmt_state *state, dev_t number)
{
	for (unsigned i = 0; i < VMT_DEVICES_MAX; i++) {
		struct vmt_device *device = &state->devices[i];

		if (!device->is_used)
			*device = (struct vmt_device){ .number = number, .is_used = true };
		if (device->number == number)
			return device;
	}
	return NULL;
}

static bool is_as_expected(const struct vmt_look *asked, const struct vmt_look *look)
{
	return vmt_look_same(asked, look);
}

/* The first file of a device: ask, and remember whether fstat said the same. */
static int compare(struct vmt_state *state, struct vmt_device *device, struct vmt_look *look)
{
	struct vmt_look asked;
	int ret = vmt_ask_look(state, look->start, &asked);

	if (ret)
		return ret;
	device->is_compared = true;
	device->agrees = is_as_expected(&asked, look);
	return device->agrees ? 0 : -EXDEV;
}

int vmt_device_file(void *context, int fd, struct vmt_look *look)
{
	struct vmt_state *state = context;
	struct vmt_device *device;
	struct stat st;

	if (state->no_asking)
		return -EPERM;
	if (vmt_sys_failed(vmt_sys2(SYS_fstat, fd, &st)) || !S_ISREG(st.st_mode) ||
	    st.st_blksize > BLOCK_MAX)
		return -ENOENT;
	device = find(state, st.st_dev);
	if (!device || (device->is_compared && !device->agrees))
		return -ENOENT;
	look->inode = st.st_ino;
	look->dev_major = gnu_dev_major(st.st_dev);
	look->dev_minor = gnu_dev_minor(st.st_dev);
	if (!device->is_compared)
		return compare(state, device, look);
	state->counters.asked_files++;
	return 0;
}
