/* SPDX-License-Identifier: MIT */
/* Suppressions: which lines are understood, what they match, and that no bytes do harm. */
#include "check/suppress.h"
#include "check/suppress_line.h"

#include <criterion/criterion.h>
#include <errno.h>

static struct vmt_suppressions suppressions;
static char error[VMT_SUPPRESS_ERROR_MAX];

static int parse(const char *text)
{
	return vmt_suppress_parse(&suppressions, text, strlen(text), error);
}

static bool matches(const char *pattern, const char *text)
{
	return vmt_suppress_matches(pattern, text);
}

Test(suppress, patterns)
{
	cr_assert(matches("pool", "src/pool.c"));
	cr_assert(matches("^src", "src/pool.c"));
	cr_assert_not(matches("^pool", "src/pool.c"));
	cr_assert(matches(".c$", "src/pool.c"));
	cr_assert_not(matches("pool$", "src/pool.c"));
	cr_assert(matches("^src*.c$", "src/pool.c"));
	cr_assert(matches("s*p*c", "src/pool.c"));
	cr_assert_not(matches("^s*x$", "src/pool.c"));
	cr_assert(matches("*", ""));
	cr_assert(matches("^$", ""));
	cr_assert_not(matches("^$", "a"));
	cr_assert(matches("aab$", "aaaab"));
	cr_assert(matches("^a*b*$", "axxbyy"));
	cr_assert_not(matches("^a*b$", "axxbyy"));
	cr_assert_not(matches("pool", ""));
}

Test(suppress, hostile_pattern_takes_no_time)
{
	static char pattern[2001];
	static char text[20001];

	for (size_t i = 0; i + 1 < sizeof(pattern); i++)
		pattern[i] = i & 1 ? '*' : 'a';
	pattern[sizeof(pattern) - 2] = 'b';
	memset(text, 'a', sizeof(text) - 1);
	cr_assert_not(matches(pattern, text));
}

Test(suppress, lines_and_comments)
{
	cr_assert_eq(parse("# comment\n\n  vma:^pool_*$  \r\n"
			   "split:libc\nstack:run\nfile:data\n"),
		     0);
	cr_assert_eq(suppressions.count, 4);
	cr_assert_str_eq(suppressions.item[0].pattern, "^pool_*$");
	cr_assert_eq(suppressions.item[0].line, 3);
	cr_assert_eq(suppressions.item[1].type, VMT_SUPPRESS_SPLIT);
	cr_assert_eq(suppressions.item[3].type, VMT_SUPPRESS_FILE);
}

Test(suppress, spaces_after_the_colon_and_a_byte_order_mark)
{
	cr_assert_eq(parse("\xef\xbb\xbfvma: ^pool$\nsplit:\tx\n"), 0);
	cr_assert_eq(suppressions.count, 2);
	cr_assert_str_eq(suppressions.item[0].pattern, "^pool$");
	cr_assert_str_eq(suppressions.item[1].pattern, "x");
}

Test(suppress, a_lost_stack_has_a_line_too)
{
	struct vmt_summary_site site = { .call = NULL };
	char *line = vmt_suppress_line(&site, UINT32_MAX);

	cr_assert_eq(parse(line), 0);
	cr_assert_not_null(vmt_suppress_find(&suppressions, &site));
	free(line);
	vmt_suppress_free(&suppressions);
	cr_assert_eq(parse("vma:*"), 0);
	cr_assert_not_null(vmt_suppress_find(&suppressions, &site));
}

Test(suppress, a_colon_belongs_to_the_pattern)
{
	cr_assert_eq(parse("vma:std::vector<*>::push_back"), 0);
	cr_assert_str_eq(suppressions.item[0].pattern, "std::vector<*>::push_back");
}

Test(suppress, words_of_a_path_are_no_parts)
{
	cr_assert_eq(parse("vma:work in progress/a.c\nvma:^x in ^y$\nvma:a$ in ^b\n"), 0);
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(suppressions.item[i].part_count, 1);
	vmt_suppress_free(&suppressions);
}

Test(suppress, bad_lines_are_refused_as_a_whole)
{
	cr_assert_eq(parse("vma:good\nleak:bad\n"), -EBADMSG);
	cr_assert_eq(suppressions.count, 0);
	cr_assert(strstr(error, "line 2"));
	cr_assert_eq(parse("vma"), -EBADMSG);
	cr_assert_eq(parse("vma:"), -EBADMSG);
	cr_assert_eq(parse("\nvma:  \n"), -EBADMSG);
	cr_assert_eq(parse(":"), -EBADMSG);
	cr_assert_eq(vmt_suppress_parse(&suppressions, "vma:a\0b", 7, error), -EBADMSG);
	cr_assert_eq(vmt_suppress_parse(&suppressions, "", 0, error), 0);
}

Test(suppress, any_bytes)
{
	char bytes[200];
	uint32_t state = 1;

	for (int round = 0; round < 20000; round++) {
		size_t n = (state >> 8) % sizeof(bytes);

		for (size_t i = 0; i < n; i++) {
			state = state * 1103515245 + 12345;
			bytes[i] = state >> 30 ? (char)(state >> 20) : "vma:*^$\n"[state >> 16 & 7];
		}
		if (vmt_suppress_parse(&suppressions, bytes, n, error))
			cr_assert_neq(error[0], '\0');
		vmt_suppress_free(&suppressions);
	}
}

static struct vmt_suppression *find(struct vmt_stack_frame *frames, uint32_t count, bool is_cut)
{
	struct vmt_summary_site site = { .key = NULL,
					 .is_cut = is_cut,
					 .stack = { frames, count } };

	return vmt_suppress_find(&suppressions, &site);
}

Test(suppress, every_frame_is_looked_at)
{
	char module[] = "app", function[] = "outer", file[] = "src/a.c", libc[] = "libc.so.6";
	char create[] = "pthread_create@GLIBC_2.34";
	struct vmt_stack_frame frames[] = {
		{ .module = libc, .function = create, .is_runtime = true },
		{ .module = module, .function = function, .file = file, .is_user = true },
	};

	cr_assert_eq(parse("split:outer\nstack:^nothing$\nfile:outer\nvma:src/a\n"), 0);
	cr_assert_eq(find(frames, 2, true)->line, 1);
	cr_assert_eq(find(frames, 2, false)->line, 4);
	cr_assert_null(find(frames, 1, false));
	cr_assert_eq(parse("stack:^app$\n"), 0);
	frames[1].file = NULL;
	cr_assert_eq(find(frames, 2, false)->type, VMT_SUPPRESS_STACK);
}

Test(suppress, frames_in_frames)
{
	char module[] = "app";
	char inner[] = "page", middle[] = "guard", outer[] = "cache";
	struct vmt_stack_frame frames[] = {
		{ .module = module, .function = inner, .is_user = true },
		{ .module = module, .function = middle, .is_user = true },
		{ .module = module, .function = outer, .is_user = true },
	};

	cr_assert_eq(parse("vma:^page$ in ^session$\nvma:^cache$ in ^page$\n"
			   "vma:^page$ in ^page$\nvma:^page$ in ^app$ in ^app$ in ^app$\n"),
		     0);
	cr_assert_null(find(frames, 3, false));
	vmt_suppress_free(&suppressions);
	cr_assert_eq(parse("vma:^page$ in ^cache$\n"), 0);
	cr_assert_eq(suppressions.item[0].part_count, 2);
	cr_assert_not_null(find(frames, 3, false));
	cr_assert_null(find(frames, 2, false));
	vmt_suppress_free(&suppressions);
	cr_assert_eq(parse("vma:^page$ in ^gu*d$ in ^cache$\n"), 0);
	cr_assert_not_null(find(frames, 3, false));
	vmt_suppress_free(&suppressions);
}

/* "by" wants the project's next function, and takes recursion for one. */
Test(suppress, caller)
{
	char module[] = "app";
	char inner[] = "page", middle[] = "guard", outer[] = "cache", system[] = "std::call";
	struct vmt_stack_frame frames[] = {
		{ .module = module, .function = inner, .is_user = true, .is_own = true },
		{ .module = module, .function = inner, .is_user = true, .is_own = true },
		{ .module = module, .function = system, .is_user = true },
		{ .module = module, .function = middle, .is_user = true, .is_own = true },
		{ .module = module, .function = outer, .is_user = true, .is_own = true },
	};

	cr_assert_eq(parse("vma:^page$ by ^cache$\nvma:^cache$ by ^page$\nvma:^cache$ by ^app$\n"
			   "vma:^page$ by ^guard$ by ^page$\n"),
		     0);
	cr_assert_null(find(frames, 5, false));
	vmt_suppress_free(&suppressions);
	cr_assert_eq(parse("vma:^page$ by ^guard$\n"), 0);
	cr_assert_not_null(find(frames, 5, false));
	cr_assert_null(find(frames, 3, false));
	vmt_suppress_free(&suppressions);
	cr_assert_eq(parse("vma:^page$ in ^guard$ by ^cache$\n"), 0);
	cr_assert_eq(suppressions.item[0].part_count, 3);
	cr_assert_not_null(find(frames, 5, false));
	vmt_suppress_free(&suppressions);
}

/* What a module that is imported calls has two functions in its stack that do not call each other. */
Test(suppress, a_line_says_which_function_calls_which)
{
	char module[] = "app";
	char inner[] = "page", everywhere[] = "<module>", middle[] = "load", outer[] = "run";
	struct vmt_stack_frame frames[] = {
		{ .module = module, .function = inner, .is_own = true },
		{ .module = module, .function = everywhere, .is_own = true },
		{ .module = module, .function = middle, .is_own = true },
		{ .module = module, .function = outer, .is_own = true },
		{ .module = module, .function = everywhere, .is_own = true },
	};
	struct vmt_summary_site site = { .stack = { .frame = frames, .count = 5 } };
	char *line = vmt_suppress_line(&site, 4), *extent = vmt_suppress_line_extent(&site, line);

	cr_assert_str_eq(line, "vma:^page$ in ^load$ by ^run$ by ^<module>$");
	cr_assert_str_eq(extent, "these functions whatever others are between them");
	free(extent);
	free(line);
	frames[1].is_own = false;
	line = vmt_suppress_line(&site, 4);
	cr_assert_str_eq(line, "vma:^page$ by ^load$ by ^run$ by ^<module>$");
	cr_assert_null(vmt_suppress_line_extent(&site, line));
	free(line);
}

/* What the process that is being read has by run, in this line, which main calls in the outer one. */
static void add_line(struct vmt_summary_site *site, uint32_t line, uint32_t outer, int64_t maps)
{
	struct vmt_stack stack = { calloc(2, sizeof(*stack.frame)), 2 };
	char *key;

	for (uint32_t i = 0; i < stack.count; i++) {
		stack.frame[i] = (struct vmt_stack_frame){
			.module = strdup("app"),
			.function = strdup(i ? "main" : "run"),
			.file = strdup("m.c"),
			.line = i ? outer : line,
			.is_user = true,
			.is_own = true,
		};
	}
	key = vmt_stack_key(&stack, true);
	vmt_summary_add_part(site, key, &stack, maps, 0);
	site->current += maps;
	free(key);
}

static void end_process(struct vmt_summary_program *program, struct vmt_summary_site *site,
			bool is_forked)
{
	vmt_summary_add_process(program, site->current, is_forked);
	site->maps = site->current > site->maps ? site->current : site->maps;
	site->current = 0;
}

Test(suppress, a_line_is_for_its_part_of_a_call_site)
{
	struct vmt_summary summary = { .programs = NULL };
	struct vmt_summary_program *program = vmt_summary_program(&summary, "app");
	struct vmt_summary_site *site = vmt_summary_site(program, "mmap", "app!run\napp!main");
	struct vmt_suppress_left left;

	add_line(site, 16, 30, 20);
	add_line(site, 19, 30, 5);
	end_process(program, site, false);
	add_line(site, 16, 30, 70);
	add_line(site, 19, 30, 9);
	add_line(site, 21, 30, 8);
	end_process(program, site, true);
	cr_assert_eq(site->stack.frame[0].line, 16);
	cr_assert_eq(parse("vma:m.c:99$"), 0);
	cr_assert_eq(vmt_suppress_extent(&suppressions, site), VMT_SUPPRESS_NONE);
	cr_assert_eq(parse("vma:m.c:16$"), 0);
	cr_assert_eq(vmt_suppress_extent(&suppressions, site), VMT_SUPPRESS_SOME);
	left = vmt_suppress_left(&suppressions, program, site, VMT_SUPPRESS_IN_ALL, false);
	cr_assert_eq(left.maps, 17);
	cr_assert_eq(left.stack->frame[0].line, 19);
	left = vmt_suppress_left(&suppressions, program, site, VMT_SUPPRESS_IN_OTHERS, false);
	cr_assert_eq(left.maps, 5);
	cr_assert_eq(vmt_suppress_sum(&suppressions, program->process->gain, 3), 70);
	vmt_suppress_count(&suppressions, site, site->maps);
	cr_assert_eq(suppressions.item[1].sites, 1);
	cr_assert_eq(suppressions.item[1].maps, 70);
	vmt_suppress_free(&suppressions);
	cr_assert_eq(parse("vma:^run$ by ^main$\n"), 0);
	cr_assert_eq(vmt_suppress_extent(&suppressions, site), VMT_SUPPRESS_ALL);
	vmt_suppress_count(&suppressions, site, site->maps);
	cr_assert_eq(suppressions.item[0].sites, 1);
	cr_assert_eq(suppressions.item[0].maps, 87);
	vmt_suppress_free(&suppressions);
	vmt_summary_free(&summary);
}

/* Recursion makes many stacks of one call site. Memory is bounded, and the lines that all of them share hold. */
Test(suppress, parts_are_bounded)
{
	struct vmt_summary summary = { .programs = NULL };
	struct vmt_summary_program *program = vmt_summary_program(&summary, "app");
	struct vmt_summary_site *site = vmt_summary_site(program, "mmap", "app!run\napp!main");
	size_t parts = 0;

	for (uint32_t line = 1; line <= 1000; line++)
		add_line(site, line, 3000, 1);
	end_process(program, site, false);
	for (const struct vmt_summary_part *part = site->part; part; part = part->next)
		parts++;
	cr_assert_eq(parts, 257);
	cr_assert_eq(site->stack.frame[0].line, 1);
	cr_assert_eq(parse("vma:m.c:9*\n"), 0);
	cr_assert_eq(vmt_suppress_extent(&suppressions, site), VMT_SUPPRESS_SOME);
	cr_assert_eq(parse("vma:m.c:3000$\n"), 0);
	cr_assert_eq(vmt_suppress_extent(&suppressions, site), VMT_SUPPRESS_ALL);
	vmt_suppress_free(&suppressions);
	vmt_summary_free(&summary);
}
