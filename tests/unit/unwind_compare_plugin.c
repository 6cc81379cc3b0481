/* SPDX-License-Identifier: MIT */
/*
 * A library with a constructor, for unwind_compare: its stack passes through
 * dlopen and ld.so. It does nothing but call back into the program.
 */
void check_in_constructor(void);

__attribute__((constructor)) static void construct(void)
{
	check_in_constructor();
}
