/* SPDX-License-Identifier: MIT */
/*
 * An index of many small segment files, each mapped as a search engine maps them: opened, mapped as
 * a whole, closed. Arguments: the directory for the files, their number, and "merge": half of the
 * segments are merged into others, and deleted while they are still mapped.
 */
#include "pattern.h"

#include <fcntl.h>
#include <stdbool.h>

static const char *const endings[] = { "tim", "doc", "dvd", "fdt" };

static void name_of(char *name, size_t size, const char *directory, long i)
{
	snprintf(name, size, "%s/_%lx.%s", directory, (unsigned long)i / 4, endings[i % 4]);
}

static unsigned char *open_segment(const char *name)
{
	char contents[64];
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	unsigned char *at;

	REQUIRE(fd >= 0);
	memset(contents, 's', sizeof(contents));
	REQUIRE(write(fd, contents, sizeof(contents)) == (ssize_t)sizeof(contents));
	at = mmap(NULL, sizeof(contents), PROT_READ, MAP_SHARED, fd, 0);
	REQUIRE(at != MAP_FAILED);
	REQUIRE(close(fd) == 0);
	return at;
}

int main(int argc, char **argv)
{
	const char *directory = argc > 1 ? argv[1] : ".";
	long files = argument(argc, argv, 2, 20000);
	bool merge = argc > 3 && !strcmp(argv[3], "merge");
	char name[4096];
	long sum = 0;

	for (long i = 0; i < files; i++) {
		name_of(name, sizeof(name), directory, i);
		sum += open_segment(name)[63] == 's';
	}
	REQUIRE(sum == files);
	for (long i = 0; merge && i < files; i += 2) {
		name_of(name, sizeof(name), directory, i);
		REQUIRE(unlink(name) == 0);
	}

	stay();
	return 0;
}
