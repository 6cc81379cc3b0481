/* SPDX-License-Identifier: MIT */
/*
 * Ends by system call instructions of its own, as Go's runtime does, with 40 more maps than at its
 * start. The way: group thread small_stack no_stack vfork fork two hidden. Output and status must
 * be the same as without tracing, and the report must be about the end of the program; only the
 * hidden way cannot be seen by anybody.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "target.h"

#define SMALL 512 /* what is left of a goroutine's stack when Go ends the process */

/* The instructions of runtime.exit and runtime.exitThread. */
__asm__(".text\n\t"
	".p2align 5\n"
	"leave_group:\n\t"
	"mov $0xe7, %eax\n\t"
	"syscall\n\t"
	"ret\n\t"
	".p2align 5\n"
	"leave_thread:\n\t"
	"mov $0x3c, %eax\n\t"
	"syscall\n\t"
	"int $3\n");
_Noreturn void leave_group(int status) __asm__("leave_group");
_Noreturn void leave_thread(int status) __asm__("leave_thread");

static char *own_stack(size_t size)
{
	char *stack = mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(stack != MAP_FAILED);
	REQUIRE(mprotect(stack + PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
	return stack + PAGE + size;
}

/* Only SMALL bytes lie between the stack pointer and a page that may not be touched. */
static void leave_on_small_stack(int status)
{
	__asm__ volatile("mov %0, %%rsp\n\t"
			 "mov $0xe7, %%eax\n\t"
			 "syscall\n\t"
			 "hlt"
			 :
			 : "r"(own_stack(SMALL)), "D"(status)
			 : "rax", "memory");
}

static _Atomic int thread_is_leaving;

/* The stack pointer does not point to a stack any more: others may own that memory. */
static void *leave_without_stack(void *nothing)
{
	thread_is_leaving = 1;
	__asm__ volatile("xor %%esp, %%esp\n\t"
			 "xor %%edi, %%edi\n\t"
			 "mov $0x3c, %%eax\n\t"
			 "syscall\n\t"
			 "hlt" ::
				 : "rax", "rdi", "memory");
	return nothing;
}

static void merge_by_kernel(void)
{
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, leave_without_stack, NULL) == 0);
	REQUIRE(pthread_join(thread, NULL) == 0);
}

static void *leave_with_9(void *nothing)
{
	(void)nothing;
	leave_group(9);
}

/* Either thread may be the first, so both end with the same status. */
static void race_to_leave(void)
{
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, leave_with_9, NULL) == 0);
	_exit(9);
}

static int leave_in_child(void *nothing)
{
	(void)nothing;
	leave_group(7);
}

/* The number of the call is in no instruction. */
static void leave_hidden(int status)
{
	volatile long nr = SYS_exit_group;

	__asm__ volatile("syscall" : : "a"(nr), "D"(status) : "rcx", "r11", "memory");
}

static void wait_for(pid_t child)
{
	int status = 0;

	REQUIRE(waitpid(child, &status, 0) == child);
	printf("child: %d\n", WEXITSTATUS(status));
	fflush(stdout);
}

static void leave(const char *way)
{
	pid_t child;

	if (strcmp(way, "thread") == 0)
		leave_thread(6);
	if (strcmp(way, "small_stack") == 0)
		leave_on_small_stack(8);
	if (strcmp(way, "no_stack") == 0)
		merge_by_kernel();
	if (strcmp(way, "hidden") == 0)
		leave_hidden(0);
	if (strcmp(way, "two") == 0)
		race_to_leave();
	if (strcmp(way, "vfork") == 0)
		wait_for(clone(leave_in_child, own_stack(PAGE), CLONE_VM | CLONE_VFORK | SIGCHLD,
			       NULL));
	if (strcmp(way, "fork") == 0) {
		child = fork();
		REQUIRE(child >= 0);
		if (child == 0) {
			map_and_cut();
			leave_group(7);
		}
		wait_for(child);
	}
	leave_group(5);
}

int main(int argc, char **argv)
{
	for (int i = 0; i < 40; i++)
		REQUIRE(mmap(NULL, PAGE, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0) != MAP_FAILED);
	puts("mapped");
	fflush(stdout);
	leave(argc > 1 ? argv[1] : "group");
}
