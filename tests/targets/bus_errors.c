/* SPDX-License-Identifier: MIT */
/*
 * What a program can see of SIGBUS: its action, its mask, its own faults and signals. With "cut"
 * the program also truncates every file in DIR that has its pid in the name, as somebody else
 * might, and goes on.
 *
 *	bus_errors WAY DIR	plain | handler | once | blocked | ignored | default | killed | threads
 */
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static sigjmp_buf back;
static volatile sig_atomic_t signals;
static const char *folder;

static void churn(int count)
{
	for (int i = 0; i < count; i++) {
		char *page = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (page == MAP_FAILED || munmap(page, 8192))
			puts("no memory");
	}
}

static void cut(void)
{
	char number[32], path[600];
	DIR *dir = opendir(folder);
	struct dirent *entry;

	snprintf(number, sizeof(number), ".%d", getpid());
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (strstr(entry->d_name, number) && truncate(path, 0))
			perror(path);
	}
	if (dir)
		closedir(dir);
	churn(1000);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	signals++;
	if (info->si_code > 0)
		siglongjmp(back, number);
}

static void show(const char *when)
{
	struct sigaction action;
	sigset_t mask, pending;

	sigaction(SIGBUS, NULL, &action);
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	sigpending(&pending);
	printf("%s: %s, flags %x, usr1 %d, blocked %d, pending %d, signals %d\n", when,
	       action.sa_handler == SIG_DFL     ? "default" :
	       action.sa_handler == SIG_IGN     ? "ignored" :
	       action.sa_sigaction == on_signal ? "own" :
						  "somebody's",
	       (unsigned)action.sa_flags, sigismember(&action.sa_mask, SIGUSR1),
	       sigismember(&mask, SIGBUS), sigismember(&pending, SIGBUS), (int)signals);
	fflush(stdout);
}

/* Touch a page that its file does not have. */
static void fault(void)
{
	FILE *file = tmpfile();
	char *volatile page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);

	if (!sigsetjmp(back, 1))
		*(volatile char *)page = 1;
	else
		puts("back from a fault");
	munmap(page, 4096);
	fclose(file);
}

static void set_handler(int flags)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = flags | SA_SIGINFO };
	struct sigaction was;

	sigaddset(&action.sa_mask, SIGUSR1);
	sigaction(SIGBUS, &action, &was);
	printf("was %s\n", was.sa_handler == SIG_DFL ? "default" : "another");
}

static void with_handler(int flags)
{
	show("before");
	set_handler(flags);
	show("set");
	raise(SIGBUS);
	show("raised");
	cut();
	show("cut");
	if (flags & SA_RESETHAND)
		set_handler(flags);
	fault();
	show("after");
	cut();
	signal(SIGBUS, SIG_DFL);
	show("reset");
}

static void blocked(void)
{
	struct timespec soon = { 0, 0 };
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	usleep(10000);
	cut();
	show("cut");
	kill(getpid(), SIGBUS);
	churn(100);
	show("raised");
	printf("waited for %d\n", sigtimedwait(&all, NULL, &soon));
	churn(100);
	show("waited");
}

static void run(const char *said)
{
	char shell[] = "sh", option[] = "-c";
	char command[] = "env -u LD_PRELOAD grep SigIgn /proc/self/status";
	char *argv[] = { shell, option, command, NULL };
	pid_t child;

	puts(said);
	fflush(stdout);
	if (posix_spawnp(&child, "sh", NULL, NULL, argv, environ) == 0)
		waitpid(child, NULL, 0);
	if (system(command))
		puts("cannot run");
}

static void ignored(void)
{
	signal(SIGBUS, SIG_IGN);
	raise(SIGBUS);
	show("ignored");
	run("children ignore it");
	cut();
	run("and still");
	signal(SIGBUS, SIG_DFL);
	run("no longer");
	signal(SIGBUS, SIG_IGN);
	execlp("env", "env", "-u", "LD_PRELOAD", "grep", "SigIgn", "/proc/self/status", NULL);
}

static void *thread(void *unused)
{
	sigset_t all;

	(void)unused;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	churn(20000);
	return NULL;
}

/*
 * Several threads fault at the same time, some of them with all signals blocked, while a child
 * runs.
 */
static void threads(void)
{
	pthread_t id[4];
	pid_t child;

	for (int i = 0; i < 4; i++)
		pthread_create(&id[i], NULL, thread, NULL);
	churn(1000);
	cut();
	child = fork();
	if (child == 0) {
		churn(100);
		cut();
		show("child");
		_exit(0);
	}
	waitpid(child, NULL, 0);
	for (int i = 0; i < 4; i++)
		pthread_join(id[i], NULL);
	show("threads");
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "plain";

	folder = argc > 2 ? argv[2] : ".";
	churn(100);
	if (!strcmp(way, "handler"))
		with_handler(0);
	else if (!strcmp(way, "once"))
		with_handler(SA_RESETHAND);
	else if (!strcmp(way, "blocked"))
		blocked();
	else if (!strcmp(way, "ignored"))
		ignored();
	else if (!strcmp(way, "threads"))
		threads();
	else
		cut();
	if (!strcmp(way, "default"))
		fault();
	if (!strcmp(way, "killed"))
		raise(SIGBUS);
	show("end");
	return 0;
}
