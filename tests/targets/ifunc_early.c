/* SPDX-License-Identifier: MIT */
/*
 * Blocks that were allocated before any library was relocated (ifunc_early_library.c) are used like
 * any other blocks.
 */
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

#include "target.h"

char *ifunc_early_block(int index);
int ifunc_early_answer(void);

int main(void)
{
	char *moved;

	REQUIRE(ifunc_early_block(0) != NULL);
	REQUIRE(malloc_usable_size(ifunc_early_block(0)) >= 5000);
	REQUIRE(malloc_usable_size(ifunc_early_block(1)) >= 300000);
	REQUIRE(ifunc_early_block(1)[0] == 0 && ifunc_early_block(1)[299999] == 'b');
	REQUIRE((uintptr_t)ifunc_early_block(2) % 4096 == 0);
	REQUIRE((uintptr_t)ifunc_early_block(3) % 64 == 0);
	moved = realloc(ifunc_early_block(0), 100000);
	REQUIRE(moved && moved[0] == 'a');
	free(moved);
	for (int i = 1; i < 4; i++)
		free(ifunc_early_block(i));
	printf("answer %d\n", ifunc_early_answer());
	return 0;
}
