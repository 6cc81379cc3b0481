/* SPDX-License-Identifier: MIT */
/*
 * The demonstration: map 12 KiB, unmap the page in the middle, and map it again. The count of maps
 * goes +1, +1, -1. The address is a hint far from everything else, because the first step would add
 * nothing if its map could merge with a neighbour of the same kind.
 */
#include "target.h"

/* 256 GiB: above every non-PIE program, far below PIE programs, libraries and stacks. */
#define FAR_AWAY ((char *)0x4000000000)

int main(void)
{
	static const char done[] = "mapped 12 KiB, unmapped the middle page, mapped it again\n";
	const int prot = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;
	char *at;

	/* +1: a map of three pages that touches no other */
	at = mmap(FAR_AWAY, 3 * PAGE, prot, flags | MAP_FIXED_NOREPLACE, -1, 0);
	REQUIRE(at == FAR_AWAY);

	/* +1: without its middle page one map of 12 KiB is two maps of 4 KiB */
	REQUIRE(munmap(at + PAGE, PAGE) == 0);

	/* -1: the new page fits between the two, and the kernel merges all three */
	REQUIRE(mmap(at + PAGE, PAGE, prot, flags | MAP_FIXED_NOREPLACE, -1, 0) == at + PAGE);

	/* This does not use stdio, whose buffer would be a fourth call site. */
	return write(1, done, sizeof(done) - 1) < 0;
}
