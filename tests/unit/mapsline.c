/* SPDX-License-Identifier: MIT */
/*
 * core/vma/mapsline.c: lines as the kernel writes them, and lines that it never would.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/vma/mapsline.h"

static struct vmt_mapsline parse(const char *text)
{
	struct vmt_mapsline line = { .name = NULL };

	cr_assert_eq(vmt_mapsline_parse(text, strlen(text), &line), 0, "%s", text);
	return line;
}

static bool is_named(const struct vmt_mapsline *line, const char *name)
{
	return line->name_length == strlen(name) && !memcmp(line->name, name, line->name_length);
}

Test(mapsline, a_file)
{
	struct vmt_mapsline line = parse("7f12a4c00000-7f12a4c22000 r-xp 00028000 fe:01 "
					 "1835077                    /usr/lib/libc.so.6");

	cr_assert_eq(line.vma.start, 0x7f12a4c00000);
	cr_assert_eq(line.vma.end, 0x7f12a4c22000);
	cr_assert_eq(line.vma.flags, VMT_MAP_READ | VMT_MAP_EXEC);
	cr_assert_eq(line.vma.offset, 0x28000);
	cr_assert_eq(vmt_vma_dev_major(line.vma.dev), 0xfe);
	cr_assert_eq(vmt_vma_dev_minor(line.vma.dev), 1);
	cr_assert_eq(line.vma.inode, 1835077);
	cr_assert(is_named(&line, "/usr/lib/libc.so.6"));
}

Test(mapsline, anonymous_memory_has_no_name)
{
	struct vmt_mapsline line = parse("7ffff7d80000-7ffff7d83000 rw-p 00000000 00:00 0 ");

	cr_assert_eq(line.name_length, 0);
	cr_assert_eq(line.vma.inode, 0);
	cr_assert_eq(line.vma.flags, VMT_MAP_READ | VMT_MAP_WRITE);
	cr_assert_eq(parse("1000-2000 ---p 00000000 00:00 0").name_length, 0, "nor a blank");
}

Test(mapsline, shared_memory)
{
	cr_assert_eq(parse("1000-2000 rw-s 00000000 00:01 4 /dev/zero (deleted)").vma.flags,
		     VMT_MAP_READ | VMT_MAP_WRITE | VMT_MAP_SHARED);
}

Test(mapsline, names_may_hold_blanks)
{
	struct vmt_mapsline line = parse("1000-2000 r--p 00000000 fe:01 9   /tmp/a b  c (deleted)");

	cr_assert(is_named(&line, "/tmp/a b  c (deleted)"));
}

Test(mapsline, the_stack_grows)
{
	cr_assert(parse("7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0 [stack]").vma.flags &
		  VMT_MAP_STACK);
	cr_assert_not(parse("1000-2000 rw-p 00000000 00:00 0 [stack]x").vma.flags & VMT_MAP_STACK);
	cr_assert_not(parse("1000-2000 rw-p 00000000 00:00 0 [stac").vma.flags & VMT_MAP_STACK);
}

Test(mapsline, vsyscall_is_told_apart)
{
	struct vmt_mapsline line = parse(
		"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0          [vsyscall]");

	cr_assert(vmt_mapsline_is_vsyscall(&line));
	cr_assert_eq(line.vma.end, 0xffffffffff601000);
	line = parse("7ffd000-7ffe000 r-xp 00000000 00:00 0 [vdso]");
	cr_assert_not(vmt_mapsline_is_vsyscall(&line));
}

Test(mapsline, the_largest_numbers)
{
	struct vmt_mapsline line = parse("0-ffffffffffffffff rwxs ffffffffffffffff "
					 "ffffffff:ffffffff 18446744073709551615 x");

	cr_assert_eq(line.vma.end, UINT64_MAX);
	cr_assert_eq(line.vma.inode, UINT64_MAX);
	cr_assert_eq(line.vma.dev, UINT32_MAX);
}

Test(mapsline, bad_lines_are_refused_and_nothing_is_touched)
{
	static const char *const bad[] = {
		"",
		"-",
		"1000",
		"1000-",
		"1000-2000",
		"1000-2000 ",
		"1000-2000 rw-p",
		"2000-1000 rw-p 0 0:0 0",
		"1000-1000 rw-p 0 0:0 0",
		"1000-2000 xw-p 0 0:0 0",
		"1000-2000 rw-q 0 0:0 0",
		"1000-2000 rw-p 0 00 0",
		"1000-2000 rw-p 0 0:0 ",
		"1000 2000 rw-p 0 0:0 0",
		"g000-2000 rw-p 0 0:0 0",
		"1000-2000rw-p 0 0:0 0",
		"1000-20000000000000000 rw-p 0 0:0 0",
		"1000-2000 rw-p 0 0:0 18446744073709551616",
		"-1000-2000 rw-p 0 0:0 0",
		"1000-2000 rw-p 0 0:0 a",
		"Size:  4 kB",
	};

	for (size_t i = 0; i < VMT_COUNT(bad); i++) {
		struct vmt_mapsline line = { .name_length = 77 };

		cr_assert_eq(vmt_mapsline_parse(bad[i], strlen(bad[i]), &line), -EBADMSG, "'%s'",
			     bad[i]);
		cr_assert_eq(line.name_length, 77);
	}
}

/* Every prefix of a line: no byte behind its end may be read. */
Test(mapsline, a_line_cut_anywhere_is_survived)
{
	static const char text[] = "7f12a4c00000-7f12a4c22000 r-xp 00028000 fe:01 1835077 [stack]";

	for (size_t length = 0; length < sizeof(text); length++) {
		char *cut = strndup(text, length);
		struct vmt_mapsline line;

		cr_assert_geq(vmt_mapsline_parse(cut, length, &line), -EBADMSG);
		free(cut);
	}
}

Test(mapsline, all_lines_of_this_process)
{
	FILE *file = fopen("/proc/self/maps", "r");
	char text[4096 + 128];
	size_t lines = 0;

	cr_assert_not_null(file);
	while (fgets(text, sizeof(text), file)) {
		text[strcspn(text, "\n")] = '\0';
		parse(text);
		lines++;
	}
	cr_assert_gt(lines, 5);
	fclose(file);
}

/* Any byte, at any place in a number of any length, either ends it or is a digit of it. */
Test(mapsline, every_byte_at_every_place_of_a_number)
{
	static const char digits[] = "0123456789abcdef";
	unsigned seed = 1;

	for (size_t length = 1; length <= 17; length++) {
		for (int round = 0; round < 300; round++) {
			char text[64];
			struct vmt_mapsline line;
			size_t place = (size_t)rand_r(&seed) % length;
			bool is_good = length <= 16;
			int byte = round < 256 ? round : rand_r(&seed) % 256;

			memcpy(text, "0-", 2);
			for (size_t i = 0; i < length; i++)
				text[2 + i] = digits[1 + rand_r(&seed) % 15];
			if (byte)
				text[2 + place] = (char)byte;
			strcpy(text + 2 + length, " rw-p 0 0:0 0");
			is_good &= !byte || memchr(digits, byte, 16);
			if (length == 1 && text[2] == '0')
				is_good = false; /* an empty range */
			cr_assert_eq(vmt_mapsline_parse(text, strlen(text), &line) == 0, is_good,
				     "'%s'", text);
			if (is_good)
				cr_assert_eq(line.vma.end, strtoull(text + 2, NULL, 16), "'%s'",
					     text);
		}
	}
}

static uint32_t class_of(const char *text)
{
	struct vmt_mapsline line;

	cr_assert_eq(vmt_mapsline_parse(text, strlen(text), &line), 0);
	return vmt_mapsline_class(&line);
}

Test(mapsline, memory_without_a_name_is_plain)
{
	cr_assert_eq(class_of("1000-2000 rw-p 00000000 00:00 0"), VMT_CLASS_PLAIN);
	cr_assert_eq(class_of("1000-2000 rw-p 00000000 00:00 0       [heap]"), VMT_CLASS_BRK);
	cr_assert_eq(class_of("1000-2000 rw-p 00000000 00:00 0       [stack]"), VMT_CLASS_UNKNOWN);
	cr_assert_eq(class_of("1000-2000 rw-p 00000000 00:00 0       [anon:x]"), VMT_CLASS_UNKNOWN);
	cr_assert_eq(class_of("1000-2000 r--p 00000000 00:00 0"), VMT_CLASS_UNKNOWN,
		     "was it written to?");
	cr_assert_eq(class_of("1000-2000 rw-s 00000000 00:01 7       /dev/zero (deleted)"),
		     VMT_CLASS_UNKNOWN);
	cr_assert_eq(class_of("1000-2000 rw-p 00000000 fe:00 99      /bin/true"),
		     VMT_CLASS_UNKNOWN);
}
