/* SPDX-License-Identifier: MIT */
/*
 * Reads all its writable maps, as garbage collectors and programs that save themselves do: by
 * process_vm_readv, by writing them to a pipe, or by memcpy. Prints how many pages could not be
 * read. With a number as the second argument it makes so many maps first.
 */
#include <stdbool.h>
#include <sys/uio.h>

#include "target.h"

#define RANGES 70000

static struct {
	char *start, *end;
} ranges[RANGES];
static size_t range_count;
static int ends[2];

static void find_maps(void)
{
	static char line[4200];
	FILE *maps = fopen("/proc/self/maps", "re");

	REQUIRE(maps);
	while (fgets(line, sizeof(line), maps) && range_count < RANGES)
		if (sscanf(line, "%p-%p rw", (void **)&ranges[range_count].start,
			   (void **)&ranges[range_count].end) == 2 &&
		    strstr(line, " rw"))
			range_count++;
	fclose(maps);
}

static bool ask(char *page)
{
	static char copy[PAGE];
	const struct iovec to = { copy, PAGE };
	const struct iovec from = { page, PAGE };

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)PAGE;
}

static bool send(char *page)
{
	static char copy[PAGE];

	return write(ends[1], page, PAGE) == (ssize_t)PAGE &&
	       read(ends[0], copy, PAGE) == (ssize_t)PAGE;
}

static bool copy(char *page)
{
	static char here[PAGE];

	memcpy(here, page, PAGE);
	return true;
}

static void read_all(bool (*read_page)(char *page))
{
	size_t failed = 0;

	for (size_t i = 0; i < range_count; i++)
		for (char *page = ranges[i].start; page < ranges[i].end; page += PAGE)
			failed += !read_page(page);
	printf("%zu pages cannot be read\n", failed);
}

int main(int argc, char **argv)
{
	long maps = argument(argc, argv, 2, 0);

	REQUIRE(argc > 1 && pipe(ends) == 0);
	for (long i = 0; i < maps; i++)
		REQUIRE(mprotect(map_pages(2), PAGE, PROT_READ) == 0);
	find_maps();
	read_all(argv[1][0] == 'a' ? ask : argv[1][0] == 's' ? send : copy);
	map_and_cut();
	return 0;
}
