/* SPDX-License-Identifier: MIT */
/*
 * Cuts maps until the kernel refuses because there are too many, prints the errno of each call at
 * the limit, unmaps everything, and goes on. It does not print how many maps fit, since a library
 * that makes maps of its own takes some of them.
 */
#include "target.h"

static void try_calls(char *last_page)
{
	char *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	printf("mmap at the limit: %s\n", at == MAP_FAILED ? strerror(errno) : "fits");
	printf("mprotect: %s\n", mprotect(last_page, PAGE, PROT_READ) ? strerror(errno) : "fits");
	printf("malloc of 1 MiB: %s\n", malloc(1 << 20) ? "fits" : strerror(errno));
}

int main(void)
{
	const size_t pages = 400000;
	char *area = mmap(NULL, pages * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t page;

	REQUIRE(area != MAP_FAILED);
	for (page = 1; page < pages; page += 2)
		if (mprotect(area + page * PAGE, PAGE, PROT_READ))
			break;
	printf("mprotect in a row: %s\n", page < pages ? strerror(errno) : "never failed");
	/* Use up the last free places with one map each. */
	while (mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		;
	try_calls(area + (pages - 1) * PAGE);
	REQUIRE(munmap(area, pages * PAGE) == 0);
	for (int i = 0; i < 100; i++)
		map_and_cut();
	puts("went on");
	return 0;
}
