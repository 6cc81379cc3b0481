/* SPDX-License-Identifier: MIT */
/* For the tests of scripts/ci: several test programs of one name, whose call sites have one name, too. */
#include <stdlib.h>
#include <sys/mman.h>

/* Keep some maps, and MORE of them, an argument of the test or a variable of its environment. */
static int keep(int count, const char *more)
{
	char *chunk = mmap(NULL, 1000 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	count += more ? atoi(more) : 0;
	for (int i = 0; i < count; i++) {
		if (mprotect(chunk + (size_t)8192 * i + 4096, 4096, PROT_NONE))
			return 1;
	}
	return 0;
}
