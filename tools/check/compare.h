/* SPDX-License-Identifier: MIT */
/*
 * Loading what is compared, a baseline or recordings, and the differences of two. Used by
 * check (loading) and diff.
 */
#ifndef VMT_COMPARE_H
#define VMT_COMPARE_H

#include "check/summary.h"

#include <stdio.h>

struct vmt_difference {
	const char *program;
	const struct vmt_summary_site *site; /* the new one, or the old one if it is gone */
	const char *kind; /* "added", "gone", "grown", "shrunk" */
	int64_t before;
	int64_t after;
};

struct vmt_comparison {
	struct vmt_difference *item; /* the greatest change first */
	size_t count;
	int64_t growth_before; /* of all programs */
	int64_t growth_after;
};

/*
 * Read recordings (all of paths[0, count)) into a summary. 0, or the tool's exit status
 * after a message.
 */
int vmt_compare_load(char **paths, size_t count, const struct vmt_summary_options *options,
		     struct vmt_summary *ret_summary);

/* The same of a single path that may also be a baseline. */
int vmt_compare_load_any(char *path, const struct vmt_summary_options *options,
			 struct vmt_summary *ret_summary);

void vmt_compare(const struct vmt_summary *before, const struct vmt_summary *after,
		 struct vmt_comparison *ret_comparison);
void vmt_compare_free(struct vmt_comparison *comparison);

void vmt_compare_text(FILE *stream, const struct vmt_comparison *comparison);
/* "schema": "vmatrace.diff/1". 0 or -errno. */
int vmt_compare_json(FILE *stream, const struct vmt_comparison *comparison);

#endif
