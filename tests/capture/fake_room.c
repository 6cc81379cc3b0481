/* SPDX-License-Identifier: MIT */
/*
 * The doors with nothing behind them: a preloadable library of capture/ and a vmt_call() that
 * counts and forwards. CAPTURE_OUT=FILE, of 4096 bytes: a 64-bit counter for each system call
 * number, shared by all processes. A failing madvise with MARKER as its length tells strace where
 * counting begins. CAPTURE_DOORS=1 leaves door 2 closed. Built by run.sh; never installed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "capture/next.h"
#include "core/base/calls.h"
#include "os/libc.h"
#include "os/shim.h"
#include "os/sys.h"
#include "patch/gate.h"
#include "patch/patch.h"
#include "patch/stubs.h"
#include "state/state.h"

#define MARKER 77777777

/* The malloc door needs it if it has blocks, which it never gets here. */
VMT_DATA struct vmt_state *vmt_state = NULL;

VMT_EXPORT VMT_DATA long (*vmatrace_fake_hook)(long nr, const struct vmt_regs *regs) = NULL;
static VMT_DATA unsigned long *counters = NULL;
static VMT_DATA long recording_pid = 0;

static void count(long nr)
{
	if (counters && nr >= 0 && nr < 512)
		__atomic_fetch_add(&counters[nr], 1, __ATOMIC_RELAXED);
}

static void scan(long at, const long args[6])
{
	const struct vmt_range text = { (uint64_t)at, (uint64_t)(at + args[1]) };
	const struct vmt_patch_module module = { text, text, (int)args[4] };

	if (vmt_patch_scan(&module))
		count(511);
}

/* As in the real library, when text appears or goes. */
static void follow_text(long nr, const long args[6], long ret)
{
	if (nr == SYS_mmap && !vmt_sys_failed(ret) && (args[2] & PROT_EXEC) &&
	    (args[2] & PROT_READ) && !(args[3] & (MAP_ANONYMOUS | MAP_SHARED)))
		scan(ret, args);
	if (nr == SYS_munmap && !ret)
		vmt_stubs_forget((uint64_t)args[0], (uint64_t)(args[0] + args[1]));
}

/* For gate.S: it always finds room on the program's stack. */
_Atomic uint32_t vmt_phase VMT_DATA = 0;
static _Atomic uint32_t alive VMT_DATA = VMT_ALIVE;
_Atomic uint32_t *vmt_alive VMT_DATA = &alive;
__thread struct vmt_thread vmt_this_thread;

long vmt_call_on_own_stack(long nr, const long args[6], const struct vmt_regs *regs)
{
	return vmt_call_on_program_stack(nr, args, regs);
}

long vmt_call_on_program_stack(long nr, const long args[6], const struct vmt_regs *regs)
{
	long ret;

	count(nr);
	if (vmatrace_fake_hook)
		vmatrace_fake_hook(nr, regs);
	ret = vmt_sys6(nr, args[0], args[1], args[2], args[3], args[4], args[5]);
	follow_text(nr, args, ret);
	return ret;
}

bool vmt_user_args_is_userfault(int fd)
{
	return fd < 0; /* now and then the wrapper makes the call itself */
}

_Noreturn void vmt_last_act(int status)
{
	if (vmt_sys0(SYS_getpid) == recording_pid)
		count(SYS_exit_group);
	for (;;)
		vmt_sys1(SYS_exit_group, status);
}

void vmt_keep_error(const struct vmt_regs *regs)
{
	(void)regs;
}

void vmt_keep_before_leaving(void)
{
}

uint64_t vmt_last_claim(void)
{
	return 0;
}

_Noreturn void vmt_last_act_claimed(int status)
{
	vmt_last_act(status);
}

void vmt_refused_by_clone(long result)
{
	(void)result;
}

void vmt_last_thread(int status, uint64_t storage)
{
	(void)status, (void)storage;
}

static const char *find(char **envp, const char *name)
{
	size_t len = strlen(name);

	for (; *envp; envp++) {
		if (!strncmp(*envp, name, len) && (*envp)[len] == '=')
			return *envp + len + 1;
	}
	return NULL;
}

static void map_counters(const char *path)
{
	long fd = path ? vmt_sys4(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0) : -1;
	long addr;

	if (fd < 0)
		return;
	addr = vmt_sys6(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	vmt_sys1(SYS_close, fd);
	if (!vmt_sys_failed(addr))
		counters = (unsigned long *)addr;
}

__attribute__((constructor)) static void start(int argc, char **argv, char **envp)
{
	const char *doors = find(envp, "CAPTURE_DOORS");
	struct vmt_patch_result result = { .found = 0 };
	int opened = -1;
	int hooked = -1;

	(void)argc;
	(void)argv;
	recording_pid = vmt_sys0(SYS_getpid);
	vmt_gate_is_strict = 1;
	vmt_libc_find();
	vmt_next_resolve();
	if (!doors || strcmp(doors, "1")) {
		opened = vmt_patch_open(doors && !strcmp(doors, "mprotect"), &result);
		hooked = vmt_patch_hook_exit();
	}
	if (find(envp, "CAPTURE_SHOW"))
		fprintf(stderr, "open %d found %u patched %u other %u/%u notes %lx exit %d\n",
			opened, result.found, result.patched, result.other_patched,
			result.other_found, (unsigned long)result.notes, hooked);
	map_counters(find(envp, "CAPTURE_OUT"));
	vmt_sys3(SYS_madvise, 0, MARKER, 12345);
}
