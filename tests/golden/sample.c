/* SPDX-License-Identifier: MIT */
/*
 * The program behind the golden recordings; see make.sh. It does a little of everything that a
 * recording can contain: sites, owners, failures, marks, and timelines that have been widened. With
 * the argument "killed", it kills itself at the end.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "vmatrace.h"

#define PAGE ((size_t)4096)

static char *area;

static void cut(int first, int last)
{
	for (int i = first; i < last; i++)
		if (mprotect(area + (size_t)(2 * i + 1) * PAGE, PAGE, PROT_READ))
			exit(3);
}

static void give_back(int count)
{
	if (munmap(area, (size_t)count * PAGE))
		exit(4);
}

static void fail(void)
{
	const struct rlimit limit = { (rlim_t)1 << 32, RLIM_INFINITY };

	if (setrlimit(RLIMIT_AS, &limit) || mmap(NULL, (size_t)1 << 33, PROT_READ,
						 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		exit(5);
}

int main(int argc, char **argv)
{
	area = mmap(NULL, 1000 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		return 2;
	VMATRACE_MARK("begun");
	cut(0, 20);
	VMATRACE_MARK("twenty cuts");
	for (int i = 0; i < 8; i++) {
		usleep(160000);
		cut(20 + 10 * i, 30 + 10 * i);
	}
	fail();
	give_back(30);
	VMATRACE_MARK("given back");
	if (argc > 1 && strcmp(argv[1], "killed") == 0)
		raise(SIGKILL);
	return 7;
}
