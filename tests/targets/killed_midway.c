/* SPDX-License-Identifier: MIT */
/* Makes a known number of maps in one line, and is killed: the recording must stay readable. */
#include <signal.h>

#include "target.h"

int main(void)
{
	for (int i = 0; i < 500; i++)
		REQUIRE(mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0) !=
			MAP_FAILED);
	puts("500 maps");
	fflush(stdout);
	raise(SIGKILL);
	return 1;
}
