/* SPDX-License-Identifier: MIT */
/*
 * malloc_zero ROUNDS: blocks whose size is changed to nothing, which some allocators take for a
 * free and some do not, and products that overflow. Prints how many blocks there still are.
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
		REQUIRE(!calloc(many, 4)); /* counted: what fails is not looked at */
	dprintf(1, "%ld\n", kept);
	return 0;
}
