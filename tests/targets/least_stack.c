/* SPDX-License-Identifier: MIT */
/*
 * Does something on a stack of the given number of bytes, below which nothing is mapped: it maps,
 * calls malloc or exits in a coroutine, or maps in a signal handler on the alternate stack. It dies
 * if the stack is too small.
 */
#include <signal.h>
#include <ucontext.h>

#include "target.h"

static ucontext_t home;
static ucontext_t away;

static void map_something(void)
{
	char *at = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(at + PAGE, PAGE, PROT_NONE);
	madvise(at, PAGE, MADV_DONTNEED);
	munmap(at, 3 * PAGE);
}

static void allocate(void)
{
	free(malloc(300000));
}

static void leave(void)
{
	_exit(5);
}

static void leave_by_syscall(void)
{
	syscall(231 /* exit_group */, 5);
}

static void handle(int signal_number)
{
	(void)signal_number;
	map_something();
}

static char *stack_of(size_t size)
{
	size_t whole = (size + PAGE - 1) & ~(PAGE - 1);
	char *at = map_pages(whole / PAGE + 2);

	REQUIRE(munmap(at, PAGE) == 0);
	REQUIRE(munmap(at + PAGE + whole, PAGE) == 0);
	return at + PAGE;
}

static void run_once(void (*function)(void), char *stack, size_t size)
{
	REQUIRE(getcontext(&away) == 0);
	away.uc_stack.ss_sp = stack;
	away.uc_stack.ss_size = size;
	away.uc_link = &home;
	makecontext(&away, function, 0);
	REQUIRE(swapcontext(&home, &away) == 0);
}

static void run_on(void (*function)(void), size_t size)
{
	char *stack = stack_of(size);

	for (int i = 0; i < 3; i++)
		run_once(function, stack, size);
}

static void handle_on(size_t size)
{
	struct sigaction action = { .sa_handler = handle, .sa_flags = SA_ONSTACK };
	stack_t stack = { .ss_sp = stack_of(size), .ss_size = size };

	REQUIRE(sigaltstack(&stack, NULL) == 0);
	REQUIRE(sigaction(SIGUSR1, &action, NULL) == 0);
	for (int i = 0; i < 3; i++)
		REQUIRE(raise(SIGUSR1) == 0);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "map";
	size_t size = (size_t)argument(argc, argv, 2, 2048);

	if (strcmp(what, "map") == 0)
		run_on(map_something, size);
	else if (strcmp(what, "malloc") == 0)
		run_on(allocate, size);
	else if (strcmp(what, "exit") == 0)
		run_on(leave, size);
	else if (strcmp(what, "syscall") == 0)
		run_on(leave_by_syscall, size);
	else
		handle_on(size);
	return 0;
}
