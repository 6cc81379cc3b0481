/* SPDX-License-Identifier: MIT */
/*
 * A program with scripts: it loads the library of an interpreter (the first argument) by dlopen,
 * after it has begun, and runs a script (the second). With a third, it ends the interpreter then, goes on,
 * and leaves so many objects open.
 */
#include <dlfcn.h>

#include "target.h"

int main(int argc, char **argv)
{
	void *library = argc >= 3 ? dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL) : NULL;
	void (*initialize)(void);
	int (*finalize)(void);
	int (*run)(FILE * file, const char *name);
	FILE *file;

	REQUIRE(library);
	initialize = (void (*)(void))dlsym(library, "Py_Initialize");
	run = (int (*)(FILE *, const char *))dlsym(library, "PyRun_SimpleFile");
	finalize = (int (*)(void))dlsym(library, "Py_FinalizeEx");
	file = fopen(argv[2], "re");
	REQUIRE(initialize && run && finalize && file);
	initialize();
	if (argc == 3)
		return run(file, argv[2]);
	REQUIRE(run(file, argv[2]) == 0 && finalize() == 0);
	for (long i = 0; i < 200; i++, usleep(100)) {
		char *object = map_pages(2);

		REQUIRE(mprotect(object, PAGE, PROT_NONE) == 0);
		if (i >= argument(argc, argv, 3, 0))
			REQUIRE(munmap(object, 2 * PAGE) == 0);
	}
	return 0;
}
