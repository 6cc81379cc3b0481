/* SPDX-License-Identifier: MIT */
/*
 * Finding the next definition of each wrapped function. Runs in the
 * constructor only: dlsym may take locks and, when a name is missing, memory.
 * Names that libc may not have are therefore not looked up (mbind, mseal, …).
 */
#include "next.h"

#include <dlfcn.h>

#include "shim.h"

VMT_DATA struct vmt_next vmt_next = { .syscall = NULL };

/* A function is found as an object pointer: POSIX wants the detour, C does not allow the cast. */
#define RESOLVE(member, name)                                                                      \
	do {                                                                                       \
		void *found = dlsym(RTLD_NEXT, name);                                              \
		__builtin_memcpy(&vmt_next.member, &found, sizeof(found));                         \
	} while (0)

void vmt_next_resolve(void)
{
	RESOLVE(mmap, "mmap");
	RESOLVE(mmap64, "mmap64");
	RESOLVE(munmap, "munmap");
	RESOLVE(mprotect, "mprotect");
	RESOLVE(pkey_mprotect, "pkey_mprotect");
	RESOLVE(mremap, "mremap");
	RESOLVE(remap_file_pages, "remap_file_pages");
	RESOLVE(madvise, "madvise");
	RESOLVE(posix_madvise, "posix_madvise");
	RESOLVE(process_madvise, "process_madvise");
	RESOLVE(mlock, "mlock");
	RESOLVE(mlock2, "mlock2");
	RESOLVE(munlock, "munlock");
	RESOLVE(mlockall, "mlockall");
	RESOLVE(munlockall, "munlockall");
	RESOLVE(shmat, "shmat");
	RESOLVE(shmdt, "shmdt");
	RESOLVE(prctl, "prctl");
	RESOLVE(ioctl, "ioctl");
	RESOLVE(close, "close");
	RESOLVE(personality, "personality");
	RESOLVE(syscall, "syscall");
	RESOLVE(exit, "_exit");
	dlerror();	/* a name that an older libc lacks must not surprise the program */
}
