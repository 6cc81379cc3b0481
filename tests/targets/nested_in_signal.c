/* SPDX-License-Identifier: MIT */
/*
 * One thread, and a handler that makes memory calls in the middle of the thread's own, three
 * deep: the second and third signal arrive while the first handler runs.
 */
#include <signal.h>
#include <sys/time.h>

#include "target.h"

static volatile sig_atomic_t nested;

static void nest(int signal_number)
{
	const int saved = errno;

	map_and_cut();
	if (signal_number == SIGALRM)
		raise(SIGUSR1);
	else if (signal_number == SIGUSR1)
		raise(SIGUSR2);
	else
		nested++;
	map_and_cut();
	errno = saved;
}

int main(int argc, char **argv)
{
	const long wanted = argument(argc, argv, 1, 2000);
	const int signals[] = { SIGALRM, SIGUSR1, SIGUSR2 };
	struct sigaction action = { .sa_handler = nest, .sa_flags = SA_RESTART };
	struct itimerval every = { { 0, 200 }, { 0, 200 } };

	for (size_t i = 0; i < 3; i++)
		REQUIRE(sigaction(signals[i], &action, NULL) == 0);
	REQUIRE(setitimer(ITIMER_REAL, &every, NULL) == 0);
	while (nested < wanted)
		map_and_cut();
	every = (struct itimerval){ 0 };
	setitimer(ITIMER_REAL, &every, NULL);
	printf("nested at least %ld times\n", wanted);
	return 0;
}
