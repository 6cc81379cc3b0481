/* SPDX-License-Identifier: MIT */
/*
 * The text report: its content for the demonstration, that it keeps to 80 columns, and that no
 * recording can make it crash or run for ever.
 */
#include "core/report/report.h"
#include "sample_recording.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct sample sample;
static char output[1 << 20];
static size_t output_used;

static void collect(void *context, const char *bytes, size_t n)
{
	(void)context;
	if (n > sizeof(output) - 1 - output_used)
		n = sizeof(output) - 1 - output_used;
	memcpy(output + output_used, bytes, n);
	output_used += n;
	output[output_used] = '\0';
}

static const char *file_name = "demo.c";
static const char *function_name = "main";

/* Names as a tool would know them: libc's frames have even indices, the program's odd ones. */
static bool name(void *context, const struct vmt_rec_site *site, struct vmt_report_spot spot,
		 struct vmt_report_place *ret_place)
{
	static char file[64];
	uint64_t frame = spot.frame;

	(void)context;
	(void)site;
	if (spot.level)
		return false;
	snprintf(file, sizeof(file), "%s", frame & 1 ? file_name : "malloc.c");
	*ret_place = (struct vmt_report_place){
		.function = frame & 1 ? function_name : "sysmalloc",
		.file = file,
		.line = (uint32_t)(12 + 3 * (frame / 2)),
	};
	return true;
}

static bool is_verbose;

static const char *report_of(const void *data, uint64_t size, bool with_names)
{
	const struct vmt_report_ops ops = { .emit = collect, .resolve = with_names ? name : NULL };
	const struct vmt_report_options options = { .top = 0, .verbose = is_verbose };
	static struct vmt_view view;

	output_used = 0;
	output[0] = '\0';
	if (!vmt_view_open(data, size, &view))
		vmt_report_report(&view, &options, &ops);
	return output;
}

static const char *report(bool with_names)
{
	return report_of(sample.data, sizeof(sample.data), with_names);
}

#define assert_has(text, part) cr_assert_not_null(strstr(text, part), "missing: %s\n%s", part, text)
#define assert_has_not(text, part) \
	cr_assert_null(strstr(text, part), "too much: %s\n%s", part, text)

Test(text, demonstration_reads_plus_plus_minus)
{
	const char *text;
	const char *first;

	sample_demo(&sample);
	text = report(true);
	assert_has(text, "==77== vmatrace: ./demo --fast, 12.4 s, exit 0\n");
	assert_has(text, "24 at start, 25 at the end (+1), peak 26 of 65,530\n");
	first = strstr(text, "1   +1   4 %  mmap new        main demo.c:12\n");
	cr_assert_not_null(first, "%s", text);
	cr_assert_gt(strstr(text, "0   +1        munmap split    main demo.c:15\n"), first);
	assert_has(text, "0   -1        mmap merge      main demo.c:18\n");
	assert_has(text, "1 call: created 1, merged 2\n");
	assert_has(text, "#0  sysmalloc malloc.c:12 (libc.so.6)\n");
	assert_has(text, "#1  main demo.c:12 (demo)\n");
	assert_has(text, "0 unseen, 0 lost");
	assert_has(text, "\nSUMMARY: vmatrace: +1 map at 3 call sites (peak 26 of 65,530)\n");
}

/* The same three call sites: with a hundred more maps, it matters who put them, not when. */
Test(text, growth_is_told_by_its_greatest_site)
{
	const char *text;

	sample_demo(&sample);
	for (uint64_t i = 0; i < 100; i++)
		sample_range(&sample, 0x20000000 + i * 0x10000, 1, 4);
	text = report(true);
	cr_assert_gt(strstr(text, "mmap new        main demo.c:12\n"),
		     strstr(text, "mmap merge      main demo.c:18\n"), "%s", text);
}

Test(text, every_line_has_the_prefix_and_80_columns)
{
	char *line;

	sample_demo(&sample);
	sample.header->notes = UINT64_MAX;
	sample.header->maps_peak = 65519;
	report(true);
	for (line = strtok(output, "\n"); line; line = strtok(NULL, "\n")) {
		cr_assert(!strncmp(line, "==77==", 6) || !strncmp(line, "SUMMARY: ", 9), "%s",
			  line);
		cr_assert_leq(strlen(line), 80, "%s", line);
	}
}

Test(text, the_file_of_a_row_leaves_little_room_for_the_function)
{
	char *line;

	sample_demo(&sample);
	sample.header->pid = 4194303;
	file_name = "a_file_of_22_letters.c";
	function_name = "open_segment";
	report(true);
	file_name = "demo.c";
	function_name = "main";
	assert_has(output, "mmap new        open_segment\n");
	assert_has(
		output,
		"\n==4194303==                                      a_file_of_22_letters.c:12\n");
	for (line = strtok(output, "\n"); line; line = strtok(NULL, "\n"))
		cr_assert_leq(strlen(line), 80, "%s", line);
}

Test(text, without_names_modules_and_offsets)
{
	struct vmt_rec_module *module;

	sample_demo(&sample);
	module = sample_at(&sample, VMT_SECTION_MODULES, 0);
	module->build_id_length = 2;
	module->build_id[0] = 0xab;
	module->build_id[1] = 0x01;
	assert_has(report(false), "#1  (/home/me/demo+0x2000) (BuildId: ab01)\n");
	assert_has(output, "mmap new        (demo+0x2000)\n");
}

Test(text, near_the_limit_own_maps_are_told)
{
	struct vmt_rec_failure *failure;

	sample_demo(&sample);
	sample.header->maps_peak = 65519;
	failure = sample_add(&sample, VMT_SECTION_FAILURES);
	failure->site = 3;
	failure->error = 12;
	failure->reason = VMT_REASON_MAP_LIMIT;
	failure->maps = 65519;
	assert_has(report(true), "peak 65,519 (+12 vmatrace) of");
	assert_has(output, "  failure munmap failed once: ENOMEM, because the process had");
	assert_has(output, "65,530; in main");
	assert_has(output, ", limit reached (peak 65,519 + 12 of 65,530)\n");
}

/* The list of failures is bounded: once it is full, another place may fail that is not in it. */
Test(text, failures_are_as_many_as_the_calls_say)
{
	struct vmt_rec_counters some = { .calls = 500, .failed = 400 };
	struct vmt_rec_failure *failure;
	uint32_t listed;

	sample_demo(&sample);
	listed = sample_site(&sample, VMT_CALL_MREMAP, 0, some);
	sample_site(&sample, VMT_CALL_MREMAP, 0, some);
	for (uint64_t i = 0; i < sample.header->section[VMT_SECTION_FAILURES].capacity; i++) {
		failure = sample_add(&sample, VMT_SECTION_FAILURES);
		failure->site = listed;
		failure->error = 12;
		failure->reason = i % 2 ? VMT_REASON_RLIMIT_AS : VMT_REASON_MAP_LIMIT;
	}
	assert_has(report(false), "(800 failed)");
	assert_has(output, "  failure mremap failed 8 times: ENOMEM, because the process had");
	assert_has(output, "  failure mremap failed 792 times: ENOMEM, because of");
}

Test(text, columns_are_as_wide_as_their_numbers)
{
	sample_demo(&sample);
	is_verbose = true; /* each test is a process of its own */
	assert_has(report(true), "  call          calls failed created   split  merged removed");
	assert_has(output,
		   "  mmap              2      0       2       0       2       0       0\n");
	sample.header->calls_seen = sample.header->calls_derived = 123456792;
	sample_site(&sample, VMT_CALL_PROCESS_MADVISE, 0,
		    (struct vmt_rec_counters){ .calls = 123456789,
					       .failed = 12345678,
					       .created = 234567890,
					       .removed = 34567890 });
	assert_has(report(true), "  process_madvise 123,456,789 12,345,678 234,567,890       0"
				 "       0 34,567,890 +200,000,000\n");
}

Test(text, many_sites_are_sorted_and_the_rest_counted)
{
	const char *text;

	sample_demo(&sample);
	for (uint64_t i = 0; i < 20; i++) {
		uint32_t site =
			sample_site(&sample, VMT_CALL_MMAP, 0,
				    (struct vmt_rec_counters){ .calls = i + 1, .created = i + 1 });

		for (uint64_t j = 0; j <= i % 7; j++)
			sample_range(&sample, 0x20000000 + i * 0x100000 + j * 0x2000, 1, site);
	}
	text = report(true);
	assert_has(text, "and 13 more call sites, which hold ");
	cr_assert_lt(strstr(text, "mmap, 14 calls: created 14; 7 live"),
		     strstr(text, "mmap, 20 calls: created 20; 6 live"));
}

Test(text, sites_without_effect_are_not_shown)
{
	sample_init(&sample);
	sample_site(&sample, VMT_CALL_MADVISE, 0, (struct vmt_rec_counters){ .calls = 9 });
	assert_has_not(report(true), "9 calls:");
	assert_has(output, "SUMMARY: vmatrace: 0 maps at 0 call sites");
}

Test(text, control_characters_do_not_reach_the_terminal)
{
	sample_demo(&sample);
	memcpy(sample_at(&sample, VMT_SECTION_STRINGS, sample.header->command.offset), "\033[31m!",
	       6);
	assert_has_not(report(true), "\033");
}

Test(text, exactness_is_judged)
{
	sample_demo(&sample);
	assert_has(report(true), "; equal");
	sample.header->maps_kernel++;
	sample.header->unseen = 1;
	report(true);
	assert_has(output, "26 maps");
	assert_has(output, ", 1 unseen\n");
}

/* The line that says how much was seen and the row below it must agree. */
Test(text, what_no_call_is_known_of_has_one_word)
{
	struct vmt_rec_site *unseen;

	sample_demo(&sample);
	unseen = sample_at(&sample, VMT_SECTION_SITES, VMT_SITE_UNSEEN);
	unseen->counters.created = 29;
	unseen->counters.removed = 3;
	report(true);
	assert_has(output, "0 unseen, 32 concurrent,");
	assert_has(output, "  changed by concurrent calls; which one is not known\n");
	sample.header->unseen = 30;
	report(true);
	assert_has(output, "30 unseen, 2 concurrent,");
	assert_has(output, "  changed unseen, or by concurrent calls\n");
	sample.header->unseen = 32;
	report(true);
	assert_has(output, "32 unseen, 0 lost");
	assert_has(output, "  changed unseen, by calls that were not recorded\n");
}

/* Every byte in use is changed in three ways, and each result is reported. */
Test(text, flipped_bytes_do_no_harm, .timeout = 100)
{
	static const unsigned char flips[] = { 0x01, 0x80, 0xff };
	uint64_t *copy = malloc(sizeof(sample.data));

	for (size_t i = 0; i < sizeof(sample.data); i++) {
		sample_demo(&sample);
		if (i >= sizeof(struct vmt_rec_header) && !sample.data[i] && i % 16)
			continue;
		for (size_t k = 0; k < VMT_COUNT(flips); k++) {
			memcpy(copy, sample.data, sizeof(sample.data));
			((unsigned char *)copy)[i] ^= flips[k];
			report_of(copy, sizeof(sample.data), i & 1);
		}
	}
	free(copy);
}

Test(text, files_cut_short_do_no_harm, .timeout = 100)
{
	sample_demo(&sample);
	for (size_t n = 0; n < sizeof(sample.data); n += n < 1200 ? 1 : 61) {
		uint64_t *copy = malloc(n + 8);

		memcpy(copy, sample.data, n);
		report_of(copy, n, n & 1);
		free(copy);
	}
}

/* Random words in the table of sections and in records; the seed is fixed. */
Test(text, garbage_does_no_harm, .timeout = 100)
{
	uint64_t seed = 88172645463325252u;

	for (int round = 0; round < 3000; round++) {
		sample_demo(&sample);
		for (int k = 0; k < 8; k++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			memcpy(sample.data + 8 * (seed % (sizeof(sample.data) / 8)), &seed,
			       (seed >> 20) % 8 + 1);
		}
		report(round & 1);
	}
}

/* The timeline moves to where there is room for 64. */
static void make_room_for_buckets(void)
{
	struct vmt_rec_section *section = &sample.header->section[VMT_SECTION_TIMELINE];

	section->offset = sample.header->file_size;
	section->capacity = 64;
	sample.header->file_size += 64 * sizeof(struct vmt_rec_bucket);
}

/* What fills more and more slowly is on a plateau for most of the run, and rises on it. */
static void count_of(const uint32_t *count, int buckets)
{
	sample_demo(&sample);
	sample.header->bucket_ns = 256 * VMT_TIMELINE_NS;
	sample.header->maps_now = sample.header->maps_kernel = sample.header->maps_peak = 1024;
	make_room_for_buckets();
	for (int i = 0; i < buckets; i++) {
		struct vmt_rec_bucket *bucket = sample_add(&sample, VMT_SECTION_TIMELINE);

		bucket->min = i && count[i - 1] < count[i] ? count[i - 1] : count[i];
		bucket->max = i && count[i - 1] > count[i] ? count[i - 1] : count[i];
		bucket->last = count[i];
	}
}

static const char *plateau_of(const uint32_t count[8])
{
	count_of(count, 8);
	return report(true);
}

Test(text, a_plateau_that_rises_is_not_said_to_be_between_two_counts)
{
	static const uint32_t up[] = { 200, 500, 800, 980, 990, 1000, 1010, 1024 };
	static const uint32_t waves[] = { 200, 500, 800, 1000, 980, 1010, 990, 1024 };

	assert_has(plateau_of(up), ": a plateau since 1.0 s, slowly up from 980 to 1,024\n");
	assert_has(plateau_of(waves), ": a plateau since 1.0 s, between 980 and 1,024\n");
}

/* A slow leak above a large warm-up looks like that for a long time. */
Test(text, what_rises_steadily_on_a_plateau_has_a_rate)
{
	static const uint32_t up[] = { 200, 300, 400,  500,  600,  700,  850,  985,
				       990, 995, 1000, 1005, 1010, 1015, 1020, 1024 };

	count_of(up, 16);
	sample.header->end_monotonic =
		sample.header->start_monotonic + 16 * sample.header->bucket_ns - 1;
	assert_has(report(true),
		   ": a plateau since 2.0 s, slowly up from 985 to 1,024, +19\n"
		   "==77==           a second (a slow leak, or a cache that fills)\n");
}

/* The number is how many there were, and not how many were given back. */
Test(text, what_a_site_has_given_back_is_not_mistaken_for_what_it_had)
{
	struct vmt_rec_site_time *time;
	struct vmt_rec_site *site;

	sample_demo(&sample);
	site = sample_at(&sample, VMT_SECTION_SITES, VMT_SITE_FIRST);
	site->time_row = 1;
	time = sample_add(&sample, VMT_SECTION_SITE_ROWS);
	time->shift = 4; /* of 512 ms, for 12.4 s */
	time->bucket[0] = (struct vmt_rec_site_bucket){ 0, 0, 500 };
	time->bucket[20] = (struct vmt_rec_site_bucket){ 500, 1, 500 };
	assert_has(report(true), "    growth: up to 500 for most of the run, then given back\n");
}

/* The process grows from 24 to 924 maps in 24 s; the site's own, coarser timeline rises steadily. */
static struct vmt_curve site_curve_of(bool is_slowing)
{
	struct vmt_rec_site_time *time;
	struct vmt_rec_site *site;
	struct vmt_curve curve;
	static struct vmt_view view;

	sample_demo(&sample);
	sample.header->maps_start = 24;
	sample.header->maps_now = sample.header->maps_kernel = sample.header->maps_peak = 924;
	sample.header->bucket_ns = 1024 * VMT_TIMELINE_NS;
	make_room_for_buckets();
	sample.header->end_monotonic =
		sample.header->start_monotonic + 24 * sample.header->bucket_ns - 1;
	for (uint32_t i = 0; i < 24; i++) {
		struct vmt_rec_bucket *bucket = sample_add(&sample, VMT_SECTION_TIMELINE);
		uint32_t rise =
			is_slowing ? 900 * i * (18 * 23 - 8 * i) / (10 * 23 * 23) : 900 * i / 23;

		bucket->min = bucket->max = bucket->last = 24 + rise;
	}
	site = sample_at(&sample, VMT_SECTION_SITES, VMT_SITE_FIRST);
	site->time_row = 1;
	time = sample_add(&sample, VMT_SECTION_SITE_ROWS);
	time->shift = 5; /* of 1,024 ms */
	for (uint32_t i = 0; i < 24; i++)
		time->bucket[i] = (struct vmt_rec_site_bucket){ 900 * i / 23, 900 * i / 23,
								900 * i / 23 + 1 };
	cr_assert_eq(vmt_view_open(sample.data, sizeof(sample.data), &view), 0);
	cr_assert(vmt_report_site_trend(&view, VMT_SITE_FIRST, 900, 0, &curve));
	return curve;
}

Test(text, a_site_that_makes_most_of_a_slowing_growth_does_not_leak)
{
	struct vmt_curve curve = site_curve_of(false);

	cr_assert_eq(curve.trend, VMT_TREND_LEAK);
	curve = site_curve_of(true);
	cr_assert_eq(curve.trend, VMT_TREND_GROWING);
	cr_assert(curve.is_slowing && !curve.span);
}

/* php tries to name each of its maps. A failure that mattered has a line of its own. */
Test(text, a_prctl_that_the_kernel_refuses_is_called_harmless)
{
	static const char harmless[] = "failed, harmless: names or KSM";
	struct vmt_rec_failure *failure;
	uint32_t site;

	sample_demo(&sample);
	site = sample_site(&sample, VMT_CALL_PRCTL, 0,
			   (struct vmt_rec_counters){ .calls = 3, .failed = 3 });
	assert_has(report(true), harmless);
	failure = sample_add(&sample, VMT_SECTION_FAILURES);
	failure->site = site;
	failure->error = 12;
	failure->reason = VMT_REASON_MAP_LIMIT;
	assert_has_not(report(true), "harmless");
}

static const char *share_of(uint64_t given_back, uint64_t made)
{
	const struct vmt_report_per_call per_call = { .calls = made,
						      .made = made,
						      .given_back = given_back };
	struct vmt_fmt fmt;

	output_used = 0;
	vmt_fmt_init(&fmt, collect, NULL, 77);
	vmt_report_put_given_back(&fmt, &per_call);
	vmt_fmt_end_bare(&fmt);
	return output;
}

Test(text, the_share_that_was_given_back_is_exact_for_few_maps)
{
	assert_has(share_of(196, 294), "66 % given back");
	assert_has(share_of(38, 57), "66 % given back");
	assert_has(share_of(2000, 3000), "66 % given back");
}

static struct vmt_view_string string(const char *text)
{
	return (struct vmt_view_string){ text, (uint32_t)strlen(text) };
}

/* musl's loader is its libc as well, so that it has a part in every call. */
Test(owner, only_glibc_has_a_loader_of_its_own)
{
	cr_assert(vmt_report_is_loader(string("/lib64/ld-linux-x86-64.so.2")));
	cr_assert(vmt_report_is_loader(string("/lib/x86_64-linux-gnu/ld-2.31.so")));
	cr_assert_not(vmt_report_is_loader(string("/lib/ld-musl-x86_64.so.1")));
	cr_assert_not(vmt_report_is_loader(string("/lib/x86_64-linux-gnu/libc.so.6")));
	cr_assert(vmt_report_is_runtime(string("/lib64/ld-linux-x86-64.so.2")));
}
