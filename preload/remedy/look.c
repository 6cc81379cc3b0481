/* SPDX-License-Identifier: MIT */
/*
 * See look.h. Remedies are for trials, so files are opened for each question, and none stays open.
 */
#include "remedy/look.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "core/base/uapi.h"
#include "os/fd.h"
#include "os/peek.h"
#include "os/sys.h"

/* The headers of Debian 12 lack this. */
struct pm_scan_arg_ { /* struct pm_scan_arg, Linux 6.7 */
	uint64_t size;
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end;
	uint64_t vec;
	uint64_t vec_len;
	uint64_t max_pages;
	uint64_t category_inverted;
	uint64_t category_mask;
	uint64_t category_anyof_mask;
	uint64_t return_mask;
};
#define SCAN           _IOWR('f', 16, struct pm_scan_arg_)
#define SCAN_PRESENT   8u
#define SCAN_SWAPPED   16u
#define SCAN_ZERO_PAGE 32u
#define SCAN_GUARD     256u /* Linux 6.15 */

#define READ_MAX (UINT64_C(64) << 10)

static long ask(const char *path, unsigned long what, void *argument)
{
	int fd = vmt_fd_open(path, O_RDONLY | O_CLOEXEC, 0);
	long ret;

	if (fd < 0)
		return fd;
	ret = vmt_sys3(SYS_ioctl, fd, what, argument);
	vmt_sys1(SYS_close, fd);
	return ret;
}

bool vmt_look_at(uint64_t addr, struct vmt_look *ret_look)
{
	struct vmt_procmap_query query = { .size = sizeof(query), .query_addr = addr };

	if (ask("/proc/self/maps", VMT_PROCMAP_QUERY, &query) || query.inode ||
	    query.vma_flags & VMT_QUERY_SHARED)
		return false;
	*ret_look = (struct vmt_look){ .start = query.vma_start, .end = query.vma_end };
	ret_look->prot = (query.vma_flags & VMT_QUERY_READ ? PROT_READ : 0) |
			 (query.vma_flags & VMT_QUERY_WRITE ? PROT_WRITE : 0) |
			 (query.vma_flags & VMT_QUERY_EXEC ? PROT_EXEC : 0);
	return true;
}

/*
 * Is there a page in the range for which none of the marks in else_true is true? Returns 1, 0 or
 * -errno.
 */
static long scan_for(struct vmt_range range, uint64_t else_true)
{
	struct pm_scan_arg_ scan = {
		.size = sizeof(scan),
		.start = range.start,
		.end = range.end,
		.max_pages = 1,
		.category_inverted = else_true,
		.category_mask = else_true,
		.category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED,
		.return_mask = SCAN_PRESENT,
	};
	uint64_t region[3];

	scan.vec = (uint64_t)(uintptr_t)region;
	scan.vec_len = 1;
	return ask("/proc/self/pagemap", SCAN, &scan);
}

/* Are there no pages in the range except guards, and pages of zeroes that were only read? */
static bool has_no_page(struct vmt_range range)
{
	long ret = scan_for(range, SCAN_ZERO_PAGE | SCAN_GUARD);

	return ret == 0 || (ret < 0 && scan_for(range, SCAN_ZERO_PAGE) == 0);
}

/*
 * A huge page also holds zeroes where nobody has written. The pages are read by a system call, so
 * that a fault does no harm.
 */
static bool has_only_zeroes(struct vmt_range range)
{
	uint64_t words[16];
	long pid = vmt_sys0(SYS_getpid);

	if (range.end - range.start > READ_MAX)
		return false;
	for (uint64_t at = range.start; at < range.end; at += sizeof(words)) {
		if (vmt_peek(pid, at, words, sizeof(words)) != (long)sizeof(words))
			return false;
		for (size_t i = 0; i < VMT_COUNT(words); i++) {
			if (words[i])
				return false;
		}
	}
	return true;
}

bool vmt_look_is_untouched(struct vmt_range range)
{
	return has_no_page(range) || has_only_zeroes(range);
}
