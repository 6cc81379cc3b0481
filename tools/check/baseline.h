/* SPDX-License-Identifier: MIT */
/*
 * Baselines: a summary as JSON, "schema": "vmatrace.baseline/1", made to be kept in a repository
 * and reviewed: sorted, one site per block, no addresses. Fields may be added but never change
 * their meaning. The reader accepts any bytes.
 */
#ifndef VMT_BASELINE_H
#define VMT_BASELINE_H

#include "check/summary.h"

#define VMT_BASELINE_SCHEMA    "vmatrace.baseline/1"
#define VMT_BASELINE_ERROR_MAX 300

/*
 * Is the file a baseline rather than a recording, judging by its first character? A pipe counts as
 * a baseline.
 */
bool vmt_baseline_is(const char *path);

/*
 * Read a baseline. Returns 0, or -errno with an empty summary and a sentence in error that does not
 * name the file. Free with vmt_summary_free().
 */
VMT_MUST_CHECK int vmt_baseline_load(const char *path, struct vmt_summary *ret_summary,
				     char error[VMT_BASELINE_ERROR_MAX]);

/*
 * Replace path, or the file it links to, in one step and only if everything could be written. A
 * device or a pipe is written to directly. Returns 0 or -errno.
 */
VMT_MUST_CHECK int vmt_baseline_save(const char *path, const struct vmt_summary *summary);

#endif
