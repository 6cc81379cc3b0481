/* SPDX-License-Identifier: MIT */
/*
 * tools/util/lines.c and core/base/printable.c: text for people in lines of a given width, whatever
 * bytes the names in it contain.
 */
#include <criterion/criterion.h>

#include "core/base/base.h"
#include "util/lines.h"

Test(lines, a_line_is_broken_between_words_and_holds_no_control_bytes)
{
	struct vmt_lines lines = { .width = 20 };

	vmt_lines_add(&lines, 4, "  one two three four five \033[2Jsix");
	cr_assert_eq(lines.count, 2);
	cr_assert_str_eq(lines.line[0], "  one two three four");
	cr_assert_str_eq(lines.line[1], "    five ?[2Jsix");
	vmt_lines_free(&lines);
}

Test(lines, what_a_terminal_would_act_on_is_not_shown)
{
	static const struct {
		const char *is;
		const char *shown;
	} texts[] = {
		{ "caf\303\251 \342\202\254 \360\237\230\200",
		  "caf\303\251 \342\202\254 \360\237\230\200" },
		{ "a\302\2332Jb", "a??2Jb" }, /* CSI of Latin-1: xterm clears the screen */
		{ "a\2332J\351\377", "a?2J??" },
		{ "a\342\200\256b\342\201\247", "a???b???" }, /* from right to left */
		{ "\300\257\355\240\200\364\220\200\200", "?????????" },
		{ "cut \342\202", "cut ??" },
	};
	struct vmt_lines lines = { .width = 80 };

	for (size_t i = 0; i < VMT_COUNT(texts); i++) {
		vmt_lines_add(&lines, 0, "%s", texts[i].is);
		cr_assert_str_eq(lines.line[i], texts[i].shown);
	}
	vmt_lines_free(&lines);
}

Test(lines, a_number_and_its_unit_stay_together)
{
	struct vmt_lines lines = { .width = 12 };

	vmt_lines_add(&lines, 0, "a peak of 30 %% at 12 s since");
	cr_assert_str_eq(lines.line[0], "a peak of");
	cr_assert_str_eq(lines.line[1], "30 % at 12 s");
	cr_assert_str_eq(lines.line[2], "since");
	vmt_lines_free(&lines);
}
