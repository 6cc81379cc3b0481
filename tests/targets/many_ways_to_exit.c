/* SPDX-License-Identifier: MIT */
/*
 * The ways to end a process, by name: exit _exit quick_exit abort pthread_exit exec signal return
 * thread_exit exit_group kill segv segv_in_thread. Output that was already written must appear, and
 * the status must be the same as without tracing.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>

#include "target.h"

static void at_end(void)
{
	map_and_cut();
	puts("atexit");
}

static void at_quick_end(void)
{
	map_and_cut();
	puts("at_quick_exit");
	fflush(stdout);
}

static void *exit_from_thread(void *unused)
{
	(void)unused;
	exit(27);
}

static void *outlive(void *unused)
{
	(void)unused;
	usleep(20000);
	map_and_cut();
	return NULL;
}

static void *fault(void *unused)
{
	volatile int *volatile nowhere = NULL;

	*nowhere = 1;
	return unused;
}

static int die(const char *way)
{
	pthread_t thread;

	if (strcmp(way, "kill") == 0)
		raise(SIGKILL);
	if (strcmp(way, "segv") == 0)
		fault(NULL);
	if (strcmp(way, "segv_in_thread") == 0) {
		REQUIRE(pthread_create(&thread, NULL, fault, NULL) == 0);
		pthread_join(thread, NULL);
	}
	return 26;
}

static int leave(const char *way)
{
	pthread_t thread;

	if (strcmp(way, "exit") == 0)
		exit(21);
	if (strcmp(way, "_exit") == 0)
		_exit(22);
	if (strcmp(way, "quick_exit") == 0)
		quick_exit(23);
	if (strcmp(way, "abort") == 0)
		abort();
	if (strcmp(way, "pthread_exit") == 0) {
		REQUIRE(pthread_create(&thread, NULL, outlive, NULL) == 0);
		pthread_exit(NULL);
	}
	if (strcmp(way, "exec") == 0)
		execl("/bin/echo", "echo", "executed", (char *)NULL);
	if (strcmp(way, "signal") == 0)
		raise(SIGTERM);
	if (strcmp(way, "exit_group") == 0)
		syscall(SYS_exit_group, 28);
	if (strcmp(way, "thread_exit") == 0) {
		REQUIRE(pthread_create(&thread, NULL, exit_from_thread, NULL) == 0);
		pthread_join(thread, NULL);
	}
	return die(way);
}

int main(int argc, char **argv)
{
	REQUIRE(atexit(at_end) == 0);
	REQUIRE(at_quick_exit(at_quick_end) == 0);
	map_and_cut();
	puts("begun");
	fflush(stdout);
	return leave(argc > 1 ? argv[1] : "return");
}
