/* SPDX-License-Identifier: MIT */
/*
 * A program for any C library and any compiler: memory from mmap and malloc, threads, a fork child,
 * mprotect and mremap. With an argument some threads are detached. The exit status is 7.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 4

static int ready[2];

static void *allocate(void *text)
{
	for (int i = 0; i < 50; i++) {
		void *block = malloc(300000);

		if (!block)
			return NULL;
		memset(block, 1, 300000);
		free(block);
	}
	return text;
}

static void *allocate_and_tell(void *text)
{
	return write(ready[1], "1", allocate(text) != NULL) == 1 ? text : NULL;
}

__attribute__((noinline)) static void *map_pages(int pages)
{
	return mmap(NULL, (size_t)pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
}

static int run_threads(void)
{
	pthread_t threads[THREADS];
	void *result = NULL;
	int failed = 0;

	for (int i = 0; i < THREADS; i++)
		failed |= pthread_create(&threads[i], NULL, allocate, "");
	for (int i = 0; i < THREADS; i++)
		failed |= pthread_join(threads[i], &result) || !result;
	return failed;
}

static int run_detached(void)
{
	pthread_t threads[THREADS];
	int failed = pipe(ready);
	char byte;

	for (int i = 0; i < THREADS; i++)
		failed |= pthread_create(&threads[i], NULL, allocate_and_tell, "") ||
			  pthread_detach(threads[i]);
	for (int i = 0; i < THREADS; i++)
		failed |= read(ready[0], &byte, 1) != 1;
	return failed;
}

int main(int argc, char **argv)
{
	char *block = map_pages(8);
	bool detaches = argc > 1 && argv[1][0];
	int status = 1;
	pid_t child;

	if (block == MAP_FAILED || mprotect(block + 4096, 4096, PROT_READ) ||
	    madvise(block, 4096, MADV_DONTNEED) ||
	    mremap(block + 8192, 4096, 3 * 4096, MREMAP_MAYMOVE) == MAP_FAILED)
		return 1;
	for (int i = 0; i < 1000; i++)
		if (!malloc(1000))
			return 1;
	if (run_threads() || (detaches && run_detached()))
		return 1;
	child = fork();
	if (child == 0)
		_exit(map_pages(3) == MAP_FAILED || !allocate(""));
	waitpid(child, &status, 0);
	puts("done");
	return status ? 1 : 7;
}
