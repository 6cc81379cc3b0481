/* SPDX-License-Identifier: MIT */
/*
 * Three ways of asking the kernel what is mapped: the PROCMAP_QUERY ioctl (Linux 6.11), an mremap
 * that is bound to fail, and the text of /proc/self/maps. This is small on purpose, and shares no
 * code with what it tests.
 */
#include "model.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/vma/mapsline.h"
#include "os/sys.h"

#define COVERING_OR_NEXT 0x10u
#define TOO_LONG         UINT64_C(0x7fffffff0000) /* with page tables of four levels */
/* with page tables of five levels; other kernels may refuse this length as such */
#define TOO_LONG_FOR_5 UINT64_C(0xffffffffff0000)

/* linux/fs.h since 6.11; Debian 12's is older. */
struct query {
	uint64_t size;
	uint64_t flags;
	uint64_t addr;
	uint64_t start;
	uint64_t end;
	uint64_t vma_flags;
	uint64_t page_size;
	uint64_t offset;
	uint64_t inode;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint32_t name_size;
	uint32_t build_id_size;
	uint64_t name_addr;
	uint64_t build_id_addr;
};

#define QUERY _IOWR('f', 17, struct query)

static int maps_fd = -1;
static struct text walked;

static int query_at(uint64_t addr, uint64_t flags, struct vmt_vma *ret_vma)
{
	struct query query = { .size = sizeof(query), .flags = flags, .addr = addr };
	long ret = vmt_sys3(SYS_ioctl, maps_fd, QUERY, &query);

	if (vmt_sys_failed(ret))
		return (int)ret;
	*ret_vma = (struct vmt_vma){
		.start = query.start,
		.end = query.end,
		.offset = query.offset,
		.inode = query.inode,
		.dev = vmt_vma_dev(query.dev_major, query.dev_minor),
		.flags = (uint32_t)query.vma_flags & VMT_MAP_VISIBLE,
	};
	return 0;
}

static int query_walk(void *context, struct vmt_range range, struct vmt_outcome *outcome)
{
	struct vmt_vma vma;
	uint64_t at = range.start;
	int ret = 0;

	(void)context;
	figures.walks++;
	while (at < range.end) {
		ret = query_at(at, COVERING_OR_NEXT, &vma);
		if (ret || vma.start >= range.end)
			break;
		vmt_outcome_append(outcome, &vma);
		at = vma.end;
	}
	return ret == -ENOENT ? 0 : ret;
}

static int query_boundary(void *context, const struct vmt_vma *right)
{
	struct vmt_vma vma;
	int ret = query_at(right->start, 0, &vma);

	(void)context;
	figures.questions++;
	if (ret)
		return ret;
	return vma.start == right->start;
}

static int probe_boundary(void *context, const struct vmt_vma *right)
{
	long ret = vmt_sys4(SYS_mremap, right->start - PAGE, 2 * PAGE, TOO_LONG_FOR_5, 0);

	(void)context;
	if (ret == -EINVAL)
		ret = vmt_sys4(SYS_mremap, right->start - PAGE, 2 * PAGE, TOO_LONG, 0);
	figures.questions++;
	if (ret == -EFAULT)
		return 1;
	return ret == -ENOMEM || ret == -EAGAIN ? 0 : -EIO;
}

static int text_walk(void *context, struct vmt_range range, struct vmt_outcome *outcome)
{
	(void)context;
	figures.walks++;
	text_read(&walked);
	for (size_t i = 0; i < walked.count; i++)
		if (walked.vma[i].end > range.start && walked.vma[i].start < range.end)
			vmt_outcome_append(outcome, &walked.vma[i]);
	return 0;
}

static int text_boundary(void *context, const struct vmt_vma *right)
{
	(void)context;
	(void)right;
	figures.questions++;
	return -ENOSYS;
}

static void die(const char *what)
{
	dprintf(2, "model_vs_kernel: %s: %s\n", what, strerror(errno));
	exit(3);
}

void ways_open(enum way way, struct vmt_kernel_ops *ret_ops)
{
	if (maps_fd >= 0)
		close(maps_fd);
	maps_fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	if (maps_fd < 0)
		die("/proc/self/maps");
	*ret_ops = (struct vmt_kernel_ops){ .walk = text_walk, .boundary = text_boundary };
	if (way == WAY_AUTO)
		way = ways_can_query() ? WAY_QUERY : WAY_PROBE;
	if (way == WAY_QUERY)
		*ret_ops =
			(struct vmt_kernel_ops){ .walk = query_walk, .boundary = query_boundary };
	if (way == WAY_PROBE)
		ret_ops->boundary = probe_boundary;
}

bool ways_can_query(void)
{
	struct vmt_vma vma;

	return query_at(0, COVERING_OR_NEXT, &vma) == 0;
}

static size_t read_all(char *bytes, size_t size)
{
	size_t used = 0;
	ssize_t got;

	if (lseek(maps_fd, 0, SEEK_SET))
		die("/proc/self/maps");
	while ((got = read(maps_fd, bytes + used, size - used)) > 0)
		used += (size_t)got;
	if (got < 0 || used == size)
		die("/proc/self/maps");
	return used;
}

void text_read(struct text *text)
{
	static char bytes[1 << 20];
	const char *end = bytes + read_all(bytes, sizeof(bytes));
	struct vmt_mapsline line;

	text->count = 0;
	for (const char *at = bytes; at < end;) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (!stop || text->count == TEXT_MAX ||
		    vmt_mapsline_parse(at, (size_t)(stop - at), &line)) {
			errno = EBADMSG;
			die("/proc/self/maps");
		}
		if (!vmt_mapsline_is_vsyscall(&line))
			text->vma[text->count++] = line.vma;
		at = stop + 1;
	}
}
