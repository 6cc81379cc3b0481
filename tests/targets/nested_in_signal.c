/* SPDX-License-Identifier: MIT */
/*
 * A handler makes memory calls in the middle of those of the only thread, three deep: the second
 * and the third signal arrive while the first handler runs.
 */
#include <signal.h>
#include <sys/time.h>

#include "target.h"

static volatile sig_atomic_t nested;
static volatile sig_atomic_t is_due = 1; /* the timer has to be set again */

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
	if (signal_number == SIGALRM)
		is_due = 1;
	errno = saved;
}

/*
 * Set the timer for one signal only, because a handler that takes longer than a periodic timer
 * would leave no time for anything else.
 */
static void set_timer(void)
{
	const struct itimerval once = { { 0, 0 }, { 0, 200 } };

	is_due = 0;
	REQUIRE(setitimer(ITIMER_REAL, &once, NULL) == 0);
}

int main(int argc, char **argv)
{
	const long wanted = argument(argc, argv, 1, 2000);
	const int signals[] = { SIGALRM, SIGUSR1, SIGUSR2 };
	struct sigaction action = { .sa_handler = nest, .sa_flags = SA_RESTART };

	for (size_t i = 0; i < 3; i++)
		REQUIRE(sigaction(signals[i], &action, NULL) == 0);
	while (nested < wanted) {
		if (is_due)
			set_timer();
		map_and_cut();
	}
	printf("nested at least %ld times\n", wanted);
	return 0;
}
