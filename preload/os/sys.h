/* SPDX-License-Identifier: MIT */
/*
 * Raw system calls: the library's only way to the kernel. They return the kernel's result, which is
 * -errno on failure, and never touch errno.
 *
 * vmt_sys6 makes the program's calls, whatever happens then. The library's own calls are made by
 * vmt_sys0 to vmt_sys5 and vmt_filter_own6; they are refused with -EPERM where a seccomp filter
 * might kill the process for them (filter.h).
 */
#ifndef VMT_SYS_H
#define VMT_SYS_H

static inline long vmt_sys6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#ifdef VMT_FILTERED /* not in tests that link parts of the library */
long vmt_filter_own6(long nr, long a, long b, long c, long d, long e, long f);
#else
#define vmt_filter_own6 vmt_sys6
#endif

#define vmt_sys0(nr)          vmt_filter_own6(nr, 0, 0, 0, 0, 0, 0)
#define vmt_sys1(nr, a)       vmt_filter_own6(nr, (long)(a), 0, 0, 0, 0, 0)
#define vmt_sys2(nr, a, b)    vmt_filter_own6(nr, (long)(a), (long)(b), 0, 0, 0, 0)
#define vmt_sys3(nr, a, b, c) vmt_filter_own6(nr, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define vmt_sys4(nr, a, b, c, d) \
	vmt_filter_own6(nr, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define vmt_sys5(nr, a, b, c, d, e) \
	vmt_filter_own6(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

#define VMT_SIGSET_SIZE 8 /* bytes of the kernel's sigset_t, an argument of rt_sig* calls */

static inline int vmt_sys_failed(long ret)
{
	return ret < 0 && ret >= -4095;
}

#endif
