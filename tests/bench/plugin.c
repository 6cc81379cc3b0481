/* SPDX-License-Identifier: MIT */
/* What the benchmark of dlopen loads: one function, some data, no library but libc. */
int bench_plugin(void);

static int calls = 1;

int bench_plugin(void)
{
	return calls++;
}
