/* SPDX-License-Identifier: MIT */
/*
 * ends WAY STATUS: leaves twenty maps behind and ends in one of many ways. With "nothing" there are
 * none, unless DESTRUCTOR is set; with "fork" they are a child's.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int status;

static void leak(void)
{
	for (int i = 0; i < 20; i++)
		mmap(NULL, 4096, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

__attribute__((destructor)) static void leak_last(void)
{
	if (getenv("DESTRUCTOR"))
		leak();
}

static void *call_exit(void *unused)
{
	(void)unused;
	exit(status);
}

static void *call__exit(void *unused)
{
	(void)unused;
	_exit(status);
}

static void in_thread(void *(*function)(void *))
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, function, NULL))
		pthread_join(thread, NULL);
}

static int in_child(void)
{
	int child_status = 0;

	if (!fork()) {
		leak();
		_exit(status);
	}
	wait(&child_status);
	return WEXITSTATUS(child_status);
}

static void end(const char *way)
{
	if (!strcmp(way, "exit"))
		exit(status);
	if (!strcmp(way, "_exit"))
		_exit(status);
	if (!strcmp(way, "quick_exit"))
		quick_exit(status);
	if (!strcmp(way, "exit_group"))
		syscall(SYS_exit_group, status);
	if (!strcmp(way, "thread_exit"))
		in_thread(call_exit);
	if (!strcmp(way, "thread__exit"))
		in_thread(call__exit);
	if (!strcmp(way, "pthread_exit"))
		pthread_exit(NULL);
	if (!strcmp(way, "kill"))
		raise(SIGKILL);
	if (!strcmp(way, "segv"))
		raise(SIGSEGV);
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "return";

	status = argc > 2 ? atoi(argv[2]) : 0;
	if (!strcmp(way, "nothing"))
		return status;
	if (!strcmp(way, "fork"))
		return in_child();
	if (!strcmp(way, "atexit")) {
		atexit(leak);
		return status;
	}
	if (!strcmp(way, "at_quick_exit")) {
		at_quick_exit(leak);
		quick_exit(status);
	}
	leak();
	end(way);
	return status;
}
