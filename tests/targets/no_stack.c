/* SPDX-License-Identifier: MIT */
/*
 * Threads that unmap their own stacks, with thread-local storage on these stacks and without, and
 * calls with a stack pointer that does not point to a stack.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

#include "target.h"

#define ROUNDS 50
#define SIZE   (64 * 1024)

void no_stack_unmap_self(void *start, unsigned long size);
long no_stack_unmap(void *start, unsigned long size);

static _Atomic pid_t running;

static int end_raw(void *stack)
{
	no_stack_unmap_self(stack, SIZE);
	return 0;
}

static void *end_whole(void *stack)
{
	running = (pid_t)syscall(SYS_gettid);
	map_and_cut();
	no_stack_unmap_self(stack, SIZE);
	return NULL;
}

/* Wait without a futex, because the kernel would wake it in memory that is gone. */
static void wait_for(pid_t thread)
{
	while (syscall(SYS_tgkill, getpid(), thread, 0) == 0)
		sched_yield();
}

static void unmap_raw(void)
{
	const int flags =
		CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
	char *stack = map_pages(SIZE / PAGE);
	int thread = clone(end_raw, stack + SIZE, flags, stack);

	REQUIRE(thread > 0);
	wait_for(thread);
}

static void unmap_whole(void)
{
	char *stack = map_pages(SIZE / PAGE);
	pthread_attr_t attributes;
	pthread_t thread;

	running = 0;
	REQUIRE(pthread_attr_init(&attributes) == 0);
	REQUIRE(pthread_attr_setstack(&attributes, stack, SIZE) == 0);
	REQUIRE(pthread_create(&thread, &attributes, end_whole, stack) == 0);
	while (!running)
		sched_yield();
	wait_for(running);
}

int main(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		unmap_raw();
		REQUIRE(no_stack_unmap(map_pages(3), 3 * PAGE) == 0);
	}
	/* This comes last, because glibc keeps a list of all threads in their stacks. */
	unmap_whole();
	puts("done");
	fflush(stdout);
	_exit(0);
}
