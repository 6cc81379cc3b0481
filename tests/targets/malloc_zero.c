/* SPDX-License-Identifier: MIT */
/*
 * malloc_zero ROUNDS: resizes blocks to 0 bytes, which frees them in some allocators but not in
 * others, and asks for sizes whose product overflows. Prints how many blocks are left.
 */
#include "target.h"

int main(int argc, char **argv)
{
	long rounds = argument(argc, argv, 1, 0), kept = 0;
	size_t volatile many = SIZE_MAX / 2;

	for (long i = 0; i < rounds; i++) {
		void *volatile block = malloc(8);

		REQUIRE(block);
		block = realloc(block, 0);
		kept += block != NULL;
		free(NULL);
	}
	errno = 0;
	for (long i = 0; i < rounds; i++)
		REQUIRE(!calloc(many,
				4)); /* this counts as well, since the result is not examined */
	dprintf(1, "%ld\n", kept);
	return 0;
}
