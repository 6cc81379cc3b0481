/* SPDX-License-Identifier: MIT */
/*
 * A library with a pointer to another library's IFUNC. The pointer is filled in, and so the
 * resolver is run, when this library is relocated; that is before a preloaded library is.
 */
int ifunc_early(void);
int ifunc_early_answer(void);

static int (*const volatile pointer)(void) = ifunc_early;

int ifunc_early_answer(void)
{
	return pointer();
}
