/* SPDX-License-Identifier: MIT */
/*
 * Fork children that give up root, or their root folder, before their first memory call, as the workers
 * of a server do. Each then keeps 300 maps, and the parent makes none.
 *
 *	child_leaves_root setuid|setreuid|setresuid|seteuid|syscall|chroot
 *	child_leaves_root late		gives up root after a memory call
 *	child_leaves_root handler	gives up root in a signal handler, on a small stack
 *	child_leaves_root vfork		a vfork child of the child does, and executes a program
 *	child_leaves_root exec		executes a program afterwards
 */
#include <grp.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "target.h"

#define USER (getuid() == 0 ? 65534 : getuid())

static char folder[] = "/tmp/child_leaves_root.XXXXXX";
static char stack[1 << 16];
static volatile sig_atomic_t handled;

static void leave_uid(void)
{
	REQUIRE(getuid() != 0 || setgroups(0, NULL) == 0);
	REQUIRE(setgid(getgid() == 0 ? 65534 : getgid()) == 0);
	REQUIRE(setuid(USER) == 0);
}

static void leave_reuid(void)
{
	REQUIRE(setreuid(USER, USER) == 0);
}

static void leave_resuid(void)
{
	REQUIRE(setresuid(USER, USER, USER) == 0);
}

static void leave_euid(void)
{
	REQUIRE(seteuid(USER) == 0);
}

static void leave_by_syscall(void)
{
	REQUIRE(syscall(SYS_setresuid, USER, USER, USER) == 0);
}

static void leave_folder(void)
{
	REQUIRE(chroot(folder) == 0);
	REQUIRE(chdir("/") == 0);
}

static void leave_late(void)
{
	map_and_cut();
	leave_uid();
}

static void handle(int number)
{
	(void)number;
	errno = 0;
	handled = setuid(USER) == 0 && errno == 0 ? 1 : -1;
}

static void leave_in_handler(void)
{
	const struct sigaction action = { .sa_handler = handle, .sa_flags = SA_ONSTACK };

	REQUIRE(sigaltstack(
			&(stack_t){ .ss_sp = stack, .ss_size = getauxval(AT_MINSIGSTKSZ) + 4096 },
			NULL) == 0);
	REQUIRE(sigaction(SIGUSR1, &action, NULL) == 0);
	REQUIRE(raise(SIGUSR1) == 0);
	REQUIRE(handled == 1);
}

static void leave_in_vfork_child(void)
{
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		if (setuid(USER) == 0)
			execl("/bin/true", "true", (char *)NULL);
		_exit(9);
	}
	REQUIRE(waitpid(pid, &status, 0) == pid && status == 0);
}

static void leave_and_exec(void)
{
	leave_uid();
	execl("/bin/true", "true", (char *)NULL);
	_exit(9);
}

static const struct {
	const char *name;
	void (*leave)(void);
} ways[] = {
	{ "setuid", leave_uid },
	{ "setreuid", leave_reuid },
	{ "setresuid", leave_resuid },
	{ "seteuid", leave_euid },
	{ "syscall", leave_by_syscall },
	{ "chroot", leave_folder },
	{ "late", leave_late },
	{ "handler", leave_in_handler },
	{ "vfork", leave_in_vfork_child },
	{ "exec", leave_and_exec },
};

static void keep_maps(void)
{
	for (int i = 0; i < 300; i++) /* every second is of another kind, so that none merge */
		REQUIRE(mmap(NULL, PAGE, i % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0) != MAP_FAILED);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	size_t way = 0;
	int status;
	pid_t pid;

	while (way < sizeof(ways) / sizeof(*ways) && strcmp(name, ways[way].name) != 0)
		way++;
	if (way == sizeof(ways) / sizeof(*ways))
		return 2;
	REQUIRE(mkdtemp(folder));
	pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		ways[way].leave();
		keep_maps();
		_exit(4);
	}
	REQUIRE(waitpid(pid, &status, 0) == pid);
	REQUIRE(rmdir(folder) == 0);
	printf("child %d\n", WEXITSTATUS(status));
	return 0;
}
