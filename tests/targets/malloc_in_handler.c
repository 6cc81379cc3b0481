/* SPDX-License-Identifier: MIT */
/*
 * Allocates in the program, and in a signal handler that may interrupt it anywhere, with an
 * allocator that allows this. Prints the number of allocations of both.
 */
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "target.h"

static volatile long handled;

static void handle(int number)
{
	char *volatile block = malloc(10);

	free(block);
	handled++;
	(void)number;
}

int main(void)
{
	const struct itimerval often = { { 0, 100 }, { 0, 100 } };
	const struct itimerval never = { { 0, 0 }, { 0, 0 } };
	char text[64];
	long made = 0;

	signal(SIGALRM, handle);
	setitimer(ITIMER_REAL, &often, NULL);
	while (handled < 500) {
		char *volatile block = malloc(10);

		free(block);
		made++;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	return write(1, text, (size_t)snprintf(text, sizeof(text), "%ld\n", made + handled)) < 0;
}
