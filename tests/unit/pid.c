/* SPDX-License-Identifier: MIT */
/*
 * A process is running until it ends, whether or not anybody has reaped it: in a container, process 1
 * may reap none. Nothing needs a descriptor for that.
 */
#include "os/pid.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t child;

static void start_child(void)
{
	child = fork();
	cr_assert_geq(child, 0);
	if (!child)
		for (;;)
			pause();
}

/* It is not reaped. */
static void end_child(void)
{
	siginfo_t info;

	cr_assert_eq(kill(child, SIGKILL), 0);
	cr_assert_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
}

Test(pid, running_until_it_ends, .init = start_child)
{
	cr_assert(vmt_pid_is_running(child));
	end_child();
	cr_assert_not(vmt_pid_is_running(child));
	cr_assert_eq(waitpid(child, NULL, 0), child);
	cr_assert_not(vmt_pid_is_running(child));
}

Test(pid, without_descriptors, .init = start_child)
{
	struct rlimit before;
	struct rlimit none;
	bool running;
	bool ended;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	running = vmt_pid_is_running(child);
	kill(child, SIGKILL);
	waitid(P_PID, (id_t)child, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	ended = !vmt_pid_is_running(child);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0); /* Criterion needs some */
	waitpid(child, NULL, 0);
	cr_assert(running);
	cr_assert(ended);
}

Test(pid, no_process)
{
	cr_assert_not(vmt_pid_is_running(0));
	cr_assert_not(vmt_pid_is_running(-1));
}
