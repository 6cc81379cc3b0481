/* SPDX-License-Identifier: MIT */
/*
 * core/base/scan.c: words and numbers are found in text that is not terminated, and nothing behind
 * its end is looked at.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "core/base/scan.h"

static const char status[] = "Name:\tcat\nPid:\t42\nVmSize:\t    2308 kB\nSeccomp:\t\n";
static const size_t length = sizeof(status) - 1;

Test(scan, words_are_found_up_to_the_end)
{
	cr_assert_eq(vmt_scan_find(status, length, "Name:"), status);
	cr_assert_eq(vmt_scan_find(status, length, "\nPid:"), strstr(status, "\nPid:"));
	cr_assert_eq(vmt_scan_find(status, length, "Seccomp:\t\n"), strstr(status, "Seccomp"));
	cr_assert_null(vmt_scan_find(status, length - 1, "Seccomp:\t\n"));
	cr_assert_null(vmt_scan_find(status, length, "Threads:"));
	cr_assert_null(vmt_scan_find("", 0, "x"));
}

Test(scan, numbers_end_with_the_text)
{
	static const char digits[] = "123456";

	cr_assert_eq(vmt_scan_number(digits, digits + 6), 123456);
	cr_assert_eq(vmt_scan_number(digits, digits + 3), 123);
	cr_assert_eq(vmt_scan_number(digits, digits), 0);
	cr_assert_eq(vmt_scan_number("x1", NULL), 0);
}

Test(scan, numbers_follow_their_key_and_blanks)
{
	cr_assert_eq(vmt_scan_number_after(status, length, "\nPid:"), 42);
	cr_assert_eq(vmt_scan_number_after(status, length, "VmSize:"), 2308);
	cr_assert_eq(vmt_scan_number_after(status, length, "Seccomp:"), 0);
	cr_assert_eq(vmt_scan_number_after(status, length, "Threads:"), 0);
	cr_assert_eq(vmt_scan_number_after(status, strlen("Name:\tcat\nPid:\t4"), "\nPid:"), 4);
}

Test(scan, fields_are_counted_from_0)
{
	static const char statm[] = "577 201 186 4 0 95 0";

	cr_assert_eq(vmt_scan_field(statm, sizeof(statm) - 1, 0), 577);
	cr_assert_eq(vmt_scan_field(statm, sizeof(statm) - 1, 5), 95);
	cr_assert_eq(vmt_scan_field(statm, sizeof(statm) - 1, 7), 0);
	cr_assert_eq(vmt_scan_field(statm, 5, 1), 2);
}
