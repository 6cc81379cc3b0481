/* SPDX-License-Identifier: MIT */
/*
 * The system calls that can change a process's maps. Recordings store these identifiers, so they
 * are never renumbered: a new one goes to the end.
 */
#ifndef VMT_CALLS_H
#define VMT_CALLS_H

#include "core/base/base.h"

enum vmt_call_id {
	VMT_CALL_NONE, /* pseudo-sites: start-up, unseen */
	VMT_CALL_MMAP,
	VMT_CALL_MUNMAP,
	VMT_CALL_MPROTECT,
	VMT_CALL_PKEY_MPROTECT,
	VMT_CALL_MREMAP,
	VMT_CALL_BRK,
	VMT_CALL_MADVISE,
	VMT_CALL_PROCESS_MADVISE,
	VMT_CALL_MLOCK,
	VMT_CALL_MLOCK2,
	VMT_CALL_MUNLOCK,
	VMT_CALL_MLOCKALL,
	VMT_CALL_MUNLOCKALL,
	VMT_CALL_MBIND,
	VMT_CALL_SET_MEMPOLICY_HOME_NODE,
	VMT_CALL_MSEAL,
	VMT_CALL_SHMAT,
	VMT_CALL_SHMDT,
	VMT_CALL_REMAP_FILE_PAGES,
	VMT_CALL_IO_SETUP,
	VMT_CALL_IO_DESTROY,
	VMT_CALL_MAP_SHADOW_STACK,
	VMT_CALL_PRCTL, /* PR_SET_VMA, PR_SET_MEMORY_MERGE */
	VMT_CALL_ARCH_PRCTL, /* ARCH_MAP_VDSO_* */
	VMT_CALL_IOCTL, /* UFFDIO_REGISTER, UFFDIO_UNREGISTER */
	VMT_CALL_CLOSE, /* of a userfaultfd */
	VMT_CALL_COUNT,
};

/* The kernel's name of a call; "none" for VMT_CALL_NONE, "?" for an unknown number. */
const char *vmt_calls_name(uint32_t id);

/*
 * Return the identifier of Linux system call number nr on this architecture, or VMT_CALL_NONE for a
 * call that never changes maps. A call that changes maps only with certain arguments (madvise,
 * prctl, ioctl, close) has an identifier; vmt_change_is_possible() judges the arguments.
 */
enum vmt_call_id vmt_calls_of_nr(long nr);

#endif
