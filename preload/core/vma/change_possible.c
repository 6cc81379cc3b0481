/* SPDX-License-Identifier: MIT */
/*
 * Which calls can change maps at all, and which may take long. This is asked before every call, so
 * that all other calls are only counted.
 */
#include "core/vma/change.h"

#include <asm/mman.h>
#include <asm/prctl.h>
#include <linux/mman.h>

#include "core/base/uapi.h"

/* The headers of Debian 12 lack these. */
#define ARCH_MAP_VDSO_X32_   0x2001
#define ARCH_MAP_VDSO_64_    0x2003
#define UFFD_IOCTL_TYPE      0xaa
#define UFFDIO_REGISTER_NR   0x00
#define UFFDIO_UNREGISTER_NR 0x01

bool vmt_change_is_flag_advice(long advice)
{
	switch (advice) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE: return true;
	default: return false;
	}
}

static bool is_uffd_ioctl(unsigned long request)
{
	return _IOC_TYPE(request) == UFFD_IOCTL_TYPE &&
	       (_IOC_NR(request) == UFFDIO_REGISTER_NR || _IOC_NR(request) == UFFDIO_UNREGISTER_NR);
}

VMT_HOT bool vmt_change_is_possible(enum vmt_call_id call, const long args[6])
{
	switch (call) {
	case VMT_CALL_NONE:
	case VMT_CALL_CLOSE: return false;
	case VMT_CALL_MADVISE:
		return vmt_change_is_flag_advice(args[2]) || args[2] == MADV_GUARD_INSTALL_;
	case VMT_CALL_PROCESS_MADVISE:
		return vmt_change_is_flag_advice(args[3]) || args[3] == MADV_GUARD_INSTALL_;
	case VMT_CALL_PRCTL: return args[0] == PR_SET_VMA_ || args[0] == PR_SET_MEMORY_MERGE_;
	case VMT_CALL_ARCH_PRCTL:
		return args[0] >= ARCH_MAP_VDSO_X32_ && args[0] <= ARCH_MAP_VDSO_64_;
	case VMT_CALL_IOCTL: return is_uffd_ioctl((unsigned long)args[1]);
	default: return true;
	}
}

VMT_HOT bool vmt_change_is_slow(enum vmt_call_id call, const long args[6])
{
	switch (call) {
	case VMT_CALL_MMAP: return (args[3] & (MAP_POPULATE | MAP_LOCKED)) != 0;
	case VMT_CALL_MLOCK:
	case VMT_CALL_MLOCK2:
	case VMT_CALL_MLOCKALL:
	case VMT_CALL_MUNLOCKALL: return true;
	default: return false;
	}
}
