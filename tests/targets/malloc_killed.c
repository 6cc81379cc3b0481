/* SPDX-License-Identifier: MIT */
/* As many allocations as the argument says, and then SIGKILL. */
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
