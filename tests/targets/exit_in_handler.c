/* SPDX-License-Identifier: MIT */
/*
 * Calls exit() from a signal handler that has interrupted memory calls ("timer") or a fault
 * ("fault"). The standards do not allow this, but many programs do it.
 */
#include <signal.h>
#include <sys/time.h>

#include "target.h"

static void leave(int signal_number)
{
	exit(signal_number == SIGALRM ? 11 : 12);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = leave };
	struct itimerval once = { { 0, 0 }, { 0, 20000 } };

	REQUIRE(sigaction(SIGALRM, &action, NULL) == 0);
	REQUIRE(sigaction(SIGSEGV, &action, NULL) == 0);
	puts("soon");
	if (argc > 1 && strcmp(argv[1], "fault") == 0) {
		char *at = map_pages(1);

		REQUIRE(mprotect(at, PAGE, PROT_NONE) == 0);
		*(volatile char *)at = 1;
	}
	REQUIRE(setitimer(ITIMER_REAL, &once, NULL) == 0);
	for (;;)
		map_and_cut();
}
