/* SPDX-License-Identifier: MIT */
/*
 * Shared by the files with wrappers. A wrapper makes one decision: if the system call is seen
 * inside libc anyway, it calls the next definition, so that other interposers keep their place;
 * otherwise it makes the call itself. It sets errno only on failure.
 */
#ifndef VMT_WRAP_H
#define VMT_WRAP_H

#include <errno.h>
#include <sys/syscall.h>

#include "capture/next.h"
#include "os/shim.h"
#include "os/sys.h"
#include "patch/patch.h"
#include "state/state.h"

/* Call the next definition of `name` instead of making system call nr? */
#define USE_NEXT(name, nr) (vmt_patch_catch(nr) && vmt_next.name)

static inline long as_errno(long ret)
{
	if (VMT_LIKELY(!vmt_sys_failed(ret)))
		return ret;
	if (VMT_LIKELY(__errno_location != NULL)) /* NULL before this library is relocated */
		errno = (int)-ret;
	return -1;
}

/* Inlined, so that the registers are the wrapper's own, and its caller is the first frame. */
__attribute__((always_inline)) static inline long call6(long nr, long a, long b, long c, long d,
							long e, long f)
{
	const long args[6] = { a, b, c, d, e, f };
	struct vmt_regs regs;

	VMT_REGS_HERE(&regs);
	return vmt_call(nr, args, &regs);
}

/* The calling function is about to close descriptor 2. */
__attribute__((always_inline)) static inline void before_error_closes(void)
{
	struct vmt_regs regs;

	VMT_REGS_HERE(&regs);
	vmt_keep_error(&regs);
}

/* The calling function is about to change the program's root or its user. */
__attribute__((always_inline)) static inline void before_leaving(void)
{
	if (VMT_UNLIKELY(vmt_state_is_on() && *vmt_alive != VMT_ALIVE))
		call6(VMT_CALL_BEFORE_LEAVING, 0, 0, 0, 0, 0, 0);
	vmt_keep_before_leaving();
}

#define call0(nr)                call6(nr, 0, 0, 0, 0, 0, 0)
#define call1(nr, a)             call6(nr, (long)(a), 0, 0, 0, 0, 0)
#define call2(nr, a, b)          call6(nr, (long)(a), (long)(b), 0, 0, 0, 0)
#define call3(nr, a, b, c)       call6(nr, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define call4(nr, a, b, c, d)    call6(nr, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define call5(nr, a, b, c, d, e) call6(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

#endif
