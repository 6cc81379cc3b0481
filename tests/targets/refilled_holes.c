/* SPDX-License-Identifier: MIT */
/*
 * Objects of three pages whose last page is a guard, in pairs: one that stays, and one that is given
 * back. Then as many come again, each in a hole that such an object left: it merges with the next
 * object's memory until its own guard is cut out. MAP_NORESERVE keeps the first object from merging
 * with a map of ld.so.
 */
#include <stdlib.h>
#include <sys/mman.h>

#define PAIRS 50
#define PAGE  4096

static char *reserve(void)
{
	char *object = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (object == MAP_FAILED)
		exit(1);
	return object;
}

static void protect(char *object)
{
	if (mprotect(object + 2 * PAGE, PAGE, PROT_NONE))
		exit(1);
}

__attribute__((noinline)) static void make_kept(void)
{
	protect(reserve());
}

__attribute__((noinline)) static void make_brief(char **ret_object)
{
	*ret_object = reserve();
	protect(*ret_object);
}

int main(void)
{
	char *brief[PAIRS];

	for (int i = 0; i < PAIRS; i++) {
		make_kept();
		make_brief(&brief[i]);
	}
	make_kept();
	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < PAIRS; i++)
			if (munmap(brief[i], 3 * PAGE))
				exit(1);
		for (int i = 0; i < PAIRS; i++)
			make_brief(&brief[i]);
	}
	return 0;
}
