/* SPDX-License-Identifier: MIT */
/*
 * Unmaps the vdso or its data, moves it, or protects it, as programs do that restore other
 * processes or arrange an address space of their own. Afterwards it uses no function of libc that
 * reads a clock.
 */
#include <sys/wait.h>

#include "target.h"

static void find(const char *name, unsigned long *ret_start, size_t *ret_size)
{
	char line[1000];
	unsigned long end;
	FILE *maps = fopen("/proc/self/maps", "r");

	*ret_size = 0;
	while (maps && fgets(line, sizeof(line), maps))
		if (strstr(line, name) && sscanf(line, "%lx-%lx", ret_start, &end) == 2)
			*ret_size = end - *ret_start;
	fclose(maps);
	REQUIRE(*ret_size);
}

static int change(const char *way)
{
	unsigned long start;
	size_t size;
	void *to;

	find(strcmp(way, "data") == 0 ? "[vvar]" : "[vdso]", &start, &size);
	if (strcmp(way, "move") == 0) {
		to = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		return mremap((void *)start, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to;
	}
	if (strcmp(way, "protect") == 0)
		return mprotect((void *)start, size, PROT_NONE) == 0;
	return munmap((void *)start, size) == 0;
}

int main(int argc, char **argv)
{
	int status = 0;
	pid_t child;

	map_and_cut();
	REQUIRE(change(argc > 1 ? argv[1] : "munmap"));
	for (int i = 0; i < 100; i++)
		map_and_cut();
	child = fork();
	if (child == 0) {
		map_and_cut();
		_exit(4);
	}
	waitpid(child, &status, 0);
	printf("child's status %d\n", WEXITSTATUS(status));
	return 5;
}
