/* SPDX-License-Identifier: MIT */
/*
 * two_sites: objects with a guard, of which none is given back when LEAK is set. So one leak grows at two
 * call sites, and the line that is printed last takes the heap's first map.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE 4096u

static void guard(char *object)
{
	mprotect(object + PAGE, PAGE, PROT_NONE);
}

static char *take(void)
{
	char *object =
		mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	guard(object);
	return object;
}

static void drop(char *object)
{
	if (!getenv("LEAK"))
		munmap(object, 3 * PAGE);
}

int main(void)
{
	for (int i = 0; i < 50; i++)
		drop(take());
	return !puts("done");
}
