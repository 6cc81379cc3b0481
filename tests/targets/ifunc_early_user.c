/* SPDX-License-Identifier: MIT */
/*
 * A library that points to another one's IFUNC: the pointer is filled in, and the resolver run,
 * when this library is relocated, which is before a preloaded one is.
 */
int ifunc_early(void);
int ifunc_early_answer(void);

static int (*const volatile pointer)(void) = ifunc_early;

int ifunc_early_answer(void)
{
	return pointer();
}
