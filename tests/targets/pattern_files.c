/* SPDX-License-Identifier: MIT */
/*
 * Each of many small files has a map.
 * Remedy: one file with all contents, mapped once.
 */
#include "pattern.h"

#include <fcntl.h>

static char directory[256];

static void enter_directory(void)
{
	const char *parent = getenv("TMPDIR");

	snprintf(directory, sizeof(directory), "%s/pattern.XXXXXX", parent ? parent : "/tmp");
	REQUIRE(mkdtemp(directory) && chdir(directory) == 0);
}

static char contents[PAGE];
static long made;

static int make_file(void)
{
	char name[32];

	snprintf(name, sizeof(name), "%ld.seg", made++);
	return open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
}

static void remove_all(void)
{
	char name[32];

	for (long i = 0; i < made; i++) {
		snprintf(name, sizeof(name), "%ld.seg", i);
		unlink(name);
	}
	rmdir(directory);
}

int main(int argc, char **argv)
{
	long files = argument(argc, argv, 2, 200);
	int fd = -1;

	enter_directory();
	for (long i = 0; i < files; i++) {
		if (fd < 0 || !has_remedy(argc, argv)) {
			fd = make_file();
			REQUIRE(fd >= 0);
		}
		REQUIRE(write(fd, contents, sizeof(contents)) == sizeof(contents));
		if (!has_remedy(argc, argv)) {
			REQUIRE(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED);
			close(fd);
		}
	}
	if (has_remedy(argc, argv))
		REQUIRE(mmap(NULL, (size_t)files * PAGE, PROT_READ, MAP_SHARED, fd, 0) !=
			MAP_FAILED);
	atexit(remove_all);

	stay();
	return 0;
}
