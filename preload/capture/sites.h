/* SPDX-License-Identifier: MIT */
/*
 * Door 2: the system call instructions themselves. In glibc every memory call
 * is `mov $NR, %eax; syscall`; the mov is replaced by a jump to a stub, through
 * /proc/self/mem, so that the text stays one map. On other architectures these
 * functions exist and find nothing.
 */
#ifndef VMT_SITES_H
#define VMT_SITES_H

#include "core/base.h"

#define VMT_SITES_NR_MAX 512

struct vmt_sites_result {
	uint32_t found;		/* call sites in libc and ld.so… */
	uint32_t patched;	/* …and those that now lead here */
	uint32_t other_found;	/* the same in all other modules */
	uint32_t other_patched;
	uint64_t notes;		/* VMT_NOTE_*: why not all */
	struct vmt_range near;	/* a page of the library's that was needed beside the program, or empty */
};

/*
 * Patch libc, ld.so and the smaller ones of the other modules loaded. To be called
 * once, from the constructor, best while there is one thread. Returns 0 when
 * libc's sites were caught, at least some; -errno when none was. ret_result is
 * filled in either way.
 */
int vmt_sites_open(struct vmt_sites_result *ret_result);

/* Was a module's text too large to be searched for system calls? */
bool vmt_sites_left_out(void);

/* Does any of libc's call sites lead here? */
bool vmt_sites_are_open(void);

/*
 * Patch a module's text, readable and executable, mapped privately from a file, at the moment
 * it appears: no thread may be able to run it yet. Sites that cannot be patched are skipped.
 * Async-signal-safe; makes system calls of its own (madvise, and /proc/self/mem when there is a
 * site), so not under a seccomp filter. Returns the number of sites patched; 0 while the door
 * is shut. file: a descriptor of the module, asked whether a large one is written in Go.
 */
int vmt_sites_scan(uint64_t start, uint64_t end, int file);

/*
 * The text in [start, end) was unmapped: its stubs may serve others. Only while no other thread
 * can have mapped anything there since. It is safe not to call this: a module that comes back to
 * the same address gets the same stubs.
 */
void vmt_sites_forget(uint64_t start, uint64_t end);

/*
 * Let libc's _exit jump to vmt_last_act, from wherever it is called. After vmt_sites_open.
 * Returns 0 or -errno: then only the wrapper _exit leads there.
 */
int vmt_sites_hook_exit(void);
bool vmt_sites_exit_is_hooked(void);

/* From now on calls are made from the site they belong to, and nobody learns of them. */
void vmt_sites_step_aside(void);
bool vmt_sites_are_aside(void);

/*
 * Make a system call by an instruction of libc's. Returns its result, -errno on failure, and leaves errno
 * alone; by one of ours where libc has none that is known.
 */
long vmt_sites_call_home(long nr, const long args[6]);

/* 1 = every site of this call in libc leads here, 2 = one or more do not. */
extern uint8_t vmt_sites_caught[VMT_SITES_NR_MAX];

/* Is call number nr seen when libc makes it? Then a wrapper need not make it itself. */
static inline bool vmt_sites_catch(long nr)
{
	return vmt_sites_caught[nr] == 1;
}

#endif
