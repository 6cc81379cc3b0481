/* SPDX-License-Identifier: MIT */
/*
 * Maps a page from each of N different stacks: the bits of a number choose the functions that lead
 * to the call. With a second argument the program runs until its input ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static void *map_page(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Each call needs a frame: this is not inlined, and has something to do after the call. */
static __attribute__((noinline)) void *walk(unsigned long number, int bits);

static __attribute__((noinline)) void *go_left(unsigned long number, int bits)
{
	void *page = walk(number >> 1, bits - 1);

	__asm__ volatile("" : "+r"(page));
	return page;
}

static __attribute__((noinline)) void *go_right(unsigned long number, int bits)
{
	void *page = walk(number >> 1, bits - 1);

	__asm__ volatile("" : "+r"(page));
	return page;
}

static void *walk(unsigned long number, int bits)
{
	void *page;

	if (!bits)
		page = map_page();
	else
		page = number & 1 ? go_left(number, bits) : go_right(number, bits);
	__asm__ volatile("" : "+r"(page));
	return page;
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;

	for (unsigned long number = 0; number < count; number++) {
		if (walk(number, 15) == MAP_FAILED) {
			perror("mmap");
			return 1;
		}
	}
	while (argc > 2 && getchar() != EOF)
		;
	return 0;
}
