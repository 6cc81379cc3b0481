/* SPDX-License-Identifier: MIT */
/*
 * Keeps 30 maps, and MORE of them. NEW_NAME and EXTRACTED: the same program after its functions were
 * changed, but not what they do.
 */
#include <stdlib.h>
#include <sys/mman.h>

#ifdef NEW_NAME
#define fill  fill_table
#define other other_table
#endif

static int used;

__attribute__((noinline)) static void keep_page(void)
{
	if (mmap(0, 4096, used++ & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	    MAP_FAILED)
		abort();
}

#ifdef EXTRACTED
__attribute__((noinline)) static void fill_some(int n)
{
	for (int i = 0; i < n; i++)
		keep_page();
}

__attribute__((noinline)) static void fill(int n)
{
	fill_some(n / 2);
	fill_some(n - n / 2);
}
#else
__attribute__((noinline)) static void fill(int n)
{
	for (int i = 0; i < n; i++)
		keep_page();
}
#endif

__attribute__((noinline)) static void other(int n)
{
	for (int i = 0; i < n; i++)
		keep_page();
}

int main(int argc, char **argv)
{
	fill(30);
#ifdef MORE
	fill(MORE);
#endif
	other(argc > 1 ? atoi(argv[1]) : 0);
	return 0;
}
