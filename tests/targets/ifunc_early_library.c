/* SPDX-License-Identifier: MIT */
/*
 * A library whose IFUNC resolver allocates, maps, and makes a call that fails, while other
 * libraries are not relocated yet. The blocks it has allocated are freed, resized and measured
 * later.
 */
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIG 300000

int ifunc_early(void);
char *ifunc_early_block(int index);

static char *block[4];
static int ran;

static int answer(void)
{
	return 42;
}

static void allocate(void)
{
	char *area = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *aligned = NULL;

	block[0] = malloc(100);
	block[0][0] = 'a';
	block[0] = realloc(block[0], 5000);
	block[1] = calloc(1, BIG);
	block[1][BIG - 1] = 'b';
	block[2] = posix_memalign(&aligned, 4096, 100) ? NULL : aligned;
	block[3] = memalign(64, 10);
	free(malloc(1));
	free(NULL);
	mprotect(area, 4096, PROT_NONE);
	munmap(area, 8192);
	munmap((void *)1, 1);
	syscall(SYS_getpid);
}

/* A function, because the program would have its own copy of an array, made too late. */
char *ifunc_early_block(int index)
{
	return block[index];
}

__attribute__((used)) static int (*choose(void))(void)
{
	if (!ran++)
		allocate();
	return answer;
}

int ifunc_early(void) __attribute__((ifunc("choose")));
