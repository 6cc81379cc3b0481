/* SPDX-License-Identifier: MIT */
/* Built with AddressSanitizer, which has an allocator of its own and must find the error here. */
#include "target.h"

static __attribute__((noinline)) char *allocate(void)
{
	return malloc(10); /* the allocation */
}

int main(void)
{
	char *volatile block = allocate();

	for (int i = 0; i < 1000; i++)
		free(malloc((size_t)i));
	free(block);
	return *block;
}
