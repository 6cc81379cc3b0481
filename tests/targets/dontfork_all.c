/* SPDX-License-Identifier: MIT */
/*
 * Keeps every map out of its fork children except those that a child needs: the program, its heap
 * and stack, libc, ld.so, and what lies beside them. The child maps memory nevertheless.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int advice;

static int is_needed(const char *line)
{
	return strstr(line, "dontfork_all") || strstr(line, "libc.so") ||
	       strstr(line, "ld-linux") || strstr(line, "[") || !strchr(line, '/');
}

static void advise_all(void)
{
	char line[1000];
	FILE *maps = fopen("/proc/self/maps", "r");

	while (maps && fgets(line, sizeof(line), maps)) {
		unsigned long start, end;

		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && !is_needed(line) &&
		    madvise((void *)start, end - start, advice))
			perror(line);
	}
	if (maps)
		fclose(maps);
}

int main(int argc, char **argv)
{
	int status = 0;
	pid_t child;

	advice = argc > 1 ? atoi(argv[1]) : MADV_DONTFORK;
	advise_all();
	child = fork();
	if (child == 0) {
		free(malloc(1 << 20));
		_exit(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
		      MAP_FAILED);
	}
	waitpid(child, &status, 0);
	free(malloc(1 << 20));
	printf("child's status %d\n", status);
	return 0;
}
