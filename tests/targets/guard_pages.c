/* SPDX-License-Identifier: MIT */
/*
 * A leak of a pool with a guard page behind each object: 1,000 objects of three pages, and every
 * second one is given back. Each remaining object costs two maps. MAP_NORESERVE, which pools use,
 * also keeps the first object from merging with a map of ld.so: the numbers are always the same.
 */
#include <stdlib.h>
#include <sys/mman.h>

#define OBJECTS 1000
#define PAGE    4096

__attribute__((noinline)) static void *make_object(void)
{
	char *object = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (object == MAP_FAILED || mprotect(object + 2 * PAGE, PAGE, PROT_NONE))
		exit(1);
	return object;
}

__attribute__((noinline)) static void drop_object(void *object)
{
	if (munmap(object, 3 * PAGE))
		exit(1);
}

int main(void)
{
	for (int i = 0; i < OBJECTS; i++) {
		void *object = make_object();

		if (i % 2)
			drop_object(object);
	}
	return 0;
}
