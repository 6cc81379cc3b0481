/* SPDX-License-Identifier: MIT */
/*
 * The child of `vmatrace run`. It must see nothing of ours: no open descriptor, no changed signal.
 * Signals from the terminal reach it directly; signals that others send to our pid are passed on.
 */
#include "run/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const int forwarded[] = { SIGHUP,  SIGINT,  SIGQUIT,  SIGTERM, SIGUSR1,
				 SIGUSR2, SIGALRM, SIGWINCH, SIGCONT };

static volatile sig_atomic_t child_pid;

static void forward(int signal, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)context;
	/* Signals from the kernel (the terminal) go to the whole process group anyway. */
	if (info->si_code <= 0 && info->si_pid != (pid_t)child_pid)
		kill((pid_t)child_pid, signal);
	errno = saved;
}

/* Ignored signals stay ignored, as under nohup(1). */
static void catch_signals(void)
{
	struct sigaction action = { .sa_sigaction = forward, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct sigaction old;

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++) {
		if (!sigaction(forwarded[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(forwarded[i], &action, NULL);
	}
}

static void block_signals(sigset_t *ret_old)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(&set, forwarded[i]);
	sigprocmask(SIG_BLOCK, &set, ret_old);
}

/* A script without "#!" is run by the shell, as execvp(3) does it. */
static void exec_shell(const char *path, char **argv, char **environment)
{
	static char sh[] = "/bin/sh";
	union {
		const char *constant;
		char *plain; /* for execve, which does not change it */
	} script = { path };
	size_t n = 0;
	char **shell;

	while (argv[n])
		n++;
	shell = calloc(n + 2, sizeof(*shell));
	if (!shell)
		return;
	shell[0] = sh;
	shell[1] = script.plain;
	for (size_t i = 1; i < n; i++)
		shell[i + 1] = argv[i];
	execve(sh, shell, environment);
	free(shell);
}

_Noreturn static void become(const char *path, char **argv, char **environment, int report_fd,
			     const sigset_t *mask)
{
	int error;

	sigprocmask(SIG_SETMASK, mask, NULL);
	execve(path, argv, environment);
	if (errno == ENOEXEC)
		exec_shell(path, argv, environment);
	error = errno;
	if (write(report_fd, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/* Returns the child's error, or 0: the pipe is closed when the child becomes the program. */
static int read_error(int fd)
{
	int error = 0;
	ssize_t n;

	do
		n = read(fd, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	close(fd);
	return n == (ssize_t)sizeof(error) ? error : 0;
}

/*
 * Processes that the child has left behind may be ours by now (PR_SET_CHILD_SUBREAPER). Whoever waits for
 * one of them to be gone, as by kill -0, waits until it is reaped.
 */
static void await(pid_t pid, int *ret_status)
{
	pid_t ended;
	int status;

	do {
		ended = waitpid(-1, &status, 0);
		if (ended == pid)
			*ret_status = status;
	} while (ended != pid && (ended > 0 || errno == EINTR));
}

int vmt_child_run(const char *path, char **argv, char **environment, pid_t *ret_pid,
		  int *ret_status)
{
	sigset_t old;
	int pipe_fd[2];
	int error;
	pid_t pid;

	if (pipe2(pipe_fd, O_CLOEXEC))
		return -errno;
	block_signals(&old);
	pid = fork();
	if (pid == 0)
		become(path, argv, environment, pipe_fd[1], &old);
	error = pid < 0 ? errno : 0;
	close(pipe_fd[1]);
	if (pid > 0) {
		child_pid = pid;
		catch_signals();
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (!error)
		error = read_error(pipe_fd[0]);
	else
		close(pipe_fd[0]);
	if (pid < 0)
		return -error;
	await(pid, ret_status);
	*ret_pid = pid;
	return -error;
}
