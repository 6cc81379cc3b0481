/* SPDX-License-Identifier: MIT */
/*
 * prefork KEPT WORKERS LEAKED MORE MINE: keeps so many maps, and forks workers one after the other, each of which
 * keeps LEAKED by the same calls, the second MORE than the first, the third twice as many more, and so on. Then
 * it keeps MINE by calls that no worker makes.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

/* Shared memory never merges, whatever hole it is put into. */
__attribute__((noinline)) static void take(int count)
{
	for (int i = 0; i < count; i++)
		mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

__attribute__((noinline)) static void take_own(int count)
{
	for (int i = 0; i < count; i++)
		mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static int number(int argc, char **argv, int at)
{
	return at < argc ? atoi(argv[at]) : 0;
}

int main(int argc, char **argv)
{
	int workers = number(argc, argv, 2);

	take(number(argc, argv, 1));
	for (int i = 0; i < workers; i++) {
		if (!fork()) {
			take(number(argc, argv, 3) + i * number(argc, argv, 4));
			_exit(0);
		}
		wait(NULL);
	}
	take_own(number(argc, argv, 5));
	return 0;
}
