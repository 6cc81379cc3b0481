/* SPDX-License-Identifier: MIT */
/*
 * Calls that change no maps but that the library looks at, under a filter that allows them to the
 * program. They go through syscall(3), since libc has no function for arch_prctl.
 */
#include <sys/syscall.h>

#include "target.h"

#define SET_GS      0x1001
#define GET_GS      0x1004
#define MAP_VDSO_64 0x2003

int main(void)
{
	unsigned long gs = 1;
	long set = syscall(SYS_arch_prctl, SET_GS, 0x12345000UL);
	long get = syscall(SYS_arch_prctl, GET_GS, &gs);
	long bad = syscall(SYS_arch_prctl, MAP_VDSO_64, 1);

	printf("set %ld, get %ld: 0x%lx, map %ld\n", set, get, gs, bad);
	return 0;
}
