/* SPDX-License-Identifier: MIT */
/*
 * The program under check runs as it would without us: with the same streams, and the same
 * environment except for LD_PRELOAD and VMATRACE_OPTIONS. Its report is switched off, or that of the
 * end is; its recording and those of its children are kept until they are judged. See launch.h.
 */
#include "input/load.h"
#include "run/child.h"
#include "run/ending.h"
#include "run/launch.h"
#include "run/locate.h"
#include "run/target.h"
#include "util/message.h"
#include "util/must.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OTHERS_STEPS 400 /* of 5 ms: two seconds */

/* Nobody else can list this folder. */
void vmt_launch_admit_others(const char *directory)
{
	char *lost = vmt_must_format("%s/" VMT_LOAD_LOST, directory);

	if (!geteuid() && !mkdir(lost, 0700))
		(void)!chmod(lost, 01733);
	free(lost);
}

void vmt_launch_dismiss_others(const char *directory)
{
	char *lost = vmt_must_format("%s/" VMT_LOAD_LOST, directory);

	(void)!rmdir(lost);
	free(lost);
}

static int make_directory(struct vmt_launch *launch)
{
	const char *where = getenv("TMPDIR");
	char *path = vmt_must_format("%s/vmatrace-check.XXXXXX", where && *where ? where : "/tmp");
	int ret = 0;

	if (strlen(path) >= 250 || strchr(path, ':') || !mkdtemp(path) ||
	    !realpath(path, launch->directory)) {
		vmt_message("cannot make the temporary directory %s: %s; set TMPDIR to one that "
			    "is short and writable.",
			    path, strerror(errno));
		launch->directory[0] = '\0';
		ret = VMT_EXIT_FAILED;
	}
	if (!ret) {
		vmt_launch_admit_others(launch->directory);
		if (!geteuid())
			(void)!chmod(launch->directory,
				     0711); /* others can reach that, and list nothing */
	}
	free(path);
	return ret;
}

/* Join "one:two"; either may be missing. */
static void set_merged(const char *name, const char *first, const char *second)
{
	bool has_both = first && *first && second && *second;
	char *value = vmt_must_format("%s%s%s", first ? first : "", has_both ? ":" : "",
				      second ? second : "");

	setenv(name, value, 1);
	free(value);
}

int vmt_launch_environment(const char *directory, const char *report, const char *options)
{
	char library[PATH_MAX];
	char *own;

	if (vmt_locate_library(library, sizeof(library))) {
		vmt_message("libvmatrace.so is not beside this tool; install both, or build both.");
		return VMT_EXIT_FAILED;
	}
	if (strpbrk(library, ": ")) {
		vmt_message("%s: LD_PRELOAD takes no path with spaces or colons; move it.",
			    library);
		return VMT_EXIT_FAILED;
	}
	own = vmt_must_format("%s%sreport=%s:dir=%s", options ? options : "", options ? ":" : "",
			      report, directory);
	set_merged("LD_PRELOAD", library, getenv("LD_PRELOAD"));
	set_merged("VMATRACE_OPTIONS", getenv("VMATRACE_OPTIONS"), own);
	free(own);
	return 0;
}

int vmt_launch_child(const char *path, char **command, pid_t *ret_pid, int *ret_wait_status)
{
	int ret = vmt_child_run(path, command, environ, ret_pid, ret_wait_status);

	if (!ret)
		return 0;
	vmt_message("%s cannot be started: %s", path, strerror(-ret));
	return ret == -ENOENT ? VMT_EXIT_NOT_FOUND : VMT_EXIT_CANNOT;
}

int vmt_launch_status(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/* Record the end of a killed program, which could not do so itself. */
static void write_ending(const struct vmt_launch *launch, int wait_status)
{
	struct vmt_recordings recordings = { NULL, 0 };

	if (!vmt_load_process(&recordings, launch->directory, launch->pid, 0) && recordings.count)
		vmt_ending_write(recordings.item[0].name, wait_status);
	vmt_load_free(&recordings);
}

/*
 * Processes that PROGRAM leaves behind become children of this one. Most end at once, and are judged then
 * like all others; a daemon goes on, and is not compared.
 */
static void wait_for_others(void)
{
	const struct timespec step = { 0, 5000000 };
	pid_t pid = 1;

	for (int i = 0; i < OTHERS_STEPS && pid >= 0; i++) {
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (!pid)
			nanosleep(&step, NULL);
	}
}

static int run_and_wait(const char *path, char **command, struct vmt_launch *launch,
			int *ret_wait_status)
{
	int ret;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	ret = vmt_launch_child(path, command, &launch->pid, ret_wait_status);
	if (!ret)
		wait_for_others();
	return ret;
}

int vmt_launch_run(char **command, struct vmt_launch *ret_launch)
{
	static struct vmt_target target;
	struct vmt_launch *launch = ret_launch;
	int wait_status = 0;
	int ret = vmt_target_check(command[0], &target);

	launch->directory[0] = '\0';
	if (ret)
		vmt_message("%s", target.problem);
	if (!ret)
		ret = make_directory(launch);
	if (!ret)
		ret = vmt_launch_environment(launch->directory, "0", NULL);
	if (!ret)
		ret = run_and_wait(target.path, command, launch, &wait_status);
	if (ret)
		return ret;
	signal(SIGPIPE, SIG_IGN); /* who reads the verdict may leave: the directory must not stay */
	write_ending(launch, wait_status);
	launch->status = vmt_launch_status(wait_status);
	launch->signal = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
	return 0;
}

static void remove_all(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (*entry->d_name != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
	rmdir(path);
}

void vmt_launch_clean(struct vmt_launch *launch)
{
	char *lost = vmt_must_format("%s/" VMT_LOAD_LOST, launch->directory);

	if (*launch->directory) {
		remove_all(lost);
		remove_all(launch->directory);
	}
	free(lost);
}
