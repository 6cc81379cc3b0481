/* SPDX-License-Identifier: MIT */
/*
 * The child is a copy of the process that shares one page with it, has no exit signal, and is
 * reaped at once, so the program cannot see it. It makes each kind of call in a harmless form,
 * after noting which one. If a call kills the child, we never make that kind, and another child
 * continues with the next. See probe.h.
 */
#include "filter/probe.h"

#include <stdatomic.h>
#include <linux/errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "core/base/scan.h"
#include "filter/carry.h"
#include "filter/filter.h"
#include "filter/status.h"
#include "os/fd.h"
#include "os/libc.h"
#include "core/base/line.h"
#include "os/sys.h"
#include "state/state.h"

#define KILLS_MOST  32u
#define PATIENCE_NS UINT64_C(2000000000)

/* The page that is shared with the child. */
struct trial {
	_Atomic uint32_t at; /* the kind that is being tried */
	_Atomic uint32_t can_wait; /* wait4 does not kill */
	_Atomic uint32_t can_run_tool; /* the tool's calls do not kill */
	_Atomic uint32_t can_limit; /* prlimit64 does not kill */
};

static bool read_status(struct vmt_state *state, const char *path, struct vmt_status *ret_status)
{
	long length = vmt_fd_read_file(path, state->text, sizeof(state->text));

	if (length <= 0)
		return false;
	vmt_status_read(state->text, (size_t)length, ret_status);
	return true;
}

bool vmt_probe_has_no_filter(void)
{
	struct vmt_status status;
	char text[2048];
	long length = vmt_fd_read_file("/proc/self/status", text, sizeof(text));

	if (length <= 0)
		return length == -ENOENT; /* there is no /proc */
	vmt_status_read(text, (size_t)length, &status);
	return status.seccomp == 0;
}

static bool has_same_filters(struct vmt_state *state, uint64_t pid, const struct vmt_status *self)
{
	struct vmt_status other;
	char path[40];
	struct vmt_line line = vmt_line_in(path, sizeof(path));

	vmt_line_add(&line, "/proc/");
	vmt_line_add_number(&line, pid);
	vmt_line_add(&line, "/status");
	return pid && read_status(state, path, &other) && other.seccomp == self->seccomp &&
	       other.filters == self->filters;
}

static bool exists(const char *path)
{
	char byte;

	return vmt_fd_read_file(path, &byte, sizeof(byte)) >= 0;
}

static bool has_variable(const struct vmt_state *state, const char *name)
{
	for (char **at = state->image.environment; at && *at; at++)
		if (vmt_begins_with(*at, name))
			return true;
	return false;
}

static bool file_has(struct vmt_state *state, const char *path, const char *const *words)
{
	long length = vmt_fd_read_file(path, state->text, sizeof(state->text));

	for (; length > 0 && *words; words++)
		if (vmt_scan_find(state->text, (size_t)length, *words))
			return true;
	return false;
}

static bool is_in_container(struct vmt_state *state)
{
	static const char *const groups[] = { "/docker", "kubepods", "libpod",    "containerd",
					      "/lxc",    "crio",     "/buildkit", NULL };

	return exists("/.dockerenv") || exists("/run/.containerenv") || exists("/.flatpak-info") ||
	       has_variable(state, "container=") ||
	       has_variable(state, "KUBERNETES_SERVICE_HOST=") ||
	       file_has(state, "/proc/self/cgroup", groups) ||
	       file_has(state, "/proc/self/mountinfo", groups);
}

/*
 * Does the filter come from the container, whose first process has no other? The profiles of all
 * container runtimes allow creating processes. A process that was started from outside, like a
 * container's first one, has no parent.
 */
static bool is_containers(struct vmt_state *state, const struct vmt_status *self)
{
	if (!is_in_container(state))
		return false;
	if (self->pid == 1 || !self->parent)
		return self->filters <= 1;
	return has_same_filters(state, 1, self);
}

/*
 * Did a container runtime with privileges install the filter, and not SystemCallFilter= of a
 * service, which may be strict?
 */
static bool is_runtimes(const struct vmt_state *state, const struct vmt_status *self)
{
	return !self->no_new_privileges && self->parent != 1 &&
	       !has_variable(state, "INVOCATION_ID=");
}

/*
 * Is there a sign that a child can be made? The parent made this process under these filters. A
 * process that installed a filter without giving up rights (seccomp(2)) had those rights.
 */
static bool may_try(struct vmt_state *state, const struct vmt_status *self)
{
	return has_same_filters(state, self->parent, self) || is_runtimes(state, self) ||
	       is_containers(state, self);
}

/* The child of the child must exit at once, since it may share the stack. */
static void try_clone(long flags)
{
	long ret;
	int status;

	register long r10 __asm__("r10") = 0;
	register long r8 __asm__("r8") = 0;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%edi, %%edi\n\t"
			 "mov %[exit], %%eax\n\t"
			 "syscall\n\t"
			 "hlt\n\t"
			 "1:"
			 : "=a"(ret)
			 : "a"(SYS_clone), "D"(flags), "S"(0), "d"(0), "r"(r10),
			   "r"(r8), [exit] "i"(SYS_exit)
			 : "rcx", "r11", "memory");
	if (!vmt_sys_failed(ret))
		vmt_sys6(SYS_wait4, ret, (long)&status, __WALL, 0, 0, 0);
}

/*
 * If a call kills, it must neither leave a core file nor start a handler (a limit of 1: core(5)).
 */
static void limit_core(void)
{
	const struct rlimit one = { 1, 1 };

	vmt_sys6(SYS_prlimit64, 0, RLIMIT_CORE, (long)&one, 0, 0, 0);
}

static void try_call(const struct vmt_filter_kind *kind)
{
	vmt_sys6(kind->nr, kind->arg[0], kind->arg[1], kind->arg[2], kind->arg[3], kind->arg[4],
		 kind->arg[5]);
}

_Noreturn static void try_from(struct trial *trial, unsigned first)
{
	if (atomic_load_explicit(&trial->can_limit, memory_order_relaxed))
		limit_core();
	for (unsigned i = first; i < vmt_filter_kind_count; i++) {
		const struct vmt_filter_kind *kind = &vmt_filter_kinds[i];

		atomic_store_explicit(&trial->at, i, memory_order_release);
		if (kind->nr == SYS_clone)
			try_clone(kind->arg[0]);
		else
			try_call(kind);
		if (kind->nr == SYS_wait4) {
			atomic_store_explicit(&trial->can_wait, 1, memory_order_release);
			limit_core();
			atomic_store_explicit(&trial->can_limit, 1, memory_order_release);
		}
	}
	atomic_store_explicit(&trial->at, vmt_filter_kind_count, memory_order_release);
	for (unsigned i = 0; i < vmt_filter_tools_call_count; i++)
		try_call(&vmt_filter_tools_calls[i]);
	atomic_store_explicit(&trial->can_run_tool, 1, memory_order_release);
	for (;;)
		vmt_sys6(SYS_exit_group, 0, 0, 0, 0, 0, 0);
}

/* If waiting kills, it has killed the child, which must stay as it is. */
static bool can_wait(const struct trial *trial)
{
	uint64_t start = vmt_clock();

	while (!atomic_load_explicit(&trial->can_wait, memory_order_acquire)) {
		if (vmt_clock() - start > PATIENCE_NS)
			return false;
		__builtin_ia32_pause();
	}
	return true;
}

/*
 * Returns the kind that killed the child, or the number of kinds if none did; negative if nothing
 * can be said.
 */
static long run_trial(struct trial *trial, unsigned first)
{
	long child = vmt_sys6(SYS_clone, 0, 0, 0, 0, 0, 0);
	int status;
	long ret;

	if (child == 0)
		try_from(trial, first);
	if (vmt_sys_failed(child) || !can_wait(trial))
		return -EPERM;
	do
		ret = vmt_sys6(SYS_wait4, child, (long)&status, __WALL, 0, 0, 0);
	while (ret == -EINTR);
	if (vmt_sys_failed(ret))
		return ret;
	return (long)atomic_load_explicit(&trial->at, memory_order_acquire);
}

/* This early, there is no signal handler yet that the child could run. */
static uint64_t try_all(struct trial *trial)
{
	uint64_t kinds = vmt_filter_allowed();
	unsigned kills = 0;
	unsigned first = 0;

	while (first < vmt_filter_kind_count && kills <= KILLS_MOST) {
		long killer = run_trial(trial, first);

		if (killer < (long)first)
			return kinds;
		for (unsigned i = first; i < (unsigned)killer; i++)
			kinds |= UINT64_C(1) << i;
		kills += (unsigned)killer < vmt_filter_kind_count;
		first = (unsigned)killer + 1;
	}
	if (!atomic_load_explicit(&trial->can_run_tool, memory_order_acquire))
		return kinds;
	return kills ? kinds | VMT_FILTER_TOOL : VMT_FILTER_ALL;
}

static void try_in_child(uint64_t filters)
{
	long page = vmt_sys6(SYS_mmap, 0, (long)VMT_PAGE_SIZE, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (vmt_sys_failed(page))
		return;
	vmt_filter_set_allowed(try_all((struct trial *)page));
	vmt_filter_set_count(filters);
	vmt_sys6(SYS_munmap, page, (long)VMT_PAGE_SIZE, 0, 0, 0, 0);
}

/* No filter is so strict that it forbids writing; even seccomp's strict mode allows it. */
bool vmt_probe_write(const struct vmt_state *state)
{
	const long any[6] = { 0 };

	if (vmt_filter_is_open() || vmt_filter_may(SYS_write, any))
		return true;
	return state->is_filter_unknown && vmt_filter_allow(SYS_write);
}

static void ask_numbers(struct vmt_state *state)
{
	long pid = vmt_sys0(SYS_getpid);
	long parent = vmt_sys0(SYS_getppid);

	if (!vmt_sys_failed(pid))
		state->process.pid = (uint32_t)pid;
	if (!vmt_sys_failed(parent))
		state->process.parent_pid = (uint32_t)parent;
}

void vmt_probe_filter(struct vmt_state *state, bool forced)
{
	struct vmt_status self;

	if (!read_status(state, "/proc/self/status", &self) || self.seccomp == 0) {
		vmt_filter_set_allowed(VMT_FILTER_ALL);
		ask_numbers(state);
		return;
	}
	state->process.pid = (uint32_t)self.pid;
	state->process.parent_pid = (uint32_t)self.parent;
	vmt_filter_set_allowed(vmt_filter_basic(false));
	if (vmt_carry_take(state, self.pid, self.filters))
		vmt_filter_set_count(self.filters);
	else if (forced || may_try(state, &self))
		try_in_child(self.filters);
	else
		state->is_filter_unknown = true;
	ask_numbers(state); /* in a /proc of another namespace our numbers would differ */
	if (vmt_filter_is_in_the_way())
		vmt_state_note(state, VMT_NOTE_SECCOMP);
}
