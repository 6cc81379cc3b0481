/* SPDX-License-Identifier: MIT */
/* The same in Criterion, whose every test is a process of its own: a child that is traced too. */
#include <criterion/criterion.h>
#include <sys/mman.h>

#include "vmatrace.h"

#define SIZE (1 << 20)

static void work(void)
{
	char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert_neq(memory, MAP_FAILED);
	cr_assert_eq(mprotect(memory + 4096, 4096, PROT_NONE), 0);
	cr_assert_eq(munmap(memory, SIZE), 0);
}

Test(no_growth, a_phase_adds_no_maps)
{
	long before;

	work();
	before = VMATRACE_MAPS();
	if (before < 0)
		cr_skip_test("not run under libvmatrace.so");
	for (int i = 0; i < 100; i++)
		work();
	cr_assert_eq(VMATRACE_MAPS(), before);
}

Test(no_growth, a_leak_is_counted)
{
	long before = VMATRACE_MAPS();
	char *memory;

	if (before < 0)
		cr_skip_test("not run under libvmatrace.so");
	memory = mmap(NULL, 3 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert_eq(mprotect(memory + 4096, 4096, PROT_READ), 0);
	cr_assert_geq(VMATRACE_MAPS(), before + 2);
}
