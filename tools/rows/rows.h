/* SPDX-License-Identifier: MIT */
/*
 * The rows of the report's table: call sites selected by filters, grouped by place, function,
 * module or system call, and sorted. The core prints them (report.h).
 */
#ifndef VMT_ROWS_H
#define VMT_ROWS_H

#include "core/report/report.h"
#include "rows/rowkey.h"
#include "symbols/symbols.h"

enum vmt_rows_sort {
	VMT_ROWS_DEFAULT, /* a few in the order in which they came, many by live maps */
	VMT_ROWS_LIVE,
	VMT_ROWS_NET,
	VMT_ROWS_PEAK, /* live when the count was highest */
	VMT_ROWS_CALLS,
	VMT_ROWS_CREATED,
	VMT_ROWS_SPLIT,
};

struct vmt_rows_options {
	enum vmt_rows_by by;
	enum vmt_rows_sort sort;
	bool cut; /* count maps by who mapped them, and tell who cut them */
	const char *module; /* filters for any frame: a part of the name, or a pattern with * */
	const char *function;
	const char *call;
	uint64_t now; /* CLOCK_MONOTONIC of a process that still runs, or 0 */
};

struct vmt_rows {
	struct vmt_report_row *item;
	size_t count;
	char **texts; /* texts that the rows point to */
	size_t text_count;
};

/* Find the word of --by or --sort; false if there is no such word. */
bool vmt_rows_by(const char *text, enum vmt_rows_by *ret_by);
bool vmt_rows_sort(const char *text, enum vmt_rows_sort *ret_sort);

/*
 * Select, group and sort the sites of a recording. totals has one element for each site. Free with
 * vmt_rows_free().
 */
void vmt_rows_make(struct vmt_rows *ret_rows, const struct vmt_view *view,
		   const struct vmt_view_totals *totals, struct vmt_symbols *symbols,
		   const struct vmt_rows_options *options);
/* Let the rows own a text, which is freed with them. Returns it. */
char *vmt_rows_keep(struct vmt_rows *rows, char *text);
void vmt_rows_free(struct vmt_rows *rows);

#endif
