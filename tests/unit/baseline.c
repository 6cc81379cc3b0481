/* SPDX-License-Identifier: MIT */
/*
 * Baselines: what is saved comes back, in the same order and bytes; anything damaged is
 * refused with a reason; and the limits that compare with them.
 */
#include "check/baseline.h"
#include "check/verdict.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <unistd.h>

static char error[VMT_BASELINE_ERROR_MAX];
static struct vmt_summary summary;

/* Write the bytes to a file of the test's own, and read them back. */
static int load_bytes(const char *bytes, size_t n)
{
	char path[] = "/tmp/vmatrace-baseline.XXXXXX";
	int fd = mkstemp(path);
	int ret;

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, bytes, n), (ssize_t)n);
	close(fd);
	error[0] = '\0';
	ret = vmt_baseline_load(path, &summary, error);
	unlink(path);
	return ret;
}

static int load(const char *text)
{
	return load_bytes(text, strlen(text));
}

#define HEAD "{\"schema\":\"vmatrace.baseline/1\",\"programs\":["
#define SITE "{\"call\":\"mmap\",\"maps\":5,\"stack\":[\"app!f\",\"app!main\"]}"
#define APP  "{\"program\":\"app\",\"growth\":5,\"sites\":["

Test(baseline, is_read)
{
	struct vmt_summary_program *program;

	cr_assert_eq(load(HEAD APP SITE "]}]}"), 0);
	program = vmt_summary_find_program(&summary, "app");
	cr_assert_eq(program->growth, 5);
	cr_assert_eq(vmt_summary_find_site(program, "mmap\napp!f\napp!main")->maps, 5);
	cr_assert_null(vmt_summary_find_site(program, "brk\napp!f"));
	vmt_summary_free(&summary);
}

Test(baseline, older_names_are_trimmed_and_added_up)
{
	struct vmt_summary_program *program;

	cr_assert_eq(load(HEAD APP "{\"call\":\"mmap\",\"maps\":5,\"stack\":[\"app!P<int>::f\"]},"
				   "{\"call\":\"mmap\",\"maps\":2,\"stack\":[\"app!P<char>::f\"]},"
				   "{\"call\":\"mmap\",\"maps\":1,\"stack\":[\"app!P::f\"]}]}]}"),
		     0, "%s", error);
	program = vmt_summary_find_program(&summary, "app");
	cr_assert_eq(vmt_summary_find_site(program, "mmap\napp!P::f")->maps, 8);
	vmt_summary_free(&summary);
}

#define FORKS  "{\"schema\":\"vmatrace.baseline/1\",\"fork_children\":true,\"programs\":["
#define FORKED "{\"program\":\"app\",\"growth\":5,\"forked\":7,\"sites\":["

Test(baseline, what_fork_children_gained_is_read)
{
	struct vmt_summary_program *program;

	cr_assert_eq(load(FORKS FORKED "{\"call\":\"mmap\",\"maps\":5,\"forked\":4,"
				       "\"stack\":[\"app!f\"]}]}]}"),
		     0, "%s", error);
	program = vmt_summary_find_program(&summary, "app");
	cr_assert(summary.knows_forked && program->has_forked);
	cr_assert_eq(program->forked, 7);
	cr_assert_eq(vmt_summary_find_site(program, "mmap\napp!f")->forked, 4);
	vmt_summary_free(&summary);
	/* None of them made a memory call. */
	cr_assert_eq(load(FORKS APP SITE "]}]}"), 0, "%s", error);
	program = vmt_summary_find_program(&summary, "app");
	cr_assert(program->has_forked && !program->forked);
	vmt_summary_free(&summary);
	/* Older baselines say it of none, or of programs only. */
	cr_assert_eq(load(HEAD APP SITE "]}]}"), 0, "%s", error);
	cr_assert_not(vmt_summary_find_program(&summary, "app")->has_forked);
	cr_assert_not(summary.knows_forked);
	vmt_summary_free(&summary);
	cr_assert_eq(load(HEAD FORKED SITE "]}]}"), 0, "%s", error);
	cr_assert(vmt_summary_find_program(&summary, "app")->has_forked);
	cr_assert_not(summary.knows_forked);
	vmt_summary_free(&summary);
}

#define GIVEN_BACK "{\"program\":\"app\",\"growth\":5,\"given_back\":4,\"sites\":["

Test(baseline, what_was_given_back_is_read)
{
	struct vmt_summary_program *program;

	cr_assert_eq(load(HEAD GIVEN_BACK "{\"call\":\"mmap\",\"maps\":0,\"most\":4,"
					  "\"stack\":[\"app!f\"]}]}]}"),
		     0, "%s", error);
	program = vmt_summary_find_program(&summary, "app");
	cr_assert_eq(program->torn_down, 4);
	cr_assert_eq(program->torn_down_apart, 4);
	cr_assert_eq(vmt_summary_find_site(program, "mmap\napp!f")->most, 4);
	vmt_summary_free(&summary);
	cr_assert_eq(load(HEAD GIVEN_BACK "{\"call\":\"mmap\",\"maps\":5,\"at_end\":1,"
					  "\"stack\":[\"app!f\"]}]}]}"),
		     0, "%s", error);
	program = vmt_summary_find_program(&summary, "app");
	cr_assert_eq(program->torn_down, 4);
	cr_assert_eq(program->torn_down_apart, 0);
	cr_assert_eq(vmt_summary_find_site(program, "mmap\napp!f")->at_end, 1);
	vmt_summary_free(&summary);
}

Test(baseline, what_it_is_instead_is_said)
{
	cr_assert_eq(load(""), -EBADMSG);
	cr_assert_str_eq(error, "it is empty");
	cr_assert_eq(load("VMATRACE and so on"), -EBADMSG);
	cr_assert_str_eq(error, "it is a recording");
	cr_assert_eq(vmt_baseline_load("/", &summary, error), -EISDIR);
	cr_assert_eq(load("\xef\xbb\xbf" HEAD "]}"), 0, "%s", error);
	vmt_summary_free(&summary);
}

static struct vmt_verdict judged(struct vmt_summary *now, struct vmt_summary *before)
{
	static struct vmt_suppressions none;
	struct vmt_verdict verdict = { .summary = now,
				       .base = before,
				       .suppressions = &none,
				       .limit[VMT_RULE_PER_SITE].is_set = true };

	vmt_verdict_judge(&verdict);
	return verdict;
}

Test(baseline, the_first_heap_is_no_growth)
{
	struct vmt_summary now = { .programs = NULL };
	struct vmt_summary before = { .programs = NULL };
	struct vmt_summary_program *program = vmt_summary_program(&now, "app");
	struct vmt_verdict verdict;

	program->processes = 1;
	vmt_summary_program(&before, "app");
	vmt_summary_site(program, "brk", "[heap]")->maps = 1;
	verdict = judged(&now, &before);
	cr_assert_eq(verdict.count, 0);
	vmt_summary_site(program, "brk", "[heap]")->maps = 2;
	verdict = judged(&now, &before);
	cr_assert_eq(verdict.count, 1);
	cr_assert(strstr(verdict.finding[0].message, "+1 map by brk"));
	vmt_verdict_free(&verdict);
	vmt_summary_free(&now);
	vmt_summary_free(&before);
}

Test(baseline, unknown_fields_are_left_alone)
{
	cr_assert_eq(load("{\"later\":[1],\"schema\":\"vmatrace.baseline/1\",\"programs\":[]}"), 0);
	vmt_summary_free(&summary);
}

Test(baseline, damage_is_refused)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"{}",
		"null",
		"{\"schema\":1}",
		HEAD "]",
		HEAD "1]}",
		HEAD "{}]}",
		"{\"schema\":\"vmatrace.baseline/2\",\"programs\":[]}",
		"{\"schema\":\"vmatrace.baseline/1\",\"programs\":{}}",
		"{\"schema\":\"vmatrace.baseline/1\",\"phase\":3,\"programs\":[]}",
		HEAD APP SITE "," SITE "]}]}",
		HEAD APP "]}," APP "]}]}",
		HEAD APP "{\"call\":\"mmap\",\"maps\":1.5,\"stack\":[]}]}]}",
		HEAD APP "{\"call\":\"mmap\",\"maps\":9223372036854775807,\"stack\":[]}]}]}",
		HEAD APP "{\"call\":\"mmap\",\"maps\":99999999999999999999,\"stack\":[]}]}]}",
		HEAD APP "{\"call\":\"mmap\",\"maps\":1,\"stack\":[1]}]}]}",
		HEAD APP "{\"call\":\"mmap\",\"maps\":1,\"stack\":[\"a\\nb\"]}]}]}",
		HEAD APP "{\"maps\":1,\"stack\":[]}]}]}",
		HEAD APP "{\"call\":\"mmap\",\"maps\":1,\"at_end\":\"1\",\"stack\":[]}]}]}",
		HEAD APP "{\"call\":\"mmap\",\"maps\":1,\"forked\":-1,\"stack\":[]}]}]}",
		FORKS "{\"program\":\"app\",\"growth\":1,\"forked\":\"1\",\"sites\":[]}]}",
		HEAD APP "{\"call\":\"mmap\",\"maps\":1,\"most\":-1,\"stack\":[]}]}]}",
		HEAD "{\"program\":\"app\",\"growth\":1,\"given_back\":-1,\"sites\":[]}]}",
		HEAD "{\"program\":\"app\",\"sites\":[]}]}",
	};

	for (size_t i = 0; i < VMT_COUNT(bad); i++) {
		cr_assert_neq(load(bad[i]), 0, "%s", bad[i]);
		cr_assert_neq(error[0], '\0', "%s", bad[i]);
		cr_assert_null(summary.programs);
	}
}

Test(baseline, every_truncation_and_flip_is_survived)
{
	static const char good[] = HEAD APP SITE "]}]}";
	char copy[sizeof(good)];

	for (size_t i = 0; i + 1 < sizeof(good); i++) {
		cr_assert_neq(load_bytes(good, i), 0);
		for (int bit = 0; bit < 8; bit++) {
			memcpy(copy, good, sizeof(good));
			copy[i] = (char)(copy[i] ^ 1 << bit);
			if (!load_bytes(copy, sizeof(good) - 1))
				vmt_summary_free(&summary);
		}
	}
}

Test(baseline, deep_nesting_is_refused)
{
	static char deep[100001];

	memset(deep, '[', sizeof(deep) - 1);
	cr_assert_eq(load(deep), -EBADMSG);
}

Test(baseline, a_missing_file_says_so)
{
	cr_assert_eq(vmt_baseline_load("/nonexistent", &summary, error), -ENOENT);
	cr_assert(strstr(error, "No such file"));
}

static bool allows(const char *text, int64_t base, int64_t maps)
{
	struct vmt_summary now = { .programs = NULL };
	struct vmt_summary before = { .programs = NULL };
	struct vmt_suppressions none = { NULL, 0 };
	struct vmt_verdict verdict = { .summary = &now, .base = &before, .suppressions = &none };
	struct vmt_summary_program *program = vmt_summary_program(&now, "app");
	bool passed;

	program->processes = 1;
	vmt_summary_site(program, "mmap", "app!f")->maps = maps;
	vmt_summary_site(vmt_summary_program(&before, "app"), "mmap", "app!f")->maps = base;
	cr_assert(vmt_rules_parse_limit(text, &verdict.limit[VMT_RULE_PER_SITE]));
	vmt_verdict_judge(&verdict);
	passed = !verdict.count;
	vmt_verdict_free(&verdict);
	vmt_summary_free(&now);
	vmt_summary_free(&before);
	return passed;
}

Test(baseline, tolerances)
{
	cr_assert(allows("0", 5, 5));
	cr_assert(allows("0", 5, 1));
	cr_assert_not(allows("0", 5, 6));
	cr_assert(allows("10", 5, 15));
	cr_assert_not(allows("10", 5, 16));
	cr_assert(allows("10%", 100, 110));
	cr_assert_not(allows("10%", 100, 111));
	cr_assert(allows("100%", 0, 0));
	cr_assert_not(allows("100%", 0, 1));
}

/* One more process, in which the site gained so many maps. */
static void add_process(struct vmt_summary_program *program, struct vmt_summary_site *site,
			int64_t growth, int64_t gained, bool is_forked)
{
	site->current = gained;
	vmt_summary_add_process(program, growth, is_forked);
	site->current = 0;
	site->maps = gained > site->maps ? gained : site->maps;
	program->growth = growth > program->growth ? growth : program->growth;
	program->merged = -1;
}

/* Five maps of one call site now belong to another. */
static size_t findings_when_moved(bool may_move, int64_t growth)
{
	struct vmt_summary now = { .programs = NULL };
	struct vmt_summary before = { .programs = NULL };
	struct vmt_suppressions none = { NULL, 0 };
	struct vmt_verdict verdict = { .summary = &now,
				       .base = &before,
				       .suppressions = &none,
				       .limit[VMT_RULE_PER_SITE].is_set = true,
				       .may_move = may_move };
	struct vmt_summary_program *program = vmt_summary_program(&now, "app");
	size_t count;

	add_process(program, vmt_summary_site(program, "mmap", "app!g"), growth, 5, false);
	program = vmt_summary_program(&before, "app");
	program->growth = 5;
	vmt_summary_site(program, "mmap", "app!f")->maps = 5;
	vmt_verdict_judge(&verdict);
	count = verdict.count;
	cr_assert_eq(verdict.sites, count);
	vmt_verdict_free(&verdict);
	vmt_summary_free(&now);
	vmt_summary_free(&before);
	return count;
}

Test(baseline, moved_maps_are_no_growth_unless_asked_for)
{
	cr_assert_eq(findings_when_moved(true, 5), 0);
	cr_assert_eq(findings_when_moved(true, 6), 1);
	cr_assert_eq(findings_when_moved(false, 5), 1);
}

/*
 * The parent has 200 maps of a call site before and now. Of so many fork children, in which the site had
 * gained 3, it has gained as many as these in one, and as few in another.
 */
static size_t findings_of_forked(uint64_t children, int64_t most, int64_t least, bool is_known,
				 const char *per_site)
{
	struct vmt_summary now = { .programs = NULL };
	struct vmt_summary before = { .knows_forked = is_known };
	struct vmt_suppressions none = { NULL, 0 };
	struct vmt_verdict verdict = {
		.summary = &now, .base = &before, .suppressions = &none, .may_move = !per_site
	};
	struct vmt_summary_program *program = vmt_summary_program(&now, "app");
	struct vmt_summary_site *site = vmt_summary_site(program, "mmap", "app!f");
	size_t count;

	add_process(program, site, 200, 200, false);
	for (uint64_t i = 0; i < children; i++)
		add_process(program, site, i ? least : most, i ? least : most, true);
	program = vmt_summary_program(&before, "app");
	program->growth = program->unforked = 200;
	program->forked = 3;
	program->has_forked = true;
	site = vmt_summary_site(program, "mmap", "app!f");
	site->maps = site->unforked = 200;
	site->forked = is_known ? 3 : 0;
	cr_assert(vmt_rules_parse_limit(per_site ? per_site : "0",
					&verdict.limit[VMT_RULE_PER_SITE]));
	vmt_verdict_judge(&verdict);
	count = verdict.count;
	for (size_t i = 0; i < count; i++)
		cr_assert(verdict.finding[i].is_forked && verdict.finding[i].site &&
			  verdict.finding[i].base == 3);
	vmt_verdict_free(&verdict);
	vmt_summary_free(&now);
	vmt_summary_free(&before);
	return count;
}

Test(baseline, what_fork_children_gained_is_compared)
{
	cr_assert_eq(findings_of_forked(1, 19, 19, true, NULL), 0);
	cr_assert_eq(findings_of_forked(1, 20, 20, true, NULL), 1);
	cr_assert_eq(findings_of_forked(3, 8, 8, true, NULL), 0);
	cr_assert_eq(findings_of_forked(4, 9, 7, true, NULL), 0);
	cr_assert_eq(findings_of_forked(4, 9, 8, true, NULL), 1);
	cr_assert_eq(findings_of_forked(1, 3, 3, true, "0"), 0);
	cr_assert_eq(findings_of_forked(1, 4, 4, true, "0"), 1);
	cr_assert_eq(findings_of_forked(1, 8, 8, true, "5"), 0);
	cr_assert_eq(findings_of_forked(1, 9, 9, true, "5"), 1);
	cr_assert_eq(findings_of_forked(1, 23, 23, true, "10%"), 0); /* of 200 */
	cr_assert_eq(findings_of_forked(1, 24, 24, true, "10%"), 1);
	/* An older baseline does not say how many of these its call site had. */
	cr_assert_eq(findings_of_forked(4, 90, 90, false, NULL), 0);
	cr_assert_eq(findings_of_forked(4, 90, 90, false, "0"), 0);
}

Test(baseline, limits_are_numbers)
{
	struct vmt_limit limit;

	cr_assert(vmt_rules_parse_limit("0", &limit));
	cr_assert(vmt_rules_parse_limit("7%", &limit) && limit.is_percent && limit.value == 7);
	cr_assert_not(vmt_rules_parse_limit("", &limit));
	cr_assert_not(vmt_rules_parse_limit("%", &limit));
	cr_assert_not(vmt_rules_parse_limit("-1", &limit));
	cr_assert_not(vmt_rules_parse_limit(" 1", &limit));
	cr_assert_not(vmt_rules_parse_limit("1x", &limit));
	cr_assert_not(vmt_rules_parse_limit("1%%", &limit));
	cr_assert_not(vmt_rules_parse_limit("99999999999999999999999", &limit));
}
