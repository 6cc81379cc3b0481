/* SPDX-License-Identifier: MIT */
/* The main stack and a MAP_GROWSDOWN map grow by page faults, without any call. */
#include <stdlib.h>

#include "target.h"

static __attribute__((noinline)) long deep(long depth)
{
	volatile char ballast[PAGE];

	ballast[0] = (char)depth;
	if (depth % 100 == 0)
		map_and_cut();
	return depth ? deep(depth - 1) + ballast[0] : ballast[0];
}

int main(void)
{
	char *low = (char *)0x6000000000;
	char *at = mmap(low, 4 * PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE, -1, 0);

	REQUIRE(at == low);
	for (size_t page = 1; page <= 200; page++) {
		*(volatile char *)((uintptr_t)at - page * PAGE) = 1;
		if (page % 50 == 0)
			map_and_cut();
	}
	printf("sum %ld\n", deep(1000));
	REQUIRE(mprotect(at, PAGE, PROT_READ) == 0);
	REQUIRE(munmap(at, 4 * PAGE) == 0);
	return 0;
}
