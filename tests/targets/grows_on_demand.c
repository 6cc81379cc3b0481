/* SPDX-License-Identifier: MIT */
/*
 * Reads numbers, one a line, and makes so many more maps each time, with a guard page for each
 * object: something to be watched with `vmatrace top`. It ends when its input ends.
 */
#include "target.h"

__attribute__((noinline)) static void make_object(void)
{
	char *at = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(at != MAP_FAILED);
	REQUIRE(mprotect(at + PAGE, PAGE, PROT_NONE) == 0);
}

int main(void)
{
	char line[32];
	long made = 0;

	while (fgets(line, sizeof(line), stdin)) {
		for (long i = strtol(line, NULL, 10); i > 0; i--, made++)
			make_object();
	}
	printf("%ld objects\n", made);
	return 0;
}
