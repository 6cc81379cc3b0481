/* SPDX-License-Identifier: MIT */
/*
 * tools/input/procmaps.c, explain_text.c, explain_files.c: texts that are no maps or are
 * incomplete, and the page that is written for valid ones.
 */
#include "explain/explain_files.h"
#include "explain_maps.h"

TestSuite(explain_page, .fini = tear_down);

static int parse(const char *bytes, size_t n)
{
	char *copy = malloc(n + 1);
	int ret;

	memcpy(copy, bytes, n);
	copy[n] = '\0';
	ret = vmt_procmaps_parse(copy, n, &maps);
	tear_down();
	return ret;
}

Test(explain_page, texts_that_are_none)
{
	cr_assert_eq(parse("", 0), 0);
	cr_assert_eq(parse("\n\n", 2), 0);
	cr_assert_eq(parse("x", 1), -EBADMSG);
	cr_assert_eq(parse("Rss: 4 kB\n", 10), -EBADMSG, "a field of no map");
	cr_assert_eq(parse("\0\0\0\0", 4), -EBADMSG);
	cr_assert_eq(parse("2000-1000 rw-p 0 0:0 0\n", 23), -EBADMSG);
	cr_assert_eq(parse("1000-2000 rw-p 0 0:0 0", 22), 0, "without a newline");
	cr_assert_eq(parse("1000-9000 ---p 0 0:0 0 [rollup]\nRss: 4 kB\n", 41), -EBADMSG,
		     "smaps_rollup is a sum");
}

Test(explain_page, a_text_that_is_cut_off)
{
	map(1, 1, "r--p", ANON);
	add("2000-3000 rw-");
	run(NULL);
	cr_assert_eq(maps.count, 1);
	cr_assert(maps.is_cut);
	tear_down();
	cr_assert_eq(parse("1000-2000 rw-p 0 0:0 0\n2000-30\n", 31), -EBADMSG,
		     "a line that has an end is whole");
}

Test(explain_page, files_by_directory_and_ending)
{
	struct vmt_explain_files files[3];
	char rest[64];

	for (unsigned i = 0; i < 30; i++) {
		snprintf(rest, sizeof(rest), "00000000 08:01 %u /idx/_%u.%s (deleted)", 100 + i, i,
			 i % 3 ? "dvd" : "tim");
		map(1000 + i * 2, 1, "r--s", rest);
	}
	run(NULL);
	cr_assert_eq(vmt_explain_top_files(&explain, VMT_KIND_DELETED, files, 3), 2);
	cr_assert_str_eq(files[0].pattern, "/idx/*.dvd");
	cr_assert_eq(files[0].maps, 20);
	cr_assert_str_eq(files[1].pattern, "/idx/*.tim");
	vmt_explain_free_files(files, 2);
}

Test(explain_page, no_line_of_a_page_is_longer_than_80)
{
	struct vmt_lines lines = { .width = 80 };
	char rest[512];

	for (unsigned i = 0; i < 40; i++) {
		snprintf(rest, sizeof(rest), "00000000 08:01 %u /%0*d/caf\303\251-%0*d.%s", 100 + i,
			 60, 0, 60, i % 7, i % 3 ? "dvd" : "tim");
		map(1000 + i * 2, 1, "r--s", rest);
	}
	run(NULL);
	vmt_cause_page(&lines, &explain, 65530);
	for (size_t i = 0; i < lines.count; i++) {
		cr_assert_leq(strlen(lines.line[i]), 80, "%s", lines.line[i]);
		cr_assert_null(strchr(lines.line[i], '?'), "%s", lines.line[i]);
	}
	cr_assert(strstr(lines.line[2], "...") && strstr(lines.line[2], "*.dvd"), "%s",
		  lines.line[2]);
	vmt_lines_free(&lines);
}

Test(explain_page, near_the_limit_a_higher_one_is_told)
{
	static const struct {
		uint64_t limit;
		const char *told;
	} limits[] = {
		{ 65530, NULL },
		{ 126, NULL }, /* 79 % */
		{ 125, "  for now: sysctl vm.max_map_count=262144 (now 125), which buys time but" },
		{ 0, NULL }, /* unknown for a saved text */
	};
	struct vmt_lines lines = { .width = 200 };

	for (uint64_t i = 0; i < 100; i++)
		map(1000 + i * 2, 1, "r--s", ANON);
	run(NULL);
	for (size_t i = 0; i < VMT_COUNT(limits); i++) {
		const char *last;

		vmt_cause_page(&lines, &explain, limits[i].limit);
		last = lines.line[lines.count - 1];
		cr_assert_eq(!!strstr(last, "for now"), !!limits[i].told, "%lu: %s",
			     limits[i].limit, last);
		cr_assert(!limits[i].told || !strncmp(last, limits[i].told, 70), "%s", last);
	}
	vmt_lines_free(&lines);
}

Test(explain_page, costs_grow_with_the_maps)
{
	struct vmt_explain_cost cost = vmt_explain_cost(60000);

	cr_assert_eq(cost.bytes_low, 13200000);
	cr_assert_eq(cost.fork_low, 37550000);
	cr_assert_eq(cost.fork_high, 90950000);
	cr_assert_eq(vmt_explain_cost(0).fork_high, 0);
	cr_assert_gt(vmt_explain_cost(1000000).fork_high, cost.fork_high * 10);
}
