/* SPDX-License-Identifier: MIT */
/*
 * As long as a private map of a file has never been written to, fork does not copy the entries of
 * its pages. For a map with jumps of ours it copies all that are there: 340 for libc, since its text
 * has been searched for call sites, which is a sixth of the time of a fork and exit. Those that were
 * only read, then and while the program started, are given back. See unread.h.
 */
#include "patch/unread.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "os/shim.h"
#include "os/signals.h"
#include "os/sys.h"

/* /proc/PID/pagemap has a word for each page (Documentation/admin-guide/mm/pagemap.rst). */
#define PRESENT (UINT64_C(1) << 63)
#define OF_FILE (UINT64_C(1) << 61)

static VMT_DATA struct vmt_range noted[8] = { { 0, 0 } };
static VMT_DATA unsigned noted_count = 0;

static bool is_as_in_file(uint64_t word)
{
	return (word & (PRESENT | OF_FILE)) == (PRESENT | OF_FILE);
}

static void give_back(const uint64_t *word, uint64_t count, uint64_t start)
{
	uint64_t length;

	for (uint64_t i = 0; i < count; i += length + 1) {
		length = 0;
		while (i + length < count && is_as_in_file(word[i + length]))
			length++;
		if (length)
			vmt_sys3(SYS_madvise, start + i * VMT_PAGE_SIZE, length * VMT_PAGE_SIZE,
				 MADV_DONTNEED);
	}
}

static void unread(int fd, struct vmt_range map)
{
	uint64_t word[128];

	for (uint64_t at = map.start; at < map.end;) {
		long ret = vmt_sys4(SYS_pread64, fd, word, sizeof(word),
				    at / VMT_PAGE_SIZE * sizeof(word[0]));
		uint64_t count = (uint64_t)ret / sizeof(word[0]);

		if (vmt_sys_failed(ret) || !count)
			break;
		if (count > (map.end - at) / VMT_PAGE_SIZE)
			count = (map.end - at) / VMT_PAGE_SIZE;
		give_back(word, count, at);
		at += count * VMT_PAGE_SIZE;
	}
}

void vmt_unread_note(struct vmt_range map)
{
	if (noted_count < VMT_COUNT(noted))
		noted[noted_count++] = map;
}

void vmt_unread_once(void)
{
	struct vmt_signals signals;
	long fd;

	if (!noted_count)
		return;
	signals = vmt_signals_hold();
	fd = vmt_sys4(SYS_openat, AT_FDCWD, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0);
	if (!vmt_sys_failed(fd)) {
		for (unsigned i = 0; i < noted_count; i++)
			unread((int)fd, noted[i]);
		vmt_sys1(SYS_close, fd);
	}
	vmt_signals_release(&signals);
	noted_count = 0;
}
