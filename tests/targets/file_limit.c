/* SPDX-License-Identifier: MIT */
/*
 * Sets RLIMIT_FSIZE to one page after its start, as some daemons do, and then makes many maps. A
 * write or a growth of a file beyond the limit raises SIGXFSZ, which kills the process.
 */
#include <sys/resource.h>

#include "target.h"

int main(void)
{
	const struct rlimit limit = { PAGE, PAGE };

	map_and_cut();
	REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	for (int i = 0; i < 5000; i++)
		REQUIRE(mmap(NULL, PAGE, i % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0) != MAP_FAILED);
	puts("5000 maps");
	return 0;
}
