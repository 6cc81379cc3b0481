/* SPDX-License-Identifier: MIT */
/*
 * Door 2: the system call instructions themselves. In glibc every memory call is `mov $NR, %eax;
 * syscall`. The mov is replaced by a jump to a stub, through /proc/self/mem, so that the text stays
 * one map.
 */
#ifndef VMT_PATCH_H
#define VMT_PATCH_H

#include "core/base/base.h"

#define VMT_PATCH_NR_MAX 512

struct vmt_patch_result {
	uint32_t found; /* call sites found in libc and ld.so */
	uint32_t patched; /* how many of these were patched */
	uint32_t other_found; /* call sites found in all other modules */
	uint32_t other_patched;
	uint64_t notes; /* VMT_NOTE_*: why not all were patched */
	/* a page of the library's that was needed close to the program; may be empty */
	struct vmt_range near;
};

/*
 * Patch libc, ld.so and the smaller ones of the other loaded modules. The constructor calls this
 * once, preferably while there is one thread. Returns 0 if at least some of libc's sites were
 * patched, -errno if none was. ret_result is set in either case. by_mprotect: do not use
 * /proc/self/mem.
 */
int vmt_patch_open(bool by_mprotect, struct vmt_patch_result *ret_result);

/* Was a module's text too large to be searched for system calls? */
bool vmt_patch_has_skipped(void);

/* Has any of libc's call sites been patched? */
bool vmt_patch_are_open(void);

struct vmt_patch_module {
	struct vmt_range text; /* the text, as far as it can be read */
	struct vmt_range map; /* the map that the text lies in */
	/* a descriptor of the mapped file, which says of a large module whether it is written in Go */
	int file;
};

/*
 * Patch a module's text (readable, executable, mapped privately from a file) at the moment it
 * appears: no thread may be able to execute it yet. Async-signal-safe. It makes system calls of its
 * own if there is a site, so not under a seccomp filter. Returns 0 (also while door 2 is closed),
 * VMT_PATCH_NONE if the text contains no site, or -errno if some sites cannot be patched: their
 * calls will be unseen.
 */
#define VMT_PATCH_NONE 1
VMT_MUST_CHECK int vmt_patch_scan(const struct vmt_patch_module *module);

/*
 * Make libc's _exit jump to vmt_last_act(), wherever it is called from. Call after
 * vmt_patch_open(). Returns 0 or -errno; on failure only the wrapper _exit leads there.
 */
int vmt_patch_hook_exit(void);
bool vmt_patch_exit_is_hooked(void);

/* Patch rt_sigaction too; to be set before vmt_patch_open(). */
extern bool vmt_patch_want_actions;

/* 1 = every site of this call in libc was patched, 2 = one or more were not. */
extern uint8_t vmt_patch_caught[VMT_PATCH_NR_MAX];

/* Is call number nr seen when libc makes it? Then a wrapper need not make the call itself. */
static inline bool vmt_patch_catch(long nr)
{
	return vmt_patch_caught[nr] == 1;
}

#endif
