/* SPDX-License-Identifier: MIT */
/*
 * Programs that take away their own surroundings and go on mapping, in themselves and in a child:
 *
 *	changes_root rights	gives up root's rights for good
 *	changes_root chroot	makes an empty folder its root
 *	changes_root proc	unmounts /proc, in a mount namespace of its own
 *	changes_root closed	the same, and closes every descriptor but 0, 1 and 2
 */
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "target.h"

static void give_up_rights(void)
{
	if (getuid() != 0)
		return;
	REQUIRE(setgroups(0, NULL) == 0);
	REQUIRE(setresgid(65534, 65534, 65534) == 0);
	REQUIRE(setresuid(65534, 65534, 65534) == 0);
	REQUIRE(setuid(0) == -1);
}

/* Where the program does not run as root, a user namespace gives it the right to unmount. */
static void unshare_mounts(void)
{
	REQUIRE(unshare(CLONE_NEWNS | (getuid() == 0 ? 0 : CLONE_NEWUSER)) == 0);
	REQUIRE(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
}

static void change_root(void)
{
	char folder[] = "/tmp/changes_root.XXXXXX";

	if (getuid() != 0)
		unshare_mounts();
	REQUIRE(mkdtemp(folder));
	REQUIRE(chroot(folder) == 0);
	REQUIRE(chdir("/") == 0);
	REQUIRE(access("/proc", F_OK) == -1);
}

static void unmount_proc(void)
{
	unshare_mounts();
	REQUIRE(umount2("/proc", MNT_DETACH) == 0);
	REQUIRE(access("/proc/self", F_OK) == -1);
}

static int child(void)
{
	for (int i = 0; i < 100; i++)
		map_and_cut();
	return 4;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int status;
	pid_t pid;

	map_and_cut();
	if (strcmp(what, "rights") == 0)
		give_up_rights();
	else if (strcmp(what, "chroot") == 0)
		change_root();
	else if (strcmp(what, "proc") == 0 || strcmp(what, "closed") == 0)
		unmount_proc();
	else
		return 2;
	if (strcmp(what, "closed") == 0)
		closefrom(3);
	for (int i = 0; i < 100; i++)
		map_and_cut();
	map_pages(3);
	pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0)
		_exit(child());
	REQUIRE(waitpid(pid, &status, 0) == pid);
	printf("went on without its %s, child %d\n", what, WEXITSTATUS(status));
	return 0;
}
