/* SPDX-License-Identifier: MIT */
/*
 * Unmaps every file that it finds mapped, or forbids access to it, but its own, libc and ld.so, as
 * a program that checkpoints or locks itself in does. Then it lives on: maps, allocates, forks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target.h"

static int is_needed(const char *line)
{
	return strstr(line, "unmaps_others") || strstr(line, "libc.so") || strstr(line, "libc-2") ||
	       strstr(line, "ld-linux") || strstr(line, "ld-2") || strstr(line, "[") ||
	       !strchr(line, '/');
}

static void take_away_all(int forbids)
{
	char line[1000];
	FILE *maps = fopen("/proc/self/maps", "r");

	while (maps && fgets(line, sizeof(line), maps)) {
		unsigned long start, end;

		if (sscanf(line, "%lx-%lx", &start, &end) != 2 || is_needed(line))
			continue;
		if (forbids ? mprotect((void *)start, end - start, PROT_NONE) :
			      munmap((void *)start, end - start))
			perror(line);
	}
	if (maps)
		fclose(maps);
}

int main(int argc, char **argv)
{
	int status = 0;
	pid_t child;

	take_away_all(argc > 1 && strcmp(argv[1], "mprotect") == 0);
	for (int i = 0; i < 100; i++)
		map_and_cut();
	free(malloc(1 << 20));
	child = fork();
	if (child == 0) {
		map_and_cut();
		_exit(3);
	}
	waitpid(child, &status, 0);
	printf("child's status %d\n", WEXITSTATUS(status));
	return 0;
}
