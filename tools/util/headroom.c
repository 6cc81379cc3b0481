/* SPDX-License-Identifier: MIT */
/* Room is measured by asking the kernel for it, and giving it back. See headroom.h. */
#include "util/headroom.h"

#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* A file of 1.3 MB with compressed sections of 2.5 MB took 10 MB with elfutils 0.188. */
#define TIMES_THE_FILE 12u
#define AT_LEAST       (UINT64_C(512) << 10)

static bool was_short;

static bool is_limited(__rlimit_resource_t resource)
{
	struct rlimit limit;

	return !getrlimit(resource, &limit) && limit.rlim_cur != RLIM_INFINITY;
}

static bool can_map(size_t bytes)
{
	void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return map != MAP_FAILED && !munmap(map, bytes);
}

bool vmt_headroom_is_enough(uint64_t bytes)
{
	if (!is_limited(RLIMIT_AS) && !is_limited(RLIMIT_DATA))
		return true;
	if (bytes < SIZE_MAX / (2 * TIMES_THE_FILE) && can_map(bytes * TIMES_THE_FILE + AT_LEAST))
		return true;
	was_short = true;
	return false;
}

bool vmt_headroom_was_short(void)
{
	return was_short;
}
