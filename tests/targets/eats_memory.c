/* SPDX-License-Identifier: MIT */
/*
 * Maps one MiB after another, each a map of its own, and fills it until somebody stops the program:
 * the kernel does when the memory of a control group is used up. The program ends by itself after
 * 64 of them.
 */
#include "target.h"

#define MIB ((size_t)1 << 20)

int main(void)
{
	for (int i = 0; i < 64; i++) {
		void *at =
			mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		REQUIRE(at != MAP_FAILED);
		memset(at, 1, MIB);
	}
	puts("64 MiB");
	return 0;
}
