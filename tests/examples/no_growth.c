/* SPDX-License-Identifier: MIT */
/*
 * An example of a test in plain C: after a first round that may allocate what is kept, a
 * phase must add no maps. Without the library it cannot tell and says so (77 is
 * "skipped" for meson and automake).
 *
 *	vmatrace run --report=none -- ./no_growth
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "vmatrace.h"

#define SIZE (1 << 20)

/* What is under test: it gives back what it takes. */
static int work(void)
{
	char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -1;
	memory[SIZE / 2] = 1;
	if (mprotect(memory + 4096, 4096, PROT_NONE))
		return -1;
	return munmap(memory, SIZE);
}

int main(void)
{
	long before, after;

	if (work())
		return 1;
	before = VMATRACE_MAPS();
	if (before < 0) {
		fputs("skipped: not run under libvmatrace.so\n", stderr);
		return 77;
	}
	VMATRACE_MARK("work");
	for (int i = 0; i < 100; i++) {
		if (work())
			return 1;
	}
	VMATRACE_MARK("worked");
	after = VMATRACE_MAPS();
	if (after != before) {
		fprintf(stderr, "%ld maps before, %ld after\n", before, after);
		return 1;
	}
	return 0;
}
