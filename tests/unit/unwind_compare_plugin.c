/* SPDX-License-Identifier: MIT */
/*
 * A library with a constructor, for unwind_compare: its stack passes through
 * dlopen and ld.so. It does nothing but call back into the program. With FRAME the same
 * with another frame, for unwind_recall.
 */
#ifndef FRAME
#define FRAME 16
#endif

void check_in_constructor(void);
void construct(void);

__attribute__((constructor)) void construct(void)
{
	volatile char block[FRAME] __attribute__((unused));

	block[0] = 1;
	check_in_constructor();
	block[0] = 2;
}
