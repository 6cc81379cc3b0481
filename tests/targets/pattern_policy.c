/* SPDX-License-Identifier: MIT */
/*
 * Every other page of a range gets a NUMA policy. One node is enough for this.
 * Remedy: one policy for the whole range.
 */
#include "pattern.h"

#include <linux/mempolicy.h>
#include <sys/syscall.h>

static long bind_to_node_0(void *at, size_t bytes)
{
	unsigned long nodes = 1;

	return syscall(SYS_mbind, at, bytes, MPOL_BIND, &nodes, 8 * sizeof(nodes), 0);
}

int main(int argc, char **argv)
{
	long pages = argument(argc, argv, 2, 400);
	char *at = reserve((size_t)pages * PAGE, PROT_READ | PROT_WRITE, 0);

	if (has_remedy(argc, argv) && bind_to_node_0(at, (size_t)pages * PAGE))
		return CANNOT;
	for (long i = 0; i < pages && !has_remedy(argc, argv); i += 2) {
		if (bind_to_node_0(at + i * (long)PAGE, PAGE))
			return CANNOT;
	}

	stay();
	return 0;
}
