/* SPDX-License-Identifier: MIT */
/*
 * Names and numbers of the memory calls. The numbers are written out because the core sees no
 * system headers, and because a C library's headers are often older than the kernel it runs on
 * (mseal: Linux 6.10). The library uses this file for every call, the tools use it to print
 * recordings.
 */
#include "core/base/calls.h"

static const char *const names[VMT_CALL_COUNT] = {
	[VMT_CALL_NONE] = "none",
	[VMT_CALL_MMAP] = "mmap",
	[VMT_CALL_MUNMAP] = "munmap",
	[VMT_CALL_MPROTECT] = "mprotect",
	[VMT_CALL_PKEY_MPROTECT] = "pkey_mprotect",
	[VMT_CALL_MREMAP] = "mremap",
	[VMT_CALL_BRK] = "brk",
	[VMT_CALL_MADVISE] = "madvise",
	[VMT_CALL_PROCESS_MADVISE] = "process_madvise",
	[VMT_CALL_MLOCK] = "mlock",
	[VMT_CALL_MLOCK2] = "mlock2",
	[VMT_CALL_MUNLOCK] = "munlock",
	[VMT_CALL_MLOCKALL] = "mlockall",
	[VMT_CALL_MUNLOCKALL] = "munlockall",
	[VMT_CALL_MBIND] = "mbind",
	[VMT_CALL_SET_MEMPOLICY_HOME_NODE] = "set_mempolicy_home_node",
	[VMT_CALL_MSEAL] = "mseal",
	[VMT_CALL_SHMAT] = "shmat",
	[VMT_CALL_SHMDT] = "shmdt",
	[VMT_CALL_REMAP_FILE_PAGES] = "remap_file_pages",
	[VMT_CALL_IO_SETUP] = "io_setup",
	[VMT_CALL_IO_DESTROY] = "io_destroy",
	[VMT_CALL_MAP_SHADOW_STACK] = "map_shadow_stack",
	[VMT_CALL_PRCTL] = "prctl",
	[VMT_CALL_ARCH_PRCTL] = "arch_prctl",
	[VMT_CALL_IOCTL] = "ioctl",
	[VMT_CALL_CLOSE] = "close",
};

#define NR_MAX 512

static const uint8_t call_of_nr[NR_MAX] = {
	[3] = VMT_CALL_CLOSE,
	[9] = VMT_CALL_MMAP,
	[10] = VMT_CALL_MPROTECT,
	[11] = VMT_CALL_MUNMAP,
	[12] = VMT_CALL_BRK,
	[16] = VMT_CALL_IOCTL,
	[25] = VMT_CALL_MREMAP,
	[28] = VMT_CALL_MADVISE,
	[30] = VMT_CALL_SHMAT,
	[67] = VMT_CALL_SHMDT,
	[149] = VMT_CALL_MLOCK,
	[150] = VMT_CALL_MUNLOCK,
	[151] = VMT_CALL_MLOCKALL,
	[152] = VMT_CALL_MUNLOCKALL,
	[157] = VMT_CALL_PRCTL,
	[158] = VMT_CALL_ARCH_PRCTL,
	[206] = VMT_CALL_IO_SETUP,
	[207] = VMT_CALL_IO_DESTROY,
	[216] = VMT_CALL_REMAP_FILE_PAGES,
	[237] = VMT_CALL_MBIND,
	[325] = VMT_CALL_MLOCK2,
	[329] = VMT_CALL_PKEY_MPROTECT,
	[440] = VMT_CALL_PROCESS_MADVISE,
	[450] = VMT_CALL_SET_MEMPOLICY_HOME_NODE,
	[453] = VMT_CALL_MAP_SHADOW_STACK,
	[462] = VMT_CALL_MSEAL,
};

const char *vmt_calls_name(uint32_t id)
{
	return id < VMT_CALL_COUNT ? names[id] : "?";
}

enum vmt_call_id vmt_calls_of_nr(long nr)
{
	if (nr < 0 || nr >= NR_MAX)
		return VMT_CALL_NONE;
	return (enum vmt_call_id)call_of_nr[nr];
}
