/* SPDX-License-Identifier: MIT */
/*
 * What real programs do inside libc: threads with malloc, stdio, dlopen,
 * realloc of large blocks, every way to make a child, every way out.
 * Argument: the way out, exit | return | _exit | _Exit | quick | thread | group.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void *work(void *arg)
{
	void *blocks[64] = { 0 };

	for (int i = 0; i < 20000; i++) {
		int slot = i % 64;

		free(blocks[slot]);
		blocks[slot] = malloc((size_t)(i * 37 % 300000) + 64);
		memset(blocks[slot], i, 64);
	}
	for (int i = 0; i < 64; i++)
		free(blocks[i]);
	return arg;
}

static void threads(void)
{
	pthread_t thread[8];

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 8; i++)
			pthread_create(&thread[i], NULL, work, NULL);
		for (int i = 0; i < 8; i++)
			pthread_join(thread[i], NULL);
	}
}

static void blocks(void)
{
	char *p = malloc(200000);

	for (size_t size = 400000; size < 100000000; size *= 2)
		p = realloc(p, size);
	p[99] = 1;
	free(p);
	for (int i = 0; i < 50; i++) {
		FILE *file = fopen("/proc/self/status", "r");

		if (file)
			fclose(file);
	}
	for (int i = 0; i < 5; i++) {
		void *lib = dlopen("libm.so.6", RTLD_NOW);

		if (lib)
			dlclose(lib);
	}
}

static int in_clone(void *arg)
{
	free(malloc(1000000));
	return *(int *)arg;
}

static void show(const char *how, int pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	printf("%s status %x\n", how, (unsigned)status);
	fflush(stdout);
}

static void children(void)
{
	char *argv[] = { (char *)"true", NULL };
	static char stack[65536] __attribute__((aligned(16)));
	int code = 9;
	int pid;

	posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ);
	show("posix_spawn", pid);
	pid = fork();
	if (!pid) {
		work(NULL);
		exit(4);
	}
	show("fork", pid);
	pid = vfork();
	if (!pid) {
		execv("/bin/false", argv);
		_exit(127);
	}
	show("vfork", pid);
	pid = vfork();
	if (!pid)
		_exit(6);
	show("vfork and _exit", pid);
	pid = clone(in_clone, stack + sizeof(stack), SIGCHLD, &code);
	show("clone", pid);
	pid = clone(in_clone, stack + sizeof(stack), CLONE_VM | SIGCHLD, &code);
	show("clone CLONE_VM", pid);
	printf("system %d\n", system("exit 7"));
	fflush(stdout);
	pclose(popen("cat /dev/null", "r"));
}

static void *exit_from_thread(void *arg)
{
	exit(15);
	return arg;
}

static int leave(const char *how)
{
	pthread_t thread;

	if (!strcmp(how, "exit"))
		exit(11);
	if (!strcmp(how, "_exit"))
		_exit(12);
	if (!strcmp(how, "_Exit"))
		_Exit(13);
	if (!strcmp(how, "quick"))
		quick_exit(14);
	if (!strcmp(how, "group"))
		syscall(SYS_exit_group, 16);
	if (!strcmp(how, "thread")) {
		pthread_create(&thread, NULL, exit_from_thread, NULL);
		pthread_exit(NULL);
	}
	return 10;
}

int main(int argc, char **argv)
{
	if (argc > 2)
		return leave(argv[1]);
	threads();
	blocks();
	children();
	return leave(argc > 1 ? argv[1] : "return");
}
