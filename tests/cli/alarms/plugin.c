/* SPDX-License-Identifier: MIT */
/*
 * plugin LIBRARY...: calls plug_run of each library, which keeps 20 maps. With -DPLUGIN this is such a library:
 * two that are built from one source read alike.
 */
#include <sys/mman.h>

#ifdef PLUGIN
int plug_run(void)
{
	for (int i = 0; i < 20; i++)
		mmap(0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return 0;
}
#else
#include <dlfcn.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		void *library = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
		int (*run)(void) = (int (*)(void))dlsym(library, "plug_run");

		run();
	}
	return 0;
}
#endif
