/* SPDX-License-Identifier: MIT */
/*
 * tools/explain*.c, procmaps.c, vmflags.c: what maps are, why neighbours do not merge, and what
 * would make them fewer; from texts that the kernel writes, and from texts that it never would.
 */
#include "explain_maps.h"
#include "input/vmflags.h"

TestSuite(explain, .fini = tear_down);

static void flags(const char *words)
{
	add("VmFlags: %s\n", words);
}

static enum vmt_kind kind(size_t i)
{
	cr_assert_lt(i, maps.count);
	return maps.map[i].kind;
}

static const struct vmt_explain_pattern *pattern(enum vmt_pattern wanted)
{
	for (size_t i = 0; i < explain.pattern_count; i++) {
		if (explain.patterns[i].pattern == wanted)
			return &explain.patterns[i];
	}
	return NULL;
}

Test(explain, kinds_by_name)
{
	map(1, 1, "r-xp", "00000000 08:01 7 /usr/bin/a");
	map(2, 1, "rw-p", "00001000 08:01 7 /usr/bin/a");
	map(3, 1, "rw-p", ANON);
	map(10, 1, "rw-p", ANON " [heap]");
	map(20, 1, "r--p", "00000000 08:01 8 /data/x");
	map(30, 1, "r--p", "00000000 08:01 9 /data/x (deleted)");
	map(40, 1, "rw-s", "00000000 00:01 5 /memfd:x (deleted)");
	map(50, 1, "rw-s", "00000000 00:1a 5 /dev/shm/x");
	map(60, 1, "rw-s", "00000000 00:05 5 /dev/dri/card0");
	map(70, 1, "rwxp", ANON);
	map(80, 1, "r--p", ANON " [vvar]");
	map(81, 1, "r-xp", ANON " [vdso]");
	map(90, 1, "rw-p", ANON " [stack]");
	map(95, 1, "rw-p", ANON " [anon:slab]");
	map(97, 1, "rw-s", "00000000 00:00 0 [aio]");
	add("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n");
	run(NULL);
	static const enum vmt_kind wanted[] = {
		VMT_KIND_LIBRARY, VMT_KIND_LIBRARY,   VMT_KIND_LIBRARY, VMT_KIND_HEAP,
		VMT_KIND_FILE,    VMT_KIND_DELETED,   VMT_KIND_SHARED,  VMT_KIND_SHARED,
		VMT_KIND_DEVICE,  VMT_KIND_JIT,       VMT_KIND_VDSO,    VMT_KIND_VDSO,
		VMT_KIND_STACK,   VMT_KIND_ANONYMOUS, VMT_KIND_KERNEL,
	};
	cr_assert_eq(maps.count, VMT_COUNT(wanted), "[vsyscall] is no map");
	for (size_t i = 0; i < maps.count; i++)
		cr_assert_eq(kind(i), wanted[i], "map %zu is %s", i,
			     vmt_explain_kind_word(kind(i)));
}

Test(explain, files_that_never_had_a_name_are_not_deleted)
{
	map(1, 512, "rw-p", "00000000 00:11 7 /anon_hugepage (deleted)");
	map(513, 512, "rw-p", "00000000 00:11 8 /anon_hugepage (deleted)");
	map(2000, 1, "rw-s", "00000000 00:13 9 /[aio] (deleted)");
	map(2010, 1, "rw-s", "00000000 00:0e 9 /secretmem (deleted)");
	map(2020, 1, "rw-s", "00000000 00:0e 9 /dmabuf:frame");
	map(2030, 1, "rw-s", "00000000 00:0e 9 socket:[9]");
	map(2040, 1, "rw-s", "00000000 08:01 9 /home/anon_hugepage (deleted)");
	map(2050, 1, "rw-s", "00000000 00:1f 9 /mnt/huge/x");
	flags("rd wr sh mr mw me ms de ht");
	run(NULL);
	static const enum vmt_kind wanted[] = {
		VMT_KIND_HUGE,   VMT_KIND_HUGE,   VMT_KIND_KERNEL,  VMT_KIND_SHARED,
		VMT_KIND_DEVICE, VMT_KIND_DEVICE, VMT_KIND_DELETED, VMT_KIND_HUGE,
	};
	for (size_t i = 0; i < maps.count; i++)
		cr_assert_eq(kind(i), wanted[i], "map %zu is %s", i,
			     vmt_explain_kind_word(kind(i)));
	cr_assert_eq(explain.pairs[0].why, VMT_APART_SPECIAL, "huge pages never merge");
}

Test(explain, a_glibc_arena_has_64_mib_and_starts_at_a_multiple)
{
	map(0x7f0000000, 33, "rw-p", ANON);
	map(0x7f0000000 + 33, 0x4000 - 33, "---p", ANON);
	map(0x7f0008001, 33, "rw-p", ANON);
	map(0x7f0008001 + 33, 0x4000 - 33, "---p", ANON);
	run(NULL);
	cr_assert_eq(kind(0), VMT_KIND_ALLOCATOR);
	cr_assert_eq(kind(1), VMT_KIND_ALLOCATOR);
	cr_assert_eq(kind(2), VMT_KIND_ANONYMOUS);
	cr_assert_eq(kind(3), VMT_KIND_RESERVED);
}

Test(explain, a_stack_is_where_a_thread_is)
{
	uint64_t pointers[] = { UINT64_C(105) << 12 };
	struct vmt_explain_facts facts = { .stack_pointers = pointers,
					   .stack_pointer_count = 1,
					   .threads = 2 };

	map(99, 1, "---p", ANON);
	map(100, 16, "rw-p", ANON);
	map(199, 1, "---p", ANON);
	map(200, 16, "rw-p", ANON); /* of the same size: kept for later */
	map(300, 1, "---p", ANON);
	map(301, 20, "rw-p", ANON);
	run(&facts);
	cr_assert_eq(kind(0), VMT_KIND_GUARD);
	cr_assert_eq(kind(1), VMT_KIND_THREAD_STACK);
	cr_assert_eq(kind(3), VMT_KIND_THREAD_STACK);
	cr_assert_eq(kind(5), VMT_KIND_ANONYMOUS);
}

/* As with Yama's ptrace_scope=1: the maps can be read, but not where the threads are. */
Test(explain, as_many_guarded_maps_as_threads_are_their_stacks)
{
	struct vmt_explain_facts facts = { .threads = 41 };

	for (uint64_t i = 0; i < 40; i++) {
		map(1000 + i * 260, 4, "---p", ANON);
		map(1004 + i * 260, 256, "rw-p", ANON);
	}
	map(20000, 1, "---p", ANON);
	map(20001, 9, "rw-p", ANON);
	run(&facts);
	cr_assert_eq(kind(1), VMT_KIND_THREAD_STACK);
	cr_assert_eq(kind(79), VMT_KIND_THREAD_STACK);
	cr_assert_eq(kind(81), VMT_KIND_ANONYMOUS);
	cr_assert_eq(explain.patterns[0].pattern, VMT_PATTERN_THREADS);
}

Test(explain, far_more_or_fewer_guarded_maps_than_threads_are_not)
{
	static const uint64_t threads[] = { 2, 12, 90 };

	for (size_t n = 0; n < VMT_COUNT(threads); n++) {
		struct vmt_explain_facts facts = { .threads = threads[n] };

		for (uint64_t i = 0; i < 40; i++) {
			map(1000 + i * 17, 1, "---p", ANON);
			map(1001 + i * 17, 16, "rw-p", ANON);
		}
		run(&facts);
		cr_assert_eq(kind(1), VMT_KIND_ANONYMOUS, "%lu threads", threads[n]);
		tear_down();
	}
}

Test(explain, a_guard_is_a_page_whatever_its_size)
{
	for (uint64_t i = 0; i < 20; i++) {
		map(0x10000 + i * 96, 16, "---p", ANON);
		map(0x10010 + i * 96, 64, "rw-p", ANON);
	}
	run(NULL);
	cr_assert_eq(kind(0), VMT_KIND_GUARD, "pages of 64 KiB");
	tear_down();
	map(1, 16, "---p", ANON);
	map(17, 64, "rw-p", ANON);
	run(NULL);
	cr_assert_eq(kind(0), VMT_KIND_RESERVED, "16 pages of 4 KiB");
}

Test(explain, many_more_stacks_than_threads_are_something_else)
{
	uint64_t pointers[] = { UINT64_C(1005) << 12 };
	struct vmt_explain_facts facts = { .stack_pointers = pointers,
					   .stack_pointer_count = 1,
					   .threads = 2 };

	for (uint64_t i = 0; i < 40; i++) {
		map(1000 + i * 17, 1, "---p", ANON);
		map(1001 + i * 17, 16, "rw-p", ANON);
	}
	run(&facts);
	cr_assert_eq(explain.kinds[0].maps, 40);
	cr_assert_eq(pattern(VMT_PATTERN_GUARDS)->saves, 78, "all but the one beside the thread's");
	cr_assert_null(pattern(VMT_PATTERN_THREADS));
}

static enum vmt_apart apart(const char *one, const char *one_flags, const char *two,
			    const char *two_flags)
{
	enum vmt_apart why;

	add("1000-2000 %s\n", one);
	if (one_flags)
		flags(one_flags);
	add("2000-3000 %s\n", two);
	if (two_flags)
		flags(two_flags);
	run(NULL);
	cr_assert_eq(explain.pairs_count, 1);
	why = explain.pairs[0].why;
	tear_down();
	return why;
}

Test(explain, why_two_maps_are_two)
{
	const char *rw = "rw-p " ANON, *all = "rd wr mr mw me ac";

	cr_assert_eq(apart(rw, NULL, "rw-p 0 08:01 7 /x", NULL), VMT_APART_FILE);
	cr_assert_eq(apart("r--p 0 08:01 7 /x", NULL, "r--p 0 08:02 7 /x", NULL), VMT_APART_FILE);
	cr_assert_eq(apart(rw, NULL, "rw-s " ANON, NULL), VMT_APART_SHARING);
	cr_assert_eq(apart(rw, NULL, "r--p " ANON " [vvar]", NULL), VMT_APART_SPECIAL);
	cr_assert_eq(apart(rw, all, rw, "rd wr mr mw me ac de"), VMT_APART_SPECIAL);
	cr_assert_eq(apart(rw, NULL, "rw-p " ANON " [anon:a]", NULL), VMT_APART_NAME);
	cr_assert_eq(apart("r--p 0 08:01 7 /x", NULL, "r--p 0 08:01 7 /x", NULL), VMT_APART_OFFSET);
	cr_assert_eq(apart(rw, all, "---p " ANON, "mr mw me"), VMT_APART_PROTECTION);
	cr_assert_eq(apart(rw, all, rw, "rd wr mr mw me ac hg"), VMT_APART_ADVICE);
	cr_assert_eq(apart(rw, all, rw, "rd wr mr mw me lo ac"), VMT_APART_LOCK);
	cr_assert_eq(apart(rw, all, rw, "rd wr mr mw me"), VMT_APART_ACCOUNTING);
	cr_assert_eq(apart(rw, all, rw, "rd wr mr mw me ac um"), VMT_APART_USERFAULTFD);
	cr_assert_eq(apart(rw, all, rw, "rd wr mr mw me ac sl"), VMT_APART_FLAGS);
	cr_assert_eq(apart(rw, all, rw, "rd wr mr mw me ac gu sd"), VMT_APART_UNKNOWN,
		     "guard regions and soft-dirty keep nothing apart");
	cr_assert_eq(apart(rw, NULL, rw, NULL), VMT_APART_UNKNOWN);
	cr_assert_eq(apart(rw, NULL, "rw-p " ANON " [heap]", NULL), VMT_APART_UNKNOWN,
		     "[heap] is no attribute");
}

Test(explain, a_call_that_cut_is_told_but_is_no_reason)
{
	struct vmt_explain_map a = { .start = 0x1000, .end = 0x2000, .flags = 3 };
	struct vmt_explain_map b = { .start = 0x2000, .end = 0x3000, .flags = 3 };
	char words[64];
	uint64_t detail;

	b.put_call = VMT_CALL_MADVISE;
	cr_assert_eq(vmt_explain_apart(&a, &b, &detail), VMT_APART_UNKNOWN,
		     "the advice may have been taken back");
	cr_assert_str_eq(vmt_explain_detail(VMT_APART_UNKNOWN, detail, true, words, sizeof(words)),
			 "cut by madvise");
	b.put_call = VMT_CALL_NONE;
	cr_assert_eq(vmt_explain_apart(&a, &b, &detail), VMT_APART_UNKNOWN);
	cr_assert_str_eq(vmt_explain_detail(VMT_APART_UNKNOWN, detail, true, words, sizeof(words)),
			 "");
	b.flags = 1;
	b.put_call = VMT_CALL_MADVISE;
	cr_assert_eq(vmt_explain_apart(&a, &b, &detail), VMT_APART_PROTECTION);
}

Test(explain, what_is_known_of_one_only_is_no_reason)
{
	struct vmt_explain_map a = { .start = 0x1000, .end = 0x2000, .flags = 3, .policy = 2 };
	struct vmt_explain_map b = { .start = 0x2000, .end = 0x3000, .flags = 3 };
	uint64_t detail;

	a.vm_flags = VMT_VMFLAGS_KNOWN | vmt_vmflags_of(VMT_VMFLAGS_LOCK);
	a.key = 3;
	cr_assert_eq(vmt_explain_apart(&a, &b, &detail), VMT_APART_UNKNOWN);
	b.policy = 1;
	cr_assert_eq(vmt_explain_apart(&a, &b, &detail), VMT_APART_POLICY);
	b.vm_flags = a.vm_flags;
	cr_assert_eq(vmt_explain_apart(&a, &b, &detail), VMT_APART_KEY);
	b.vm_flags = VMT_VMFLAGS_KNOWN;
	cr_assert_eq(vmt_explain_apart(&a, &b, &detail), VMT_APART_LOCK);
}

Test(explain, names_in_turn)
{
	for (uint64_t i = 0; i < 40; i++)
		map(1000 + i, 1, "rw-p", i & 1 ? ANON " [anon:slab]" : ANON);
	run(NULL);
	cr_assert_eq(pattern(VMT_PATTERN_NAMES)->maps, 40);
	cr_assert_eq(pattern(VMT_PATTERN_NAMES)->saves, 39);
}

Test(explain, a_guard_between_unequal_maps_saves_one)
{
	for (uint64_t i = 0; i < 20; i++) {
		map(1000 + i * 3, 1, "---p", ANON);
		map(1001 + i * 3, 2, i & 1 ? "rw-p" : "r--p", ANON);
	}
	run(NULL);
	cr_assert_eq(pattern(VMT_PATTERN_GUARDS)->saves, 20);
}

Test(explain, holes_need_munmap_where_calls_are_known)
{
	struct vmt_explain_facts facts = { .sites = 3 };
	const uint32_t calls[] = { VMT_CALL_MMAP, VMT_CALL_MUNMAP };

	for (uint64_t i = 0; i < 41; i++)
		map(1000 + i * 2, 1, "rw-p", ANON);
	cr_assert_eq(vmt_procmaps_parse(text, text_size, &maps), 0);
	for (size_t i = 0; i < maps.count; i++) {
		maps.map[i].put_by = 2;
		maps.map[i].put_call = (uint8_t)calls[i % 2];
	}
	cr_assert_eq(vmt_explain(maps.map, maps.count, &facts, &explain), 0);
	cr_assert_eq(pattern(VMT_PATTERN_HOLES)->saves, 20);
	cr_assert_eq(pattern(VMT_PATTERN_HOLES)->by.site, 2);
	cr_assert_eq(explain.holes, 40);
	cr_assert_eq(explain.holes_punched, 20);
}

/* Ten stacks that lead to one line, and one that leads to another. */
Test(explain, what_is_done_in_one_place_is_added_up)
{
	uint32_t place[13] = { 0, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 12 };
	struct vmt_explain_facts facts = { .sites = 13 };

	for (uint64_t i = 0; i < 60; i++)
		map(1000 + i * 2, 1, "rw-p", ANON);
	cr_assert_eq(vmt_procmaps_parse(text, text_size, &maps), 0);
	for (size_t i = 0; i < maps.count; i++)
		maps.map[i].put_by = i < 41 ? 2 + (uint32_t)i % 10 : 12;
	cr_assert_eq(vmt_explain(maps.map, maps.count, &facts, &explain), 0);
	cr_assert_eq(explain.alone_by.site, 12);
	cr_assert_eq(explain.alone_by.part, 19);
	vmt_explain_free(&explain);
	facts.place = place;
	cr_assert_eq(vmt_explain(maps.map, maps.count, &facts, &explain), 0);
	cr_assert_eq(explain.alone_by.site, 2, "which has five, one more than the others there");
	cr_assert_eq(explain.alone_by.part, 41);
	cr_assert_eq(explain.alone_by.all, 60);
}

Test(explain, few_are_no_pattern)
{
	for (uint64_t i = 0; i < 7; i++) {
		map(1000 + i * 3, 1, "---p", ANON);
		map(1001 + i * 3, 2, "rw-p", ANON);
	}
	run(NULL);
	cr_assert_eq(explain.pattern_count, 0);
}

Test(explain, maps_that_overlap_count_once)
{
	map(1, 4, "rw-p", ANON);
	map(2, 1, "r--p", ANON);
	map(5, 1, "rw-p", ANON);
	run(NULL);
	cr_assert_eq(maps.count, 2);
}

/* Any cut and any changed byte of a text is read or refused, and explained without harm. */
Test(explain, hostile_texts)
{
	static const char bytes[] = "\0\n -:rwx[]/f0\377";
	char *copy;
	size_t size;

	for (uint64_t i = 0; i < 20; i++) {
		map(16384 * i, 1, "---p", ANON);
		map(16384 * i + 1, 2, "rw-p", i & 1 ? ANON : "00000000 08:01 7 /x/y.z (deleted)");
		flags("rd wr hg");
	}
	size = text_size;
	srand(1);
	for (unsigned round = 0; round < 3000; round++) {
		static const struct vmt_explain_facts nothing = { .threads = 0 };
		struct vmt_lines lines = { .width = 80 };
		size_t n = round & 1 ? size : (size_t)rand() % size;

		copy = malloc(size + 1);
		memcpy(copy, text, size);
		copy[n] = '\0';
		for (int i = rand() % 4; i >= 0 && n; i--)
			copy[(size_t)rand() % n] = bytes[(size_t)rand() % (sizeof(bytes) - 1)];
		if (!vmt_procmaps_parse(copy, n, &maps)) {
			cr_assert_eq(vmt_explain(maps.map, maps.count, &nothing, &explain), 0);
			vmt_cause_page(&lines, &explain, 65530);
			for (size_t i = 0; i < explain.pattern_count; i++)
				cr_assert_leq(explain.patterns[i].saves, explain.patterns[i].maps);
			vmt_lines_free(&lines);
		}
		tear_down();
	}
	free(text);
}

/* [rw][--][rw][r-][rw][--]: the memory between a guard and what is read-only is beside both. */
Test(explain, a_map_counts_for_one_pattern)
{
	const struct vmt_explain_pattern *guards, *barriers;

	for (uint64_t i = 0; i < 50; i++) {
		map(4 * i + 1, 1, "rw-p", ANON);
		map(4 * i + 2, 1, "---p", ANON);
		map(4 * i + 3, 1, "rw-p", ANON);
		map(4 * i + 4, 1, "r--p", ANON);
	}
	run(NULL);
	guards = pattern(VMT_PATTERN_GUARDS);
	barriers = pattern(VMT_PATTERN_BARRIERS);
	cr_assert(guards && barriers);
	cr_assert_leq(guards->maps + barriers->maps, maps.count, "%llu and %llu of %zu",
		      (unsigned long long)guards->maps, (unsigned long long)barriers->maps,
		      maps.count);
	cr_assert_geq(guards->maps, guards->saves);
	cr_assert_geq(barriers->maps, barriers->saves);
}
