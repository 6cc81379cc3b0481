/* SPDX-License-Identifier: MIT */
/* core/base/options.c: VMATRACE_OPTIONS as people write it, correctly and otherwise. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/options.h"

static char said[1000];

static void complain(void *context, const char *message)
{
	(void)context;
	cr_assert_lt(strlen(said) + strlen(message) + 2, sizeof(said));
	strcat(said, message);
	strcat(said, "\n");
}

static struct vmt_options options;

static int parse(const char *text)
{
	static const struct vmt_options_ops ops = { .complain = complain };

	said[0] = '\0';
	vmt_options_init(&options);
	return vmt_options_parse(&options, text, &ops);
}

Test(options, nothing_gives_what_is_usual)
{
	cr_assert_eq(parse(""), 0);
	cr_assert(options.report);
	cr_assert(options.sites);
	cr_assert(options.follow_children);
	cr_assert_not(options.children);
	cr_assert_eq(options.top, 10);
	cr_assert_eq(options.verify, 0);
	cr_assert_eq(options.ask, VMT_ASK_AUTO);
	cr_assert_str_eq(options.dir, "");
}

Test(options, several_at_once)
{
	cr_assert_eq(parse("dir=/tmp/x:malloc=0:report=0:top=25:ask=probe:verify=100"), 0, "%s",
		     said);
	cr_assert_str_eq(options.dir, "/tmp/x");
	cr_assert_not(options.report);
	cr_assert_not(options.malloc);
	cr_assert_eq(options.top, 25);
	cr_assert_eq(options.ask, VMT_ASK_PROBE);
	cr_assert_eq(options.verify, 100);
}

Test(options, the_last_one_counts)
{
	cr_assert_eq(parse("top=1:top=2:dir=a:dir=b"), 0);
	cr_assert_eq(options.top, 2);
	cr_assert_str_eq(options.dir, "b");
}

Test(options, empty_parts_are_nothing)
{
	cr_assert_eq(parse("::top=3::"), 0);
	cr_assert_eq(options.top, 3);
}

Test(options, a_bare_key_switches_on)
{
	cr_assert_eq(parse("strict:help"), 0);
	cr_assert(options.strict);
	cr_assert(options.help);
}

Test(options, a_bare_key_that_needs_a_value_is_complained_of)
{
	cr_assert_eq(parse("top:dir:ask:children"), 4);
	cr_assert_not_null(strstr(said, "'top'"));
	cr_assert_eq(options.top, 10);
}

Test(options, a_report_may_be_at_the_limit_alone)
{
	cr_assert_eq(parse("report=limit"), 0);
	cr_assert_eq(options.report, VMT_REPORT_AT_LIMIT);
	cr_assert_eq(parse("report=lines"), 0);
	cr_assert_eq(options.report, VMT_REPORT_LINES);
	cr_assert_eq(parse("report=0:report"), 0);
	cr_assert_eq(options.report, VMT_REPORT_ALWAYS);
}

Test(options, derive)
{
	vmt_options_init(&options);
	cr_assert_eq(options.derive, VMT_DERIVE_FULL);
	cr_assert_eq(parse("derive=plain"), 0);
	cr_assert_eq(options.derive, VMT_DERIVE_PLAIN);
	cr_assert_eq(parse("derive=full"), 0);
	cr_assert_eq(options.derive, VMT_DERIVE_FULL);
	cr_assert_eq(parse("derive=half:derive=0"), 2);
}

Test(options, children)
{
	cr_assert_eq(parse("children=report"), 0);
	cr_assert(options.children);
	cr_assert_eq(parse("children=record"), 0);
	cr_assert_not(options.children);
	cr_assert_eq(parse("children=1"), 1);
}

Test(options, unknown_keys_are_named_and_the_rest_holds)
{
	cr_assert_eq(parse("topp=3:top=4:to=5"), 2);
	cr_assert_not_null(strstr(said, "'topp'"));
	cr_assert_not_null(strstr(said, "'to'"));
	cr_assert_eq(options.top, 4);
}

Test(options, bad_values_are_answered_with_the_right_ones)
{
	static const char *const told[][2] = {
		{ "max_maps=100", "'max_maps=100'; valid is a number from 1000 to 100000000" },
		{ "verify=x", "a number from 0\n" },
		{ "exitcode=0", "a number from 1 to 255\n" },
		{ "malloc=yes", "valid is 0 or 1\n" },
		{ "report=yes", "valid is 0 or 1 or limit or lines\n" },
		{ "children=1", "valid is report or record\n" },
		{ "ask=maybe", "valid is auto or query or probe or maps\n" },
		{ "derive=x", "valid is full or plain\n" },
		{ "sites=2", "valid is 0 or auto or mprotect\n" },
		{ "filter=0", "valid is auto or probe\n" },
		{ "dir=", "valid is a path of 1 to 255 bytes\n" },
		{ "try=x",
		  "valid is some of guards,names,advice,locks,policy,noreserve,decommit,holes,stacks,"
		  "arenas\n" },
		{ "ask",
		  "'ask' in VMATRACE_OPTIONS needs a value: auto or query or probe or maps\n" },
	};

	for (size_t i = 0; i < VMT_COUNT(told); i++) {
		cr_assert_eq(parse(told[i][0]), 1, "%s", told[i][0]);
		cr_assert_not_null(strstr(said, told[i][1]), "%s", said);
	}
}

Test(options, bad_values_are_named_and_leave_what_was)
{
	static const char *const bad[] = {
		"report=2",
		"report=",
		"report=yes",
		"top=0",
		"top=-1",
		"top=1x",
		"top=",
		"top= 1",
		"top=99999999999999999999",
		"verify=18446744073709551616",
		"ask=maybe",
		"ask=",
		"dir=",
		"max_maps=1",
		"max_sites=1000000000000",
		"verbosity=10",
		"=",
		"=1",
		"top==1",
	};

	for (size_t i = 0; i < VMT_COUNT(bad); i++) {
		struct vmt_options usual;

		vmt_options_init(&usual);
		cr_assert_eq(parse(bad[i]), 1, "%s", bad[i]);
		cr_assert_eq(memcmp(&options, &usual, sizeof(usual)), 0, "%s", bad[i]);
	}
}

Test(options, the_largest_numbers)
{
	cr_assert_eq(parse("verify=18446744073709551615"), 0);
	cr_assert_eq(options.verify, UINT64_MAX);
}

Test(options, paths_up_to_the_last_byte)
{
	char text[400] = "log_path=";
	size_t key = strlen(text);

	memset(text + key, 'a', sizeof(options.log_path) - 1);
	cr_assert_eq(parse(text), 0);
	cr_assert_eq(strlen(options.log_path), sizeof(options.log_path) - 1);
	strcat(text, "a");
	cr_assert_eq(parse(text), 1);
	cr_assert_str_eq(options.log_path, "");
}

Test(options, a_value_may_hold_an_equals_sign)
{
	cr_assert_eq(parse("dir=a=b"), 0);
	cr_assert_str_eq(options.dir, "a=b");
}

Test(options, complaints_are_one_printable_sentence)
{
	char text[600];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	cr_assert_eq(parse(text), 1);
	cr_assert_lt(strlen(said), 201);
	cr_assert_eq(parse("a\nb\x1b[31m\xff=1"), 1);
	for (const char *c = said; c[1]; c++)
		cr_assert(*c >= ' ' && *c < 127);
}

Test(options, every_option_has_a_line_of_help)
{
	size_t count = 0;

	for (const char *line; (line = vmt_options_help(count)); count++) {
		char text[64] = "";

		cr_assert_lt(strlen(line), 100);
		cr_assert_null(strchr(line, '\n'));
		strncat(text, line, strcspn(line, "="));
		parse(text);
		cr_assert_null(strstr(said, "unknown"), "%s", line);
	}
	cr_assert_gt(count, 10);
}

/* Any bytes: no crash, and no read beyond the end (the text is on the heap for that reason). */
Test(options, any_bytes_are_survived)
{
	static const char bytes[] = "=:top1\x80\xff dirask0";
	uint64_t state = 7;

	for (unsigned round = 0; round < 20000; round++) {
		size_t length = round % 40;
		char *text = calloc(1, length + 1);

		for (size_t i = 0; i < length; i++) {
			state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
			text[i] = bytes[(state >> 33) % (sizeof(bytes) - 1)];
		}
		parse(text);
		free(text);
	}
}

Test(options, remedies_are_named_in_a_list)
{
	cr_assert_eq(parse("try=guards,holes"), 0);
	cr_assert_eq(options.remedies, VMT_REMEDY_GUARDS | VMT_REMEDY_HOLES);
	cr_assert_eq(parse("try=locks"), 0);
	cr_assert_eq(options.remedies, VMT_REMEDY_LOCKS);
	cr_assert_eq(parse("try=:try=guard:try=guardss:try=,guards:try=a,locks"), 5);
	cr_assert_eq(options.remedies, 0);
}
