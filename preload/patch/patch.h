/* SPDX-License-Identifier: MIT */
/*
 * Door 2: the system call instructions themselves. In glibc every memory call
 * is `mov $NR, %eax; syscall`; the mov is replaced by a jump to a stub, through
 * /proc/self/mem, so that the text stays one map. On other architectures these
 * functions exist and find nothing.
 */
#ifndef VMT_PATCH_H
#define VMT_PATCH_H

#include "core/base/base.h"

#define VMT_PATCH_NR_MAX 512

struct vmt_patch_result {
	uint32_t found; /* call sites in libc and ld.so… */
	uint32_t patched; /* …and those that now lead here */
	uint32_t other_found; /* the same in all other modules */
	uint32_t other_patched;
	uint64_t notes; /* VMT_NOTE_*: why not all */
	struct vmt_range
		near; /* a page of the library's that was needed beside the program, or empty */
};

/*
 * Patch libc, ld.so and the smaller ones of the other modules loaded. To be called
 * once, from the constructor, best while there is one thread. Returns 0 when
 * libc's sites were caught, at least some; -errno when none was. ret_result is
 * filled in either way. by_mprotect: do not use /proc/self/mem.
 */
int vmt_patch_open(bool by_mprotect, struct vmt_patch_result *ret_result);

/* Was a module's text too large to be searched for system calls? */
bool vmt_patch_left_out(void);

/* Does any of libc's call sites lead here? */
bool vmt_patch_are_open(void);

struct vmt_patch_module {
	struct vmt_range text; /* as far as it can be read */
	struct vmt_range map; /* that it lies in */
	int file; /* a descriptor of what was mapped, asked whether a large one is written in Go */
};

/*
 * Patch a module's text, readable and executable, mapped privately from a file, at the moment
 * it appears: no thread may be able to run it yet. Async-signal-safe; makes system calls of its own
 * (when there is a site), so not under a seccomp filter. Returns 0, also while the door is shut, or
 * -errno: some sites cannot be patched, and their calls will be unseen.
 */
VMT_MUST_CHECK int vmt_patch_scan(const struct vmt_patch_module *module);

/*
 * Let libc's _exit jump to vmt_last_act, from wherever it is called. After vmt_patch_open.
 * Returns 0 or -errno: then only the wrapper _exit leads there.
 */
int vmt_patch_hook_exit(void);
bool vmt_patch_exit_is_hooked(void);

/* Catch rt_sigaction too: to be set before vmt_patch_open. */
extern bool vmt_patch_want_actions;

/* 1 = every site of this call in libc leads here, 2 = one or more do not. */
extern uint8_t vmt_patch_caught[VMT_PATCH_NR_MAX];

/* Is call number nr seen when libc makes it? Then a wrapper need not make it itself. */
static inline bool vmt_patch_catch(long nr)
{
	return vmt_patch_caught[nr] == 1;
}

#endif
