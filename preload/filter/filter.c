/* SPDX-License-Identifier: MIT */
/*
 * The state consists of words that are read and written whole, so this is async-signal-safe. See
 * filter.h.
 */
#include "filter/filter.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "core/base/uapi.h"
#include "filter/bpf.h"
#include "os/shim.h"
#include "os/sys.h"
#include "patch/gate.h"

#define COUNTERS   16u
#define TURNS_MOST (1u << 20) /* how long to wait while another thread installs a filter */
#define QUERY_MAPS ((long)VMT_PROCMAP_QUERY)
#define MERGING    68 /* PR_GET_MEMORY_MERGE */

#define ARG(n)   (1u << (n))
#define MAY_FAIL (1u << 6) /* a flag of kinds in vmt_filter_tools_calls: an error is acceptable */
#define READS    (O_RDONLY | O_CLOEXEC)
#define RW       (PROT_READ | PROT_WRITE)

/*
 * The first kind that fits counts. Every program makes the kinds above the empty line at its start,
 * except for wait4.
 */
const struct vmt_filter_kind vmt_filter_kinds[] = {
	{ SYS_wait4, 0, { -1, 0, 1 /* WNOHANG */ | 0x40000000 /* __WALL */, 0 } },
	{ SYS_read, 0, { -1 } },
	{ SYS_close, 0, { -1 } },
	{ SYS_openat, ARG(2), { -1, 0, READS } },
	{ SYS_mmap, ARG(2), { 0, 0, RW, MAP_PRIVATE, -1, 0 } },
	{ SYS_mprotect, ARG(2), { 0, 0, PROT_READ } },
	{ SYS_mprotect, ARG(2), { 0, 0, RW } },
	{ SYS_munmap, 0, { 1, 0 } },
	{ SYS_brk, 0, { 0 } },
	{ SYS_prlimit64, ARG(0) | ARG(2), { 0, -1, 0, 0 } },
	{ SYS_pread64, 0, { -1 } },
	{ SYS_fstat, 0, { -1 } },
	{ SYS_newfstatat, ARG(3), { -1, 0, 0, AT_EMPTY_PATH } },

	{ SYS_prlimit64, 0, { -1, -1, 0, 0 } },
	{ SYS_newfstatat, 0, { -1, 0, 0, 0 } },
	{ SYS_mmap, ARG(2), { 0, 0, PROT_READ | PROT_EXEC, MAP_PRIVATE, -1, 0 } },
	{ SYS_mmap, 0, { 0, 0, PROT_NONE, MAP_PRIVATE, -1, 0 } },
	{ SYS_mprotect, 0, { 0, 0, PROT_READ | PROT_EXEC } },
	{ SYS_openat, 0, { -1, 0, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600 } },
	{ SYS_getpid, 0, { 0 } },
	{ SYS_getppid, 0, { 0 } },
	{ SYS_gettid, 0, { 0 } },
	{ SYS_futex, ARG(1), { 1, FUTEX_WAIT_PRIVATE, 0, 0 } },
	{ SYS_futex, ARG(1), { 1, FUTEX_WAKE_PRIVATE, 0, 0 } },
	{ SYS_ioctl, ARG(1), { -1, QUERY_MAPS, 0 } },
	{ SYS_tgkill, ARG(2), { -1, -1, 0 } },
	{ SYS_sigaltstack, ARG(0), { 0, 0 } },
	{ SYS_clock_gettime, 0, { 1, 0 } },
	{ SYS_sched_yield, 0, { 0 } },
	{ SYS_nanosleep, 0, { 0, 0 } },
	{ SYS_madvise, 0, { 0, 0, MADV_WIPEONFORK } },
	{ SYS_mremap, 0, { 1, 0, 0, 0, 0 } },
	{ SYS_prctl, ARG(0), { MERGING, 0, 0, 0, 0 } },
	{ SYS_personality, ARG(0), { VMT_PERSONALITY_QUERY } },
	{ SYS_uname, 0, { 0 } },
	{ SYS_readlinkat, 0, { -1, 0, 0, 0 } },
	{ SYS_getcwd, 0, { 0, 0 } },
	{ SYS_statfs, 0, { 0, 0 } },
	{ SYS_fstatfs, 0, { -1, 0 } },
	{ SYS_faccessat, 0, { -1, 0, 0 } },
	{ SYS_fcntl, 0, { -1, F_DUPFD_CLOEXEC, 0 } },
	{ SYS_memfd_create, 0, { 0, 0 } },
	{ SYS_ftruncate, 0, { -1, 0 } },
	{ SYS_fallocate, 0, { -1, 0, 0, 0 } },
	{ SYS_pwrite64, 0, { -1, 0, 0, 0 } },
	{ SYS_renameat2, 0, { -1, 0, -1, 0, 1 } },
	{ SYS_link, 0, { 0, 0 } },
	{ SYS_unlink, 0, { 0 } },
	{ SYS_poll, 0, { 0, 0, 0 } },
	{ SYS_rt_sigprocmask, 0, { 0, 0, 0, VMT_SIGSET_SIZE } },
	{ SYS_arch_prctl, ARG(0), { 0x1003 /* ARCH_GET_FS */, 0 } },
	{ SYS_mincore, 0, { 1, 0, 0 } },
	{ SYS_rt_sigtimedwait, 0, { 0, 0, 0, VMT_SIGSET_SIZE } },
	{ SYS_rt_sigaction, 0, { 0, 0, 0, VMT_SIGSET_SIZE } },
	{ SYS_write, 0, { -1, 0, 0 } },
	{ SYS_dup3, 0, { -1, -1, 0 } },
	{ SYS_setitimer, ARG(0), { 0, 1, 0 } },
	{ SYS_rt_tgsigqueueinfo, 0, { -1, -1, 0, 0 } },
	{ SYS_unshare, 0, { CLONE_THREAD } },
	{ SYS_process_vm_readv, 0, { -1, 0, 0, 0, 0, 0 } },
	{ SYS_shmctl, ARG(1), { -1, IPC_STAT, 0 } },
	{ SYS_execve, 0, { 0, 0, 0 } },
	{ SYS_clone, ARG(0), { CLONE_VM | CLONE_VFORK, 0, 0, 0, 0 } },
};
const unsigned vmt_filter_kind_count = VMT_COUNT(vmt_filter_kinds);
static_assert(VMT_COUNT(vmt_filter_kinds) <= VMT_FILTER_KINDS_MAX, "one word has a bit for each");

/*
 * The calls that the tool makes in addition, and those that only printing a report needs, or saying
 * that there is no recording. For the latter, an error is acceptable.
 */
const struct vmt_filter_kind vmt_filter_tools_calls[] = {
	{ SYS_lseek, 0, { -1 } },
	{ SYS_getdents64, 0, { -1 } },
	{ SYS_writev, 0, { -1 } },
	{ SYS_access, 0, { -1 } },
	{ SYS_readlink, 0, { -1 } },
	{ SYS_set_tid_address, 0, { -1 } },
	{ SYS_set_robust_list, 0, { -1 } },
	{ SYS_rseq, 0, { -1 } },
	{ SYS_arch_prctl, 0, { -1 } },
	{ SYS_getrandom, 0, { -1 } },
	{ SYS_kill, 0, { INT_MAX, 0 } },

	{ SYS_prctl, ARG(0) | MAY_FAIL, { PR_SET_PDEATHSIG, -1 } },
	{ SYS_close_range, MAY_FAIL, { -1, 0, 0 } },
	{ SYS_chdir, MAY_FAIL, { 0 } },
	{ SYS_rt_sigpending, MAY_FAIL, { 0, -1 } },
	{ SYS_fchmod, MAY_FAIL, { -1, 0 } },
	{ SYS_sendto, MAY_FAIL, { -1, 0, 0, 0, 0, 0 } },
	{ SYS_pwritev2, MAY_FAIL, { -1, 0, 0, 0, 0, 0 } },
	{ SYS_symlink, MAY_FAIL, { 0, 0 } },
};
const unsigned vmt_filter_tools_call_count = VMT_COUNT(vmt_filter_tools_calls);

/* Calls that can be replaced by others, or are rarely of use. */
static const long can_be_spared[] = { SYS_personality, SYS_process_vm_readv,  SYS_link,
				      SYS_prctl,       SYS_arch_prctl,        SYS_mincore,
				      SYS_unshare,     SYS_rt_tgsigqueueinfo, SYS_shmctl };

/* Kinds 1 to 10. ld.so calls fstat(2) as well, but from glibc 2.33 to 2.38 under its other name. */
#define BASIC_KINDS  UINT64_C(0x7fe)
#define KIND_FSTAT   UINT64_C(0x800)
#define KIND_STAT_FD UINT64_C(0x1000)

static _Atomic uint64_t allowed VMT_DATA = BASIC_KINDS;
static _Atomic uint64_t refused VMT_DATA = 0; /* kinds that a known filter refuses */
static _Atomic uint32_t installers VMT_DATA = 0;
static _Atomic bool by_address VMT_DATA = false;
static _Atomic int end_by VMT_DATA = 0; /* see vmt_filter_end() */
static _Atomic uint64_t filters_known VMT_DATA = 0;
static bool is_marking VMT_DATA = false;

/*
 * Our calls that are being made. They are counted in several words, since threads make them at the
 * same time.
 */
static struct {
	_Atomic uint32_t calls;
	char apart[60];
} under_way[COUNTERS] VMT_DATA = { { 0, "" } };

uint64_t vmt_filter_allowed(void)
{
	return atomic_load_explicit(&allowed, memory_order_relaxed);
}

uint64_t vmt_filter_basic(bool has_fstat)
{
	return BASIC_KINDS | (has_fstat ? KIND_FSTAT : KIND_STAT_FD);
}

/* The gate makes calls as well, without this code: tell it which are forbidden. */
static void tell_gate(void)
{
	const long mask[6] = { SIG_SETMASK, 0, 0, VMT_SIGSET_SIZE };
	const long fs[6] = { 0x1003 /* ARCH_GET_FS */ };
	uint32_t forbidden = vmt_filter_may(SYS_rt_sigprocmask, mask) ? 0 : VMT_GATE_NO_MASK;

	forbidden |= vmt_filter_may(SYS_arch_prctl, fs) ? 0 : VMT_GATE_NO_FS;
	if (vmt_filter_is_by_address() || atomic_load_explicit(&installers, memory_order_seq_cst))
		forbidden = VMT_GATE_NO_MASK | VMT_GATE_NO_FS;
	VMT_RESET(vmt_gate_is_strict, forbidden);
}

void vmt_filter_set_allowed(uint64_t kinds)
{
	atomic_store_explicit(&allowed, kinds, memory_order_seq_cst);
	tell_gate();
}

bool vmt_filter_allow(long nr)
{
	for (unsigned i = 0; i < VMT_COUNT(vmt_filter_kinds); i++) {
		uint64_t kind = UINT64_C(1) << i;

		if (vmt_filter_kinds[i].nr != nr)
			continue;
		if (atomic_load_explicit(&refused, memory_order_relaxed) & kind)
			return false;
		atomic_fetch_or_explicit(&allowed, kind, memory_order_seq_cst);
		tell_gate();
		return true;
	}
	return false;
}

static bool is_kind(const struct vmt_filter_kind *kind, long nr, const long arg[6])
{
	if (kind->nr != nr)
		return false;
	for (unsigned i = 0; i < 6; i++)
		if (kind->fixed >> i & 1 && (int)kind->arg[i] != (int)arg[i])
			return false;
	return true;
}

static bool is_tools(long nr, const long arg[6])
{
	for (unsigned i = 0; i < vmt_filter_tools_call_count; i++)
		if (is_kind(&vmt_filter_tools_calls[i], nr, arg))
			return true;
	return false;
}

static bool is_spared(long nr)
{
	for (unsigned i = 0; i < VMT_COUNT(can_be_spared); i++)
		if (can_be_spared[i] == nr)
			return true;
	return false;
}

bool vmt_filter_is_in_the_way(void)
{
	uint64_t kinds = vmt_filter_allowed();

	for (unsigned i = 0; i < VMT_COUNT(vmt_filter_kinds); i++)
		if (!(kinds >> i & 1) && !is_spared(vmt_filter_kinds[i].nr))
			return true;
	return !vmt_filter_may_run_tool();
}

bool vmt_filter_may(long nr, const long arg[6])
{
	uint64_t kinds = vmt_filter_allowed();

	if (kinds == VMT_FILTER_ALL)
		return true;
	for (unsigned i = 0; i < VMT_COUNT(vmt_filter_kinds); i++)
		if (is_kind(&vmt_filter_kinds[i], nr, arg))
			return kinds >> i & 1;
	return kinds & VMT_FILTER_TOOL && is_tools(nr, arg);
}

bool vmt_filter_may_create(void)
{
	const long create[6] = { -1, 0, O_RDWR | O_CREAT | O_CLOEXEC };

	return vmt_filter_may(SYS_openat, create);
}

bool vmt_filter_may_run_tool(void)
{
	return (vmt_filter_allowed() & VMT_FILTER_TOOL) != 0;
}

bool vmt_filter_is_by_address(void)
{
	return atomic_load_explicit(&by_address, memory_order_relaxed);
}

static _Atomic uint32_t *counter(void)
{
	return &under_way[(uintptr_t)__builtin_frame_address(0) >> 14 & (COUNTERS - 1)].calls;
}

/* Another thread is installing a filter, which does not take long. */
static bool wait_for_installers(void)
{
	for (unsigned turn = 0; turn < TURNS_MOST; turn++) {
		if (!atomic_load_explicit(&installers, memory_order_seq_cst))
			return true;
		__builtin_ia32_pause();
	}
	return false;
}

/*
 * Sequentially consistent with begin_install(): either the call is counted, or the installer is
 * seen.
 */
static bool begin_call(_Atomic uint32_t *calls)
{
	for (;;) {
		atomic_fetch_add_explicit(calls, 1, memory_order_seq_cst);
		if (VMT_LIKELY(!atomic_load_explicit(&installers, memory_order_seq_cst)))
			return true;
		atomic_fetch_sub_explicit(calls, 1, memory_order_seq_cst);
		if (!wait_for_installers())
			return false;
	}
}

extern const char vmt_own_pc[] __attribute__((visibility("hidden")));

/* The function must not be copied, since its label can exist only once. */
#ifdef __clang__
#define ONCE __attribute__((noinline, optnone))
#else
#define ONCE __attribute__((noinline, noclone))
#endif

ONCE static long make(long nr, const long arg[6])
{
	register long r10 __asm__("r10") = arg[3];
	register long r8 __asm__("r8") = arg[4];
	register long r9 __asm__("r9") = arg[5];
	long ret;

	__asm__ volatile("syscall\n"
			 "vmt_own_pc:"
			 : "=a"(ret)
			 : "a"(nr), "D"(arg[0]), "S"(arg[1]), "d"(arg[2]), "r"(r10), "r"(r8),
			   "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

void vmt_filter_mark_own(void)
{
	is_marking = true;
}

/*
 * For tests that count the program's calls in strace's log: the memory call before this one was
 * ours.
 */
__attribute__((noinline)) static void mark(long nr)
{
	static const char text[] = "vmatrace: own";
	const long arg[6] = { -1, (long)text, sizeof(text) - 1 };

	if (nr == SYS_mmap || nr == SYS_munmap || nr == SYS_mremap || nr == SYS_mprotect ||
	    nr == SYS_madvise)
		make(SYS_write, arg);
}

VMT_HOT long vmt_filter_own6(long nr, long a, long b, long c, long d, long e, long f)
{
	const long arg[6] = { a, b, c, d, e, f };
	_Atomic uint32_t *calls = counter();
	long ret = -EPERM;

	if (VMT_UNLIKELY(!begin_call(calls)))
		return -EPERM;
	if (VMT_LIKELY(vmt_filter_is_open()) || vmt_filter_may(nr, arg)) {
		ret = make(nr, arg);
		if (VMT_UNLIKELY(is_marking))
			mark(nr);
	}
	atomic_fetch_sub_explicit(calls, 1, memory_order_release);
	return ret;
}

void vmt_filter_begin_install(void)
{
	atomic_fetch_add_explicit(&installers, 1, memory_order_seq_cst);
	tell_gate();
}

bool vmt_filter_is_quiet(void)
{
	for (unsigned i = 0; i < COUNTERS; i++)
		if (atomic_load_explicit(&under_way[i].calls, memory_order_seq_cst))
			return false;
	return true;
}

void vmt_filter_end_install(void)
{
	atomic_fetch_sub_explicit(&installers, 1, memory_order_seq_cst);
	tell_gate();
}

static bool allows(const struct sock_fprog *program, const struct vmt_filter_kind *kind)
{
	struct vmt_bpf_call call = { .nr = kind->nr,
				     .known = kind->fixed,
				     .errors_will_do = kind->fixed & MAY_FAIL,
				     .pc = (uint64_t)(uintptr_t)vmt_own_pc };

	__builtin_memcpy(call.arg, kind->arg, sizeof(call.arg));
	return vmt_bpf_allows(program->filter, program->len, &call);
}

static bool allows_tool(const struct sock_fprog *program)
{
	for (unsigned i = 0; i < VMT_COUNT(vmt_filter_tools_calls); i++)
		if (!allows(program, &vmt_filter_tools_calls[i]))
			return false;
	return true;
}

static void note_end(const struct sock_fprog *installed, bool is_alone)
{
	const struct vmt_filter_kind ends = { SYS_exit_group, MAY_FAIL, { 0 } };

	if (!installed)
		atomic_store_explicit(&end_by, is_alone ? SIGKILL : VMT_FILTER_END_UNKNOWN,
				      memory_order_relaxed);
	else if (!allows(installed, &ends) && !vmt_filter_end())
		atomic_store_explicit(&end_by, SIGSYS, memory_order_relaxed);
}

int vmt_filter_end(void)
{
	return atomic_load_explicit(&end_by, memory_order_relaxed);
}

void vmt_filter_add(const struct sock_fprog *installed, bool is_alone)
{
	uint64_t kinds = 0;
	bool all = installed != NULL;

	for (unsigned i = 0; installed && i < VMT_COUNT(vmt_filter_kinds); i++) {
		if (allows(installed, &vmt_filter_kinds[i]))
			kinds |= UINT64_C(1) << i;
		else
			all = false;
	}
	if (installed && allows_tool(installed))
		kinds |= all ? VMT_FILTER_ALL : VMT_FILTER_TOOL;
	if (installed && vmt_bpf_is_by_address(installed->filter, installed->len))
		atomic_store_explicit(&by_address, true, memory_order_relaxed);
	note_end(installed, is_alone);
	atomic_fetch_or_explicit(&refused, ~kinds, memory_order_relaxed);
	atomic_fetch_and_explicit(&allowed, kinds, memory_order_seq_cst);
	atomic_fetch_add_explicit(&filters_known, installed != NULL, memory_order_relaxed);
}

uint64_t vmt_filter_count(void)
{
	return atomic_load_explicit(&filters_known, memory_order_relaxed);
}

void vmt_filter_set_count(uint64_t filters)
{
	atomic_store_explicit(&filters_known, filters, memory_order_relaxed);
}

void vmt_filter_start_child(void)
{
	for (unsigned i = 0; i < COUNTERS; i++)
		VMT_RESET(under_way[i].calls, 0);
	VMT_RESET(installers, 0);
	tell_gate();
}
