/* SPDX-License-Identifier: MIT */
/* Makes as many allocations as the argument says, and then kills itself with SIGKILL. */
#include <signal.h>

#include "target.h"

int main(int argc, char **argv)
{
	long wanted = argument(argc, argv, 1, 1000);

	for (long i = 0; i < wanted; i++) {
		char *volatile block = malloc(64);

		REQUIRE(block);
	}
	raise(SIGKILL);
	return 1;
}
