/* SPDX-License-Identifier: MIT */
/* Two call sites whose stacks are long, and differ only in an outer function. */
#include <sys/mman.h>

#define CALLS(name, other)                               \
	static __attribute__((noinline)) int name(int i) \
	{                                                \
		return other(i) + 1;                     \
	}

static __attribute__((noinline)) int innermost_of_many_functions(int i)
{
	int prot = i & 1 ? PROT_READ : PROT_NONE;

	return mmap(0, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

CALLS(called_by_both_of_the_outer_functions, innermost_of_many_functions)
CALLS(which_have_names_that_are_rather_long, called_by_both_of_the_outer_functions)
CALLS(outermost_of_one_call_site, which_have_names_that_are_rather_long)
CALLS(outermost_of_the_other, which_have_names_that_are_rather_long)

int main(void)
{
	int sum = 0;

	for (int i = 0; i < 40; i++)
		sum += i & 2 ? outermost_of_one_call_site(i) : outermost_of_the_other(i);
	return !sum;
}
