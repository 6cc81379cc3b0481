/* SPDX-License-Identifier: MIT */
/*
 * A scheduler of fibers in user space: each fiber has a stack of 64 KiB with a guard page below it,
 * and the fibers run in turn. Arguments: "mprotect" or "install" (MADV_GUARD_INSTALL, Linux 6.13;
 * the exit status is 77 where the kernel lacks this), and the number of fibers.
 */
#include "pattern.h"

#include <stdbool.h>
#include <ucontext.h>

#define GUARD_INSTALL 102
#define STACK         (16 * PAGE)

struct fiber {
	ucontext_t context;
	long turns;
};

static ucontext_t scheduler;
static struct fiber *current;

static void work(void)
{
	for (;;) {
		current->turns++;
		REQUIRE(swapcontext(&current->context, &scheduler) == 0);
	}
}

static char *make_stack(bool by_mprotect)
{
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	REQUIRE(stack != MAP_FAILED);
	if (by_mprotect)
		REQUIRE(mprotect(stack, PAGE, PROT_NONE) == 0); /* the fibers' guard */
	else if (madvise(stack, PAGE, GUARD_INSTALL))
		exit(CANNOT);
	return stack;
}

static void spawn(struct fiber *fiber, bool by_mprotect)
{
	REQUIRE(getcontext(&fiber->context) == 0);
	fiber->context.uc_stack.ss_sp = make_stack(by_mprotect);
	fiber->context.uc_stack.ss_size = STACK;
	makecontext(&fiber->context, work, 0);
}

static void turn(struct fiber *fiber)
{
	current = fiber;
	REQUIRE(swapcontext(&scheduler, &fiber->context) == 0);
}

int main(int argc, char **argv)
{
	bool by_mprotect = argc < 2 || !strcmp(argv[1], "mprotect");
	long count = argument(argc, argv, 2, 2000);
	struct fiber *fibers = calloc((size_t)count, sizeof(*fibers));
	long turns = 0;

	REQUIRE(fibers);
	for (long i = 0; i < count; i++)
		spawn(&fibers[i], by_mprotect);
	for (long round = 0; round < 3; round++) {
		for (long i = 0; i < count; i++)
			turn(&fibers[i]);
	}
	for (long i = 0; i < count; i++)
		turns += fibers[i].turns;
	REQUIRE(turns == 3 * count);

	stay();
	free(fibers);
	return 0;
}
