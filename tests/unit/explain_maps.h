/* SPDX-License-Identifier: MIT */
/*
 * Shared by the tests of explanations: a text of maps that is written line by line, and what is
 * read from it. Each file of tests includes it once.
 */
#ifndef EXPLAIN_MAPS_H
#define EXPLAIN_MAPS_H

#include <criterion/criterion.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/explain.h"
#include "input/procmaps.h"
#include "report/cause_text.h"

static struct vmt_procmaps maps;
static struct vmt_explain explain;
static char *text;
static size_t text_size;

static void add(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void add(const char *format, ...)
{
	va_list arguments;
	char *line;
	int n;

	va_start(arguments, format);
	n = vasprintf(&line, format, arguments);
	va_end(arguments);
	text = realloc(text, text_size + (size_t)n + 1);
	memcpy(text + text_size, line, (size_t)n + 1);
	text_size += (size_t)n;
	free(line);
}

/* Add a map of `size` pages at page number `at`. */
static void map(uint64_t at, uint64_t size, const char *prot, const char *rest)
{
	add("%llx-%llx %s %s\n", (unsigned long long)at << 12,
	    (unsigned long long)(at + size) << 12, prot, rest);
}

#define ANON "00000000 00:00 0"

/* Afterwards the maps own the text, and another one can be begun. */
static void run(const struct vmt_explain_facts *facts)
{
	static const struct vmt_explain_facts nothing = { .threads = 0 };

	cr_assert_eq(vmt_procmaps_parse(text, text_size, &maps), 0, "line %zu", maps.bad_line);
	text = NULL;
	text_size = 0;
	cr_assert_eq(vmt_explain(maps.map, maps.count, facts ? facts : &nothing, &explain), 0);
}

static void tear_down(void)
{
	vmt_explain_free(&explain);
	vmt_procmaps_free(&maps);
}

#endif
