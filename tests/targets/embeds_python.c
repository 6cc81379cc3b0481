/* SPDX-License-Identifier: MIT */
/*
 * A program with scripts: it loads the library of an interpreter (the first argument) by dlopen,
 * after it has begun, and runs a script (the second).
 */
#include <dlfcn.h>

#include "target.h"

int main(int argc, char **argv)
{
	void *library = argc == 3 ? dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL) : NULL;
	void (*initialize)(void);
	int (*run)(FILE * file, const char *name);
	FILE *file;

	REQUIRE(library);
	initialize = (void (*)(void))dlsym(library, "Py_Initialize");
	run = (int (*)(FILE *, const char *))dlsym(library, "PyRun_SimpleFile");
	file = fopen(argv[2], "re");
	REQUIRE(initialize && run && file);
	initialize();
	return run(file, argv[2]);
}
