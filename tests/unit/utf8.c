/* SPDX-License-Identifier: MIT */
/* Names of any bytes, as exported reports have them. */
#include "export/utf8.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void becomes(const char *bytes, const char *wanted)
{
	char *copy = vmt_utf8_copy(bytes, strlen(bytes));

	cr_expect_str_eq(copy, wanted, "%s", copy);
	free(copy);
}

Test(utf8, text_stays)
{
	becomes("", "");
	becomes("operator<<(\"a\"; b, 'c')", "operator<<(\"a\"; b, 'c')");
	becomes("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
		"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80");
	becomes("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf",
		"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf");
}

Test(utf8, control_characters_do_not)
{
	becomes("a\nb\rc\td\x1b[31me\x7f", "a?b?c?d?[31me?");
	becomes("a\xc2\x85"
		"b\xc2\x9b"
		"c\xc2\xa0",
		"a?b?c\xc2\xa0");
	becomes("\xe2\x80\xa8\xe2\x80\xaex\xe2\x81\xa6\xe2\x80\x8f\xd8\x9c", "??x???");
}

Test(utf8, other_bytes_do_not)
{
	becomes("\xff\xfe", "??");
	becomes("\x80"
		"a\xc3(",
		"?a?(");
	becomes("\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf", "?????????"); /* not the shortest form */
	becomes("\xed\xa0\x80", "???"); /* a surrogate */
	becomes("\xf4\x90\x80\x80\xf5", "?????"); /* beyond the last */
	becomes("cut \xe2\x82", "cut ??");
}

Test(utf8, a_nul_does_not_end_it)
{
	char *copy = vmt_utf8_copy("a\0b", 3);

	cr_expect_str_eq(copy, "a?b");
	free(copy);
}
