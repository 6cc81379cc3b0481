/* SPDX-License-Identifier: MIT */
/* unit-tests [STATUS]: uses the library, ends with STATUS. It knows nothing of vmatrace. */
#include "pool.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	for (int i = 0; i < 25; i++) {
		char *object = pool_object();

		if (!object)
			return 1;
		object[0] = (char)i;
	}
	puts("fine");
	return argc > 1 ? atoi(argv[1]) : 0;
}
