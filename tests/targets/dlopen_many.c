/* SPDX-License-Identifier: MIT */
/*
 * Libraries are loaded and unloaded by dlopen and dlclose: ld.so makes these calls, and addresses
 * are used again.
 */
#include <dlfcn.h>

#include "target.h"

int main(void)
{
	static const char *const names[] = { "libm.so.6", "libresolv.so.2", "libutil.so.1",
					     "libanl.so.1", "libnss_files.so.2" };
	int opened = 0;

	for (int round = 0; round < 100; round++)
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			void *library = dlopen(names[i], RTLD_NOW);

			REQUIRE(library);
			opened++;
			REQUIRE(dlclose(library) == 0);
		}
	REQUIRE(dlopen("libnonexistent.so.9", RTLD_NOW) == NULL);
	printf("%d opened\n", opened);
	return 0;
}
