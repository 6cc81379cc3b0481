/* SPDX-License-Identifier: MIT */
/*
 * Closes standard input, output and error, opens a file of its own as descriptor 2, and writes
 * there. Nobody else may write a byte into that file.
 */
#include <fcntl.h>

#include "target.h"

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : NULL;

	map_and_cut();
	puts("before");
	fflush(stdout);
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	if (path) {
		if (open("/dev/null", O_RDONLY) != 0 || open("/dev/null", O_WRONLY) != 1 ||
		    open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) != 2)
			return 4;
		if (write(2, "mine\n", 5) != 5)
			return 5;
	}
	map_and_cut();
	return 6;
}
