/* SPDX-License-Identifier: MIT */
/* Two lines of one function make maps: of 40 the first keeps all, the second as many as argv[1]. */
#include <stdlib.h>
#include <sys/mman.h>

#define MAP() mmap(0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0)

static void *volume[40];

__attribute__((noinline)) static void open_volume(int i, int leaks)
{
	void *index;

	volume[i] = MAP(); /* kept */
	index = MAP(); /* leaks */
	if (i >= leaks)
		munmap(index, 4096);
}

int main(int argc, char **argv)
{
	for (int i = 0; i < 40; i++)
		open_volume(i, argc > 1 ? atoi(argv[1]) : 0);
	return 0;
}
