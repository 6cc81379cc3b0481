/* SPDX-License-Identifier: MIT */
/* Loads a library and unloads it again, five times, and allocates memory in between. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	for (int i = 0; i < 5; i++) {
		void *library = dlopen(argc > 1 ? argv[1] : "", RTLD_NOW);
		void *block = malloc(1000000);

		if (!library || !block)
			return 1;
		free(block);
		dlclose(library);
	}
	puts("done");
	return 0;
}
