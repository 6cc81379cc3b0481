/* SPDX-License-Identifier: MIT */
/*
 * Runs a command under a seccomp filter of a well-known kind: under_filter PROFILE HOW COMMAND...
 *
 * PROFILE:
 *
 *   - docker: Docker's default (moby's seccomp/default.json, no capabilities, x86-64); calls that
 *     are not listed fail with EPERM
 *   - service: like systemd's SystemCallFilter=@system-service, which kills for all other calls
 *   - denies: a list of calls that fail, as in Flatpak
 *   - skips: ioctl is not made, and returns 0 as if it were
 *   - all: everything is allowed
 *   - few, few-eperm: what a small program and its ld.so need; other calls kill, or fail with EPERM
 *
 * HOW:
 *
 *   - exec: the filter is installed, and the command is executed
 *   - fork: a child executes the command and is waited for, as in a container's shell
 *
 * PRE in the environment names a library to preload into the command.
 */
#include <linux/audit.h>
#include <sched.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "filter.h"

#define SIZE   400
#define NEW    0x7e020000 /* CLONE_NEW… */
#define CLONE3 435

struct range {
	unsigned short first;
	unsigned short last;
};

static const struct range docker[] = {
	{ 0, 55 },    { 57, 102 },  { 104, 133 }, { 137, 138 }, { 140, 152 }, { 154, 154 },
	{ 157, 160 }, { 162, 162 }, { 186, 211 }, { 213, 226 }, { 228, 235 }, { 240, 245 },
	{ 247, 247 }, { 251, 255 }, { 257, 271 }, { 273, 278 }, { 280, 297 }, { 299, 299 },
	{ 301, 303 }, { 305, 307 }, { 309, 311 }, { 314, 319 }, { 322, 322 }, { 324, 334 },
	{ 424, 424 }, { 434, 434 }, { 436, 437 }, { 439, 439 }, { 441, 441 }, { 444, 449 },
	{ 451, 458 }, { 462, 462 },
};

static const struct range service[] = {
	{ 0, 100 },   { 102, 102 }, { 104, 133 }, { 137, 152 }, { 157, 162 },
	{ 186, 245 }, { 247, 297 }, { 299, 307 }, { 309, 309 }, { 314, 320 },
	{ 322, 322 }, { 324, 334 }, { 424, 460 }, { 462, 462 },
};

static const int few[] = {
	SYS_read,
	SYS_mmap,
	SYS_munmap,
	SYS_mprotect,
	SYS_brk,
	SYS_exit_group,
	SYS_rt_sigreturn,
	SYS_newfstatat,
	SYS_fstat,
	SYS_execve,
	SYS_openat,
	SYS_access,
	SYS_pread64,
	SYS_close,
	SYS_arch_prctl,
	SYS_set_tid_address,
	SYS_set_robust_list,
	SYS_rseq,
	SYS_prlimit64,
	SYS_getrandom,
	SYS_futex,
};

static const int denied[] = {
	SYS_syslog,      SYS_acct,       SYS_quotactl,        SYS_add_key,       SYS_keyctl,
	SYS_request_key, SYS_move_pages, SYS_mbind,           SYS_get_mempolicy, SYS_set_mempolicy,
	SYS_unshare,     SYS_setns,      SYS_mount,           SYS_umount2,       SYS_pivot_root,
	SYS_chroot,      SYS_ptrace,     SYS_perf_event_open, SYS_personality,
};

static struct sock_filter program[SIZE];
static unsigned short length;

static void add(struct sock_filter step)
{
	REQUIRE(length < SIZE);
	program[length++] = step;
}

static void load(size_t offset)
{
	add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset));
}

static void answer(unsigned action)
{
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static void answer_range(struct range range, unsigned action)
{
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, range.first, 0, 2));
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, range.last, 1, 0));
	answer(action);
}

static void answer_ranges(const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		answer_range(ranges[i], SECCOMP_RET_ALLOW);
}

static void answer_numbers(const int *numbers, size_t count, unsigned action)
{
	for (size_t i = 0; i < count; i++)
		answer_range(
			(struct range){ (unsigned short)numbers[i], (unsigned short)numbers[i] },
			action);
}

/*
 * Docker allows clone without new namespaces, and the values of personality that ordinary programs
 * use.
 */
static void answer_dockers_arguments(void)
{
	static const unsigned personalities[] = { 0, 8, 0x20000, 0x20008, 0xffffffff };

	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4));
	load(offsetof(struct seccomp_data, args[0]));
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NEW, 1, 0));
	answer(SECCOMP_RET_ALLOW);
	answer(SECCOMP_RET_ERRNO | EPERM);
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_personality, 0, 11));
	load(offsetof(struct seccomp_data, args[0]));
	for (size_t i = 0; i < sizeof(personalities) / sizeof(personalities[0]); i++) {
		add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, personalities[i], 0,
						 1));
		answer(SECCOMP_RET_ALLOW);
	}
	answer_range((struct range){ CLONE3, CLONE3 }, SECCOMP_RET_ERRNO | ENOSYS);
}

static void make_filter(const char *profile)
{
	const unsigned refuse = SECCOMP_RET_ERRNO | EPERM;

	load(offsetof(struct seccomp_data, arch));
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0));
	answer(SECCOMP_RET_KILL_PROCESS);
	load(offsetof(struct seccomp_data, nr));
	if (!strcmp(profile, "docker")) {
		answer_ranges(docker, sizeof(docker) / sizeof(docker[0]));
		answer_dockers_arguments();
		answer(refuse);
	} else if (!strcmp(profile, "service")) {
		answer_ranges(service, sizeof(service) / sizeof(service[0]));
		answer(SECCOMP_RET_KILL_PROCESS);
	} else if (!strcmp(profile, "denies")) {
		answer_numbers(denied, sizeof(denied) / sizeof(denied[0]), refuse);
		answer(SECCOMP_RET_ALLOW);
	} else if (!strcmp(profile, "skips")) {
		answer_range((struct range){ SYS_ioctl, SYS_ioctl }, SECCOMP_RET_ERRNO);
		answer(SECCOMP_RET_ALLOW);
	} else if (!strcmp(profile, "all")) {
		answer(SECCOMP_RET_ALLOW);
	} else {
		answer_numbers(few, sizeof(few) / sizeof(few[0]), SECCOMP_RET_ALLOW);
		answer_range((struct range){ SYS_write, SYS_write }, SECCOMP_RET_ALLOW);
		answer(!strcmp(profile, "few-eperm") ? refuse : SECCOMP_RET_KILL_PROCESS);
	}
}

int main(int argc, char **argv)
{
	const char *library = getenv("PRE");
	int status;
	pid_t pid;

	REQUIRE(argc > 3);
	make_filter(argv[1]);
	set_filter(program, length);
	if (library && *library)
		setenv("LD_PRELOAD", library, 1);
	unsetenv("PRE");
	if (!strcmp(argv[2], "fork")) {
		pid = fork();
		REQUIRE(pid >= 0);
		if (pid > 0) {
			REQUIRE(waitpid(pid, &status, 0) == pid);
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		}
	}
	execvp(argv[3], argv + 3);
	return 127;
}
