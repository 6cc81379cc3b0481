/* SPDX-License-Identifier: MIT */
/*
 * mremap has put pages in use into another order: they look alike but do not merge, since each
 * remembers where it was before.
 *
 * Remedy: their contents are copied into memory that is mapped anew, as a whole.
 */
#include "pattern.h"

int main(int argc, char **argv)
{
	long pages = argument(argc, argv, 2, 400);
	char *from = map_pages((size_t)pages);
	char *to = reserve((size_t)pages * PAGE, PROT_READ | PROT_WRITE, 0);
	size_t page = PAGE;

	memset(from, 1, (size_t)pages * PAGE);
	for (long i = 0; i < pages; i++) {
		char *at = to + (pages - 1 - i) * (long)PAGE;

		if (has_remedy(argc, argv))
			memcpy(at, from + i * (long)PAGE, page);
		else
			REQUIRE(mremap(from + i * (long)PAGE, page, page,
				       MREMAP_MAYMOVE | MREMAP_FIXED, at) == at);
	}
	if (has_remedy(argc, argv))
		REQUIRE(munmap(from, (size_t)pages * PAGE) == 0);

	stay();
	return 0;
}
