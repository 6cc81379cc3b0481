/* SPDX-License-Identifier: MIT */
/*
 * Prints how many KiB of addresses the process uses or how many MiB it can still map: of addresses
 * ("most"), or of data ("data"); or of data once it has limited itself to 8 MiB ("limited").
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static long most_mib(int prot)
{
	long n = 0;

	while (mmap(NULL, 1 << 20, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) !=
	       MAP_FAILED)
		n++;
	return n;
}

int main(int argc, char **argv)
{
	const struct rlimit few = { 8 << 20, RLIM_INFINITY };
	char line[200];
	FILE *status;

	if (argc > 1) {
		if (strcmp(argv[1], "limited") == 0 && setrlimit(RLIMIT_DATA, &few) != 0)
			return 1;
		dprintf(STDOUT_FILENO, "%ld\n",
			most_mib(strcmp(argv[1], "most") == 0 ? PROT_NONE : PROT_WRITE));
		return 0;
	}
	status = fopen("/proc/self/status", "r");
	if (!status)
		return 1;
	while (fgets(line, sizeof(line), status)) {
		long kib;

		if (sscanf(line, "VmSize: %ld", &kib) == 1)
			printf("%ld\n", kib);
	}
	fclose(status);
	return 0;
}
