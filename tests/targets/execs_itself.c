/* SPDX-License-Identifier: MIT */
/*
 * Executes itself a few times: one pid has several process images, each with a recording of its
 * own.
 */
#include "target.h"

int main(int argc, char **argv)
{
	const long left = argument(argc, argv, 1, 3);
	char text[24];

	map_and_cut();
	map_pages(1);
	printf("%ld left\n", left);
	fflush(stdout);
	if (left == 0)
		return 14;
	snprintf(text, sizeof(text), "%ld", left - 1);
	execl("/proc/self/exe", argv[0], text, (char *)NULL);
	return 3;
}
