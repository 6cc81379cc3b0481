/* SPDX-License-Identifier: MIT */
/*
 * Unmaps every mapped file except its own, libc and ld.so, as programs do that checkpoint
 * themselves or lock themselves in. Instead it may forbid access to them, move them ("away"), cut
 * them off with the end of a map that is made smaller ("cut"), or map over them: memory without
 * access ("blank"), or memory that it uses ("use", "move" or "attach", but not over code) and whose
 * contents must stay as written. Then it lives on: it maps, allocates in all threads, and forks.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target.h"

static int is_needed(const char *line)
{
	return strstr(line, "unmaps_others") || strstr(line, "libc.so") || strstr(line, "libc-2") ||
	       strstr(line, "ld-linux") || strstr(line, "ld-2") || strstr(line, "[") ||
	       !strchr(line, '/');
}

static struct taken {
	unsigned char *start;
	size_t size;
} taken[100];
static int taken_count;

static int map_over(void *start, size_t size, int prot)
{
	void *ret = mmap(start, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (prot == PROT_NONE || ret == MAP_FAILED || taken_count == 100)
		return ret == start ? 0 : -1;
	taken[taken_count++] = (struct taken){ start, size };
	return ret == start ? 0 : -1;
}

static int move_over(void *start, size_t size)
{
	void *from = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	taken[taken_count++] = (struct taken){ start, size };
	return mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, start) == start ? 0 : -1;
}

static int attach_over(void *start, size_t size)
{
	int segment = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
	void *ret = shmat(segment, start, SHM_REMAP);

	shmctl(segment, IPC_RMID, NULL);
	taken[taken_count++] = (struct taken){ start, size };
	return ret == start ? 0 : -1;
}

/* Whoever cannot be moved stays. */
static int move_away(void *start, size_t size)
{
	void *to = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mremap(start, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	mremap(start, size, 2 * size, MREMAP_MAYMOVE);
	mremap(start, size, size, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	return 0;
}

/* Everything from the page below on, as if that were the rest of a map that is too large. */
static int cut_off(void *start, size_t size)
{
	char *below = mmap((char *)start - PAGE, PAGE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (below != (char *)start - PAGE)
		return 0;
	return mremap(below, PAGE + size, PAGE, 0) == below ? munmap(below, PAGE) : -1;
}

static int uses_it(const char *way)
{
	return strcmp(way, "use") == 0 || strcmp(way, "move") == 0 || strcmp(way, "attach") == 0;
}

static int take_away(const char *way, void *start, size_t size)
{
	if (strcmp(way, "mprotect") == 0)
		return mprotect(start, size, PROT_NONE);
	if (strcmp(way, "blank") == 0)
		return map_over(start, size, PROT_NONE);
	if (strcmp(way, "use") == 0)
		return map_over(start, size, PROT_READ | PROT_WRITE);
	if (strcmp(way, "move") == 0)
		return move_over(start, size);
	if (strcmp(way, "away") == 0)
		return move_away(start, size);
	if (strcmp(way, "cut") == 0)
		return cut_off(start, size);
	if (strcmp(way, "attach") == 0)
		return attach_over(start, size);
	return munmap(start, size);
}

/* Returns how many bytes are not as they were written. */
static long changed_bytes(unsigned char fill)
{
	long changed = 0;

	for (int i = 0; i < taken_count; i++)
		for (size_t at = 0; at < taken[i].size; at += 64)
			changed += taken[i].start[at] != fill;
	return changed;
}

static void fill_all(unsigned char fill)
{
	for (int i = 0; i < taken_count; i++)
		memset(taken[i].start, fill, taken[i].size);
}

static void take_away_all(const char *way)
{
	char line[1000];
	FILE *maps = fopen("/proc/self/maps", "r");

	while (maps && fgets(line, sizeof(line), maps)) {
		unsigned long start, end;

		if (sscanf(line, "%lx-%lx", &start, &end) != 2 || is_needed(line))
			continue;
		if (uses_it(way) && strstr(line, ".so"))
			continue;
		if (take_away(way, (void *)start, end - start))
			perror(line);
	}
	if (maps)
		fclose(maps);
}

static void *use_memory(void *unused)
{
	for (int i = 0; i < 100; i++) {
		map_and_cut();
		free(realloc(calloc(10, 10), 1000));
	}
	return unused;
}

int main(int argc, char **argv)
{
	int status = 0;
	pthread_t thread;
	pid_t child;

	use_memory(NULL);
	take_away_all(argc > 1 ? argv[1] : "munmap");
	fill_all(0x5a);
	use_memory(NULL);
	REQUIRE(pthread_create(&thread, NULL, use_memory, NULL) == 0);
	pthread_join(thread, NULL);
	free(malloc(1 << 20));
	child = fork();
	if (child == 0) {
		map_and_cut();
		_exit(3);
	}
	waitpid(child, &status, 0);
	printf("child's status %d, %ld bytes changed\n", WEXITSTATUS(status), changed_bytes(0x5a));
	return 0;
}
