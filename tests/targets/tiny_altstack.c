/* SPDX-License-Identifier: MIT */
/*
 * A handler makes memory calls on the smallest alternate signal stack that works, with a page below
 * it that may not be touched.
 */
#include <signal.h>

#include "target.h"

/* So many bytes may the handler, libc, and a library between them use. */
#define ROOM 6144

static volatile sig_atomic_t handled;

static void map_something(int signal_number)
{
	void *at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)signal_number;
	if (at != MAP_FAILED && munmap(at, PAGE) == 0)
		handled++;
}

int main(void)
{
	const size_t size = ((size_t)sysconf(_SC_MINSIGSTKSZ) + ROOM + PAGE - 1) & ~(PAGE - 1);
	struct sigaction action = { .sa_handler = map_something, .sa_flags = SA_ONSTACK };
	char *at = map_pages(size / PAGE + 1);
	stack_t stack = { .ss_sp = at + PAGE, .ss_size = size };

	REQUIRE(mprotect(at, PAGE, PROT_NONE) == 0);
	REQUIRE(sigaltstack(&stack, NULL) == 0);
	REQUIRE(sigaction(SIGUSR1, &action, NULL) == 0);
	for (int i = 0; i < 100; i++)
		raise(SIGUSR1);
	printf("handled %d\n", (int)handled);
	return 0;
}
