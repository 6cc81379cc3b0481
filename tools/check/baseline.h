/* SPDX-License-Identifier: MIT */
/*
 * Baselines: a summary as JSON, "schema": "vmatrace.baseline/1", made to be kept in a
 * repository and reviewed: sorted, one site per block, no addresses. Fields may be
 * added, never change meaning. Anybody's bytes may be read.
 */
#ifndef VMT_BASELINE_H
#define VMT_BASELINE_H

#include "check/summary.h"

#define VMT_BASELINE_SCHEMA    "vmatrace.baseline/1"
#define VMT_BASELINE_ERROR_MAX 300

/* Whether the file's first character makes it a baseline rather than a recording; a pipe is one. */
bool vmt_baseline_is(const char *path);

/*
 * Read a baseline. Returns 0, or -errno with a sentence in error that does not name the
 * file; ret_census is then empty. Free with vmt_summary_free.
 */
VMT_MUST_CHECK int vmt_baseline_load(const char *path, struct vmt_summary *ret_summary,
				     char error[VMT_BASELINE_ERROR_MAX]);

/*
 * Replace path, or the file it is a link to, at once and only if all could be written; what is no
 * file (a device, a pipe) is written to. 0 or -errno.
 */
VMT_MUST_CHECK int vmt_baseline_save(const char *path, const struct vmt_summary *summary);

#endif
