/* SPDX-License-Identifier: MIT */
/*
 * A filter's program is read from the program's memory through the kernel, since the address may be
 * invalid. Where that is refused, the filter is assumed to examine addresses. See aside.h.
 */
#include "safety/aside.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "filter/bpf.h"
#include "filter/filter.h"
#include "os/peek.h"
#include "os/sys.h"
#include "patch/home.h"

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_OFF          0
#define PR_SYS_DISPATCH_ON           1
#endif

#define PIECE 32u /* instructions that are read at a time */

/* Returns 0 or -errno; -EFAULT: the memory does not exist, as the kernel will tell the program. */
static long read_memory(const void *from, void *to, size_t size, bool is_read_already)
{
	long ret;

	if (is_read_already) {
		__builtin_memcpy(to, from, size);
		return 0;
	}
	ret = vmt_peek(vmt_sys0(SYS_getpid), (uint64_t)(uintptr_t)from, to, size);
	if (vmt_sys_failed(ret))
		return ret;
	return ret == (long)size ? 0 : -EFAULT;
}

static bool filter_looks_at_address(const void *program, bool is_read_already)
{
	struct sock_filter steps[PIECE];
	struct sock_fprog head;
	long ret = read_memory(program, &head, sizeof(head), is_read_already);

	for (unsigned at = 0; !ret && at < head.len; at += PIECE) {
		unsigned count = head.len - at < PIECE ? head.len - at : PIECE;

		ret = read_memory(head.filter + at, steps, sizeof(steps[0]) * count,
				  is_read_already);
		if (!ret && vmt_bpf_is_by_address(steps, count))
			return true;
	}
	return ret && ret != -EFAULT;
}

/*
 * Calls from this range are let through: does it include all of this library's text, which is less
 * than 1 MiB?
 */
static bool has_our_text(uint64_t start, uint64_t length)
{
	const uint64_t reach = UINT64_C(1) << 20;
	uint64_t here = (uint64_t)(uintptr_t)vmt_aside_make;

	return here - reach >= start && here + reach - start < length;
}

static bool is_filter(long nr, const long args[6])
{
	return (nr == SYS_seccomp && args[0] == SECCOMP_SET_MODE_FILTER) ||
	       (nr == SYS_prctl && args[0] == PR_SET_SECCOMP && args[1] == SECCOMP_MODE_FILTER);
}

bool vmt_aside_is_due(long nr, const long args[6])
{
	if (nr == SYS_prctl && args[0] == PR_SET_SYSCALL_USER_DISPATCH)
		return args[1] != PR_SYS_DISPATCH_OFF &&
		       !(args[1] == PR_SYS_DISPATCH_ON &&
			 has_our_text((uint64_t)args[2], (uint64_t)args[3]));
	/* Under a filter that exists already, these calls are not made: see vmt_aside_was_due(). */
	return vmt_filter_is_open() && is_filter(nr, args) && args[2] &&
	       filter_looks_at_address((const void *)args[2], false);
}

bool vmt_aside_was_due(long nr, const long args[6])
{
	return is_filter(nr, args) && filter_looks_at_address((const void *)args[2], true);
}

long vmt_aside_make(long nr, const long args[6])
{
	if (VMT_UNLIKELY(vmt_home_is_aside()))
		return vmt_home_call(nr, args);
	return vmt_sys6(nr, args[0], args[1], args[2], args[3], args[4], args[5]);
}

/*
 * Like libc: end the process or, where that is refused, the thread. Our own instruction is tried
 * first; a program that lets calls through by address may refuse it, if that was not noticed.
 */
_Noreturn void vmt_aside_exit(int status)
{
	const long ways[] = { SYS_exit_group, SYS_exit };
	const long args[6] = { status };

	for (size_t i = 0; i < VMT_COUNT(ways); i++) {
		vmt_aside_make(ways[i], args);
		vmt_home_call(ways[i], args);
	}
	__builtin_trap();
}
