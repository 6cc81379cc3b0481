/* SPDX-License-Identifier: MIT */
/*
 * workers N LEAKED KEPT: holds a hundred maps and forks a worker, which maps and unmaps N times by the
 * same calls, keeps LEAKED maps more, and ends; then gives its own back, and keeps KEPT others.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELD 100
#define PAGE 4096

static void *held[HELD];

/* Two in a row never become one map. */
__attribute__((noinline)) static void *take(int i)
{
	return mmap(NULL, PAGE, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void work(int count, int leaked, int is_worker)
{
	for (int i = 0; i < count + leaked; i++) {
		void *map = take(i);

		if (!is_worker)
			held[i] = map;
		else if (i < count)
			munmap(map, PAGE);
	}
}

__attribute__((noinline)) static void keep(int count)
{
	for (int i = 0; i < count; i++)
		mmap(NULL, PAGE, i & 1 ? PROT_READ : PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 0;
	int leaked = argc > 2 ? atoi(argv[2]) : 0;

	for (int is_worker = 0; is_worker < 2; is_worker++) {
		if (is_worker && fork()) {
			wait(NULL);
			break;
		}
		work(is_worker ? count : HELD, is_worker ? leaked : 0, is_worker);
		if (is_worker)
			_exit(0);
	}
	for (int i = 0; i < HELD; i++)
		munmap(held[i], PAGE);
	keep(argc > 3 ? atoi(argv[3]) : 0);
	return 0;
}
