/* SPDX-License-Identifier: MIT */
/*
 * Loads a baseline or recordings, and finds the differences of two summaries. Used by check (for
 * loading) and diff.
 */
#ifndef VMT_COMPARE_H
#define VMT_COMPARE_H

#include "check/summary.h"

#include <jansson.h>
#include <stdio.h>

struct vmt_difference {
	const char *program;
	/* in the newer summary, or in the older one if it is gone */
	const struct vmt_summary_site *site;
	const struct vmt_summary_site *was; /* in the older one, if both have it; or NULL */
	const char *kind; /* "added", "gone", "grown", "shrunk" */
	int64_t before;
	int64_t after;
};

struct vmt_comparison {
	struct vmt_difference *item; /* the largest change first */
	size_t count;
	int64_t change; /* of all of them */
	int64_t growth_before; /* over all programs */
	int64_t growth_after;
	const struct vmt_summary *before;
	const struct vmt_summary *after;
	bool at_peak; /* the maps of call sites are those at the peak: for the words only */
};

/*
 * Read the recordings paths[0, count) into a summary. Returns 0, or the tool's exit status after a
 * message.
 */
int vmt_compare_load(char **paths, size_t count, const struct vmt_summary_options *options,
		     struct vmt_summary *ret_summary);

/*
 * Read two paths, each of which may be a baseline instead. A module that was stripped in one of the
 * runs gets its names from the other's, if the build-ids are equal. Returns the same.
 */
int vmt_compare_load_two(char *const paths[2], const struct vmt_summary_options *options,
			 struct vmt_summary ret_summaries[2]);

/*
 * If each summary has one program, these have different names, and a call site of one is in the
 * other, give the older one the name of the newer, in its call sites as well. Returns the name that
 * it had, which the caller frees; NULL: nothing was changed.
 */
char *vmt_compare_rename(struct vmt_summary *before, const struct vmt_summary *after);

/* Takes the name that something had, and the one that it is compared with. */
typedef void vmt_compare_tell(const char *was, const char *is);

/*
 * Likewise for modules that only one of the runs has, such as two allocators that were preloaded into one
 * program: the call sites that are in both get the name of the newer.
 */
void vmt_compare_rename_modules(struct vmt_summary *before, const struct vmt_summary *after,
				vmt_compare_tell *tell);

void vmt_compare(const struct vmt_summary *before, const struct vmt_summary *after,
		 struct vmt_comparison *ret_comparison);
void vmt_compare_free(struct vmt_comparison *comparison);

/*
 * Write programs, then places, then call sites, at most top of each. Returns 0 or -errno.
 */
int vmt_compare_text(FILE *stream, const struct vmt_comparison *comparison, uint64_t top);
/* How many maps each program has at its end and at its peak, if that has changed. */
void vmt_compare_programs(FILE *stream, const struct vmt_comparison *comparison, uint64_t top);
/* By how much the highest peak of all programs has changed; 0 if it is not known. */
int64_t vmt_compare_peak(const struct vmt_comparison *comparison);
/* Has the highest peak changed by much more than what call sites hold at the end? */
bool vmt_compare_differs_at_peak(const struct vmt_comparison *comparison);
/* The change, and what there was before and after it, in columns. */
void vmt_compare_counts(FILE *stream, int64_t before, int64_t after);
/* The sums by place, if any place has several call sites. */
void vmt_compare_places(FILE *stream, const struct vmt_comparison *comparison, uint64_t top);
/* The same as JSON, "schema": "vmatrace.diff/1". */
json_t *vmt_compare_value(const struct vmt_comparison *comparison);
/* Write JSON, "schema": "vmatrace.diff/1". Returns 0 or -errno. */
int vmt_compare_json(FILE *stream, const struct vmt_comparison *comparison);

#endif
