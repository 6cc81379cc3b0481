/* SPDX-License-Identifier: MIT */
/* The benchmark of dlopen loads this: one function, some data, and no library but libc. */
int bench_plugin(void);

static int calls = 1;

int bench_plugin(void)
{
	return calls++;
}
