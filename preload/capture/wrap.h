/* SPDX-License-Identifier: MIT */
/*
 * What all wrappers are made of. A wrapper has one decision: when the system
 * call is seen inside libc anyway, call the next definition, so that other
 * interposers keep their place; otherwise make the call. errno is touched on
 * failure only. Included by the wrapper files only.
 */
#ifndef VMT_WRAP_H
#define VMT_WRAP_H

#include <errno.h>
#include <sys/syscall.h>

#include "capture/next.h"
#include "os/shim.h"
#include "os/sys.h"
#include "patch/patch.h"

/* Is `name` to be called instead of making system call nr ourselves? */
#define USE_NEXT(name, nr) (vmt_patch_catch(nr) && vmt_next.name)

static inline long as_errno(long ret)
{
	if (VMT_LIKELY(!vmt_sys_failed(ret)))
		return ret;
	if (VMT_LIKELY(__errno_location != NULL)) /* this library is relocated */
		errno = (int)-ret;
	return -1;
}

/* Inlined, so that the registers are those of the wrapper itself: its caller is the first frame. */
__attribute__((always_inline)) static inline long call6(long nr, long a, long b, long c, long d,
							long e, long f)
{
	const long args[6] = { a, b, c, d, e, f };
	struct vmt_regs regs;

	VMT_REGS_HERE(&regs);
	return vmt_call(nr, args, &regs);
}

/* Descriptor 2 is about to be closed by the function that this is in. */
__attribute__((always_inline)) static inline void before_error_closes(void)
{
	struct vmt_regs regs;

	VMT_REGS_HERE(&regs);
	vmt_keep_error(&regs);
}

#define call0(nr)                call6(nr, 0, 0, 0, 0, 0, 0)
#define call1(nr, a)             call6(nr, (long)(a), 0, 0, 0, 0, 0)
#define call2(nr, a, b)          call6(nr, (long)(a), (long)(b), 0, 0, 0, 0)
#define call3(nr, a, b, c)       call6(nr, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define call4(nr, a, b, c, d)    call6(nr, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define call5(nr, a, b, c, d, e) call6(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

#endif
