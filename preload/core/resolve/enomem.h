/* SPDX-License-Identifier: MIT */
/* Finds out why a memory call failed. ENOMEM has many causes, and the kernel does not say which. */
#ifndef VMT_ENOMEM_H
#define VMT_ENOMEM_H

#include "core/recording/record.h"
#include "core/vma/change.h"
#include "core/vma/space.h"

#define VMT_UNLIMITED UINT64_MAX

/* The process's resources when the call failed, in bytes; unknown limits are VMT_UNLIMITED. */
struct vmt_resources {
	uint64_t map_limit; /* vm.max_map_count; 0 = unknown */
	uint64_t address_space;
	uint64_t address_space_limit; /* RLIMIT_AS */
	uint64_t data;
	uint64_t data_limit; /* RLIMIT_DATA */
	uint64_t locked;
	uint64_t locked_limit; /* RLIMIT_MEMLOCK */
	/* what the commit limit leaves; VMT_UNLIMITED = there is no such limit */
	uint64_t commit_left;
};

/* Is this error worth finding the cause of? */
bool vmt_enomem_is_wanted(const struct vmt_done *done);

/*
 * maps: the number of all maps before the call, as the kernel counts them. space: the table before
 * or after the call. Sources: mm/mmap.c, mm/vma.c, mm/mremap.c, mm/mlock.c, mm/util.c of Linux
 * 6.18.
 */
enum vmt_reason vmt_enomem_reason(const struct vmt_space *space, const struct vmt_done *done,
				  uint64_t maps, const struct vmt_resources *resources);

#endif
