/* SPDX-License-Identifier: MIT */
/*
 * Why a memory call failed. ENOMEM has six causes and names none of them.
 */
#ifndef VMT_ENOMEM_H
#define VMT_ENOMEM_H

#include "core/recording/record.h"
#include "core/vma/change.h"
#include "core/vma/space.h"

#define VMT_UNLIMITED UINT64_MAX

/* The process's resources at the moment of the failure, bytes; unknown limits are VMT_UNLIMITED. */
struct vmt_resources {
	uint64_t map_limit; /* vm.max_map_count; 0 = unknown */
	uint64_t address_space;
	uint64_t address_space_limit; /* RLIMIT_AS */
	uint64_t data;
	uint64_t data_limit; /* RLIMIT_DATA */
	uint64_t locked;
	uint64_t locked_limit; /* RLIMIT_MEMLOCK */
	uint64_t commit_left; /* what vm.overcommit_memory leaves; VMT_UNLIMITED = does not limit */
};

/* Is the cause of this error worth working out? */
bool vmt_enomem_is_wanted(const struct vmt_done *done);

/*
 * maps: all maps before the call, as the kernel counts them. space: before or after it.
 * Sources: mm/mmap.c, mm/vma.c, mm/mremap.c, mm/mlock.c, mm/util.c of Linux 6.18.
 */
enum vmt_reason vmt_enomem_reason(const struct vmt_space *space, const struct vmt_done *done,
				  uint64_t maps, const struct vmt_resources *resources);

#endif
