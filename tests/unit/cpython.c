/* SPDX-License-Identifier: MIT */
/* Tables of lines as the compiler of CPython 3.11 writes them, and what must not be believed. */
#include <criterion/criterion.h>
#include <string.h>

#include "core/stack/cpython.h"

/*
 * def f():            line 1
 *     x = [           2
 *         g(),        3
 *     ]
 *     return x        5
 */
static const uint8_t table[] = {
	0x80,     0x00, /* RESUME, columns 0 to 0 */
	0xd9,     0x05, 0x06, /* one line further: four instructions of two bytes */
	0xd8,     0x08, 0x09, /* and another one */
	0xe8 | 1, 0x04, /* no columns: two lines further */
	0xf8, /* no line */
	0xf0,     0x05, 0x00, 0x01, 0x01, /* long: two lines back */
};

static uint32_t line(uint32_t at)
{
	return vmt_cpython_line(table, sizeof(table), 1, at);
}

Test(python, each_instruction_has_its_line)
{
	cr_assert_eq(line(0), 1);
	cr_assert_eq(line(2), 2);
	cr_assert_eq(line(4), 2);
	cr_assert_eq(line(6), 3);
	cr_assert_eq(line(8), 5);
	cr_assert_eq(line(10), 5);
	cr_assert_eq(line(12), 0);
	cr_assert_eq(line(14), 3);
	cr_assert_eq(line(16), 0);
}

Test(python, broken_tables_have_no_lines)
{
	uint8_t broken[sizeof(table)];

	for (size_t size = 0; size <= sizeof(table); size++)
		vmt_cpython_line(table, size, 1, 1000);
	memcpy(broken, table, sizeof(table));
	broken[0] = 0;
	cr_assert_eq(vmt_cpython_line(broken, sizeof(broken), 1, 0), 0);
	memset(broken, 0xff, sizeof(broken));
	cr_assert_eq(vmt_cpython_line(broken, sizeof(broken), 1, 0), 0);
	memset(broken, 0x7f, sizeof(broken));
	broken[0] = 0xf0;
	cr_assert_eq(vmt_cpython_line(broken, sizeof(broken), 1, 0), 0);
}

Test(python, text_is_utf8)
{
	static const uint16_t wide[] = { 'a', 0xe9, 0x20ac, 0xdcff };
	static const uint32_t wider[] = { 0x1f40d };
	char text[16];

	cr_assert_eq(vmt_cpython_text("a\xe9", 2, 1, text, sizeof(text)), 3);
	cr_assert_eq(memcmp(text, "a\xc3\xa9", 3), 0);
	cr_assert_eq(vmt_cpython_text(wide, 4, 2, text, sizeof(text)), 7);
	cr_assert_eq(memcmp(text, "a\xc3\xa9\xe2\x82\xac\xff", 7), 0);
	cr_assert_eq(vmt_cpython_text(wider, 1, 4, text, sizeof(text)), 4);
	cr_assert_eq(memcmp(text, "\xf0\x9f\x90\x8d", 4), 0);
	cr_assert_eq(vmt_cpython_text("too long for it", 15, 1, text, 16), 0);
	cr_assert_eq(vmt_cpython_text(wide, 1, 3, text, sizeof(text)), 0);
}

Test(python, only_known_versions_are_read)
{
	uint64_t offsets[VMT_CPYTHON_OFFSETS] = { 0 };
	struct vmt_cpython_layout layout;

	cr_assert(vmt_cpython_layout(0x030b02f0, offsets, &layout));
	cr_assert_not(vmt_cpython_layout(0x030b01f0, offsets, &layout));
	cr_assert_not(vmt_cpython_layout(0x030b02c1, offsets, &layout));
	cr_assert(vmt_cpython_layout(0x030c01f0, offsets, &layout));
	cr_assert_not(vmt_cpython_layout(0x030a0df0, offsets, &layout));
	cr_assert_not(vmt_cpython_layout(0x030d00f0, offsets, &layout));
	cr_assert_not(vmt_cpython_layout(0x030e00f0, offsets, &layout));
}
