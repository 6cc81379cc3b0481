/* SPDX-License-Identifier: MIT */
/*
 * The rest of door 1: calls that change maps only with certain arguments, calls that other
 * libraries (libnuma, libaio) or only a newer libc export, calls made through syscall(3), and the
 * ways to exit. The rules of wrappers.c hold here too.
 */
#include <linux/userfaultfd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "capture/wrap.h"
#include "core/base/calls.h"
#include "patch/home.h"
#include "state/state.h"

#ifndef SYS_set_mempolicy_home_node
#define SYS_set_mempolicy_home_node 450
#endif
#ifndef SYS_mseal
#define SYS_mseal 462
#endif
#define ARCH_MAP_VDSO_FIRST 0x2001
#define ARCH_MAP_VDSO_LAST  0x2003
#define M_ARENA_MAX         (-8)

/* Declared here, since not every version of their headers does. */
long mbind(void *addr, unsigned long len, int mode, const unsigned long *nodes,
	   unsigned long max_node, unsigned int flags);
int set_mempolicy_home_node(void *addr, unsigned long len, int home_node, int flags);
int mseal(void *addr, size_t len, unsigned long flags);
int io_setup(int events, void *ret_context);
int io_destroy(void *context);
int mallopt(int parameter, int value); /* malloc.h cannot be included here */
long vmt_wrappers_ours(long nr, long a, long b, long c, long d, long e, long f);
long vmt_wrappers_unresolved(long nr, long a, long b, long c, long d, long e, long f);

VMT_EXPORT int prctl(int op, ...)
{
	unsigned long arg[4];
	va_list list;

	va_start(list, op);
	for (int i = 0; i < 4; i++)
		arg[i] = va_arg(list, unsigned long);
	va_end(list);
	if (USE_NEXT(prctl, SYS_prctl))
		return vmt_next.prctl(op, arg[0], arg[1], arg[2], arg[3]);
	return (int)as_errno(call5(SYS_prctl, op, arg[0], arg[1], arg[2], arg[3]));
}

/* Its call site in libc is not patched, since hardly any request concerns us. */
VMT_EXPORT int ioctl(int fd, unsigned long request, ...)
{
	void *arg;
	va_list list;

	va_start(list, request);
	arg = va_arg(list, void *);
	va_end(list);
	if (request == UFFDIO_REGISTER || request == UFFDIO_UNREGISTER)
		return (int)as_errno(call3(SYS_ioctl, fd, request, arg));
	if (VMT_LIKELY(vmt_next.ioctl))
		return vmt_next.ioctl(fd, request, arg);
	return (int)as_errno(vmt_sys6(SYS_ioctl, fd, (long)request, (long)arg, 0, 0, 0));
}

/* Closing a descriptor changes maps only if it is a userfaultfd. */
VMT_EXPORT int close(int fd)
{
	if (VMT_UNLIKELY(fd == STDERR_FILENO))
		before_error_closes();
	if (VMT_LIKELY(vmt_next.close && !vmt_user_args_is_userfault(fd)))
		return vmt_next.close(fd);
	return (int)as_errno(call1(SYS_close, fd));
}

VMT_EXPORT int personality(unsigned long persona)
{
	if (USE_NEXT(personality, SYS_personality))
		return vmt_next.personality(persona);
	return (int)as_errno(call1(SYS_personality, persona));
}

VMT_EXPORT long mbind(void *addr, unsigned long len, int mode, const unsigned long *nodes,
		      unsigned long max_node, unsigned int flags)
{
	return as_errno(call6(SYS_mbind, (long)addr, (long)len, mode, (long)nodes, (long)max_node,
			      (long)flags));
}

VMT_EXPORT int set_mempolicy_home_node(void *addr, unsigned long len, int home_node, int flags)
{
	return (int)as_errno(call4(SYS_set_mempolicy_home_node, addr, len, home_node, flags));
}

VMT_EXPORT int mseal(void *addr, size_t len, unsigned long flags)
{
	return (int)as_errno(call3(SYS_mseal, addr, len, flags));
}

/* Like libaio, it returns -errno and leaves errno alone. */
VMT_EXPORT int io_setup(int events, void *ret_context)
{
	return (int)call2(SYS_io_setup, events, ret_context);
}

VMT_EXPORT int io_destroy(void *context)
{
	return (int)call1(SYS_io_destroy, context);
}

/* With try=arenas, the number of arenas that the environment asks for is not overridden. */
VMT_EXPORT int mallopt(int parameter, int value)
{
	const struct vmt_state *state = vmt_state;

	if (parameter == M_ARENA_MAX && state && state->options.remedies & VMT_REMEDY_ARENAS)
		return 1;
	if (VMT_UNLIKELY(!vmt_next.mallopt)) /* NULL before the constructor has run */
		vmt_next_resolve();
	return vmt_next.mallopt ? vmt_next.mallopt(parameter, value) : 0;
}

VMT_EXPORT _Noreturn void _exit(int status)
{
	if (vmt_patch_exit_is_hooked() && vmt_next.exit)
		vmt_next.exit(status);
	vmt_last_act(status);
}

VMT_EXPORT _Noreturn void _Exit(int status)
{
	_exit(status);
}

/*
 * Which calls syscall(3) in entries.S sends to vmt_wrappers_ours: those with 1 here, but clone only
 * if it copies the process.
 */
extern const uint8_t vmt_wrappers_kinds[VMT_PATCH_NR_MAX];

const uint8_t vmt_wrappers_kinds[VMT_PATCH_NR_MAX] = {
	[SYS_mmap] = 1,
	[SYS_mprotect] = 1,
	[SYS_munmap] = 1,
	[SYS_brk] = 1,
	[SYS_ioctl] = 1,
	[SYS_mremap] = 1,
	[SYS_madvise] = 1,
	[SYS_shmat] = 1,
	[SYS_clone] = 1,
	[SYS_fork] = 1,
	[SYS_execve] = 1,
	[SYS_shmdt] = 1,
	[SYS_mlock] = 1,
	[SYS_munlock] = 1,
	[SYS_mlockall] = 1,
	[SYS_munlockall] = 1,
	[SYS_prctl] = 1,
	[SYS_arch_prctl] = 1,
	[SYS_io_setup] = 1,
	[SYS_io_destroy] = 1,
	[SYS_remap_file_pages] = 1,
	[SYS_exit] = 1,
	[SYS_exit_group] = 1,
	[SYS_mbind] = 1,
	[SYS_seccomp] = 1,
	[SYS_close] = 1,
	[SYS_personality] = 1,
	[SYS_setuid] = 1,
	[SYS_setreuid] = 1,
	[SYS_setresuid] = 1,
	[SYS_chroot] = 1,
	[SYS_sigaltstack] = 1,
	[SYS_kill] = 1,
	[SYS_tkill] = 1,
	[SYS_tgkill] = 1,
	[SYS_rt_sigqueueinfo] = 1,
	[SYS_rt_tgsigqueueinfo] = 1,
	[SYS_execveat] = 1,
	[SYS_mlock2] = 1,
	[SYS_pkey_mprotect] = 1,
	[SYS_process_madvise] = 1,
	[SYS_set_mempolicy_home_node] = 1,
	[453] = 1, /* map_shadow_stack */
	[SYS_mseal] = 1,
};

/* All other operations of arch_prctl may move thread-local storage while C code uses it. */
static bool is_map_vdso(long op)
{
	return op >= ARCH_MAP_VDSO_FIRST && op <= ARCH_MAP_VDSO_LAST;
}

static bool is_leaving(long nr)
{
	return nr == SYS_setuid || nr == SYS_setreuid || nr == SYS_setresuid || nr == SYS_chroot;
}

long vmt_wrappers_ours(long nr, long a, long b, long c, long d, long e, long f)
{
	if (is_leaving(nr))
		before_leaving();
	if (nr == SYS_exit_group)
		vmt_last_act((int)a);
	if (nr == SYS_exit)
		vmt_last_thread((int)a & 0xff, (uint64_t)(uintptr_t)vmt_thread());
#ifdef SYS_arch_prctl
	if (nr == SYS_arch_prctl && !is_map_vdso(a))
		return as_errno(vmt_home_is_aside() ? vmt_home_call(nr, (const long[6]){ a, b }) :
						      vmt_sys6(nr, a, b, 0, 0, 0, 0));
#endif
	return as_errno(call6(nr, a, b, c, d, e, f));
}

/* Used before the constructor has run, when libc's syscall is not known yet. */
long vmt_wrappers_unresolved(long nr, long a, long b, long c, long d, long e, long f)
{
	return as_errno(vmt_sys6(nr, a, b, c, d, e, f));
}
