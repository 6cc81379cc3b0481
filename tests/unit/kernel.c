/* SPDX-License-Identifier: MIT */
/* core/base/kernel.c: which kernels have which rules, as their releases say. */
#include "core/base/kernel.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "core/vma/anon_vma.h"

Test(kernel, these_are_the_kernels_with_ties)
{
	cr_assert(vmt_anon_vma_rules_hold("6.16.0-amd64"));
	cr_assert(vmt_anon_vma_rules_hold("6.18.44"));
	cr_assert(vmt_anon_vma_rules_hold("7.0"));
	cr_assert_not(vmt_anon_vma_rules_hold("6.12.9"));
	cr_assert_not(vmt_anon_vma_rules_hold("5.10.223"));
	cr_assert_not(vmt_anon_vma_rules_hold("six"));
}

static bool is_tried(unsigned number, const char *rest)
{
	char release[32];

	snprintf(release, sizeof(release), "%u.%u%s", number / 1000, number % 1000, rest);
	return vmt_kernel_is_tried(release);
}

Test(kernel, rules_are_trusted_from_the_oldest_kernel_tried_to_the_newest)
{
	cr_assert(is_tried(VMT_KERNEL_OLDEST_TRIED, ".0-32-cloud-amd64"));
	cr_assert(is_tried(VMT_KERNEL_NEWEST_TRIED, ".99-amd64"));
	cr_assert(vmt_kernel_is_tried("6.18.44"));
	cr_assert_not(is_tried(VMT_KERNEL_OLDEST_TRIED - 1, ".300"));
	cr_assert_not(is_tried(VMT_KERNEL_NEWEST_TRIED + 1, ".0-rc1"));
	cr_assert_not(vmt_kernel_is_tried("100.0"));
	cr_assert_not(vmt_kernel_is_tried("4.4.0"));
	cr_assert_not(vmt_kernel_is_tried("2.6.78"));
	cr_assert_not(vmt_kernel_is_tried(""));
	cr_assert_not(vmt_kernel_is_tried("six"));
}
