/* SPDX-License-Identifier: MIT */
/* rounds N: N marks called "round", nothing that grows between them, and one called "done". */
#include <stdlib.h>

#include "vmatrace.h"

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 1;

	for (int i = 0; i < rounds; i++) {
		void *memory;

		VMATRACE_MARK("round");
		memory = malloc(1 << 20);
		if (!memory)
			return 1;
		free(memory);
	}
	VMATRACE_MARK("done");
	return 0;
}
