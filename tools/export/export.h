/* SPDX-License-Identifier: MIT */
/*
 * Reports in the formats of other people's viewers: the arguments of their writers, and the values
 * of a call site that they can show. A writer returns 0, or -errno if the stream could not be
 * written. It writes all recordings, or those of one process.
 */
#ifndef VMT_EXPORT_H
#define VMT_EXPORT_H

#include "input/load.h"
#include "symbols/symbols.h"

#include <stdio.h>

enum vmt_export_value {
	VMT_EXPORT_LIVE, /* maps that exist now */
	VMT_EXPORT_PEAK, /* maps at the time when the process had the most */
	VMT_EXPORT_CREATED,
	VMT_EXPORT_SPLIT,
	VMT_EXPORT_MERGED,
	VMT_EXPORT_BYTES, /* bytes of the live maps that the call site mapped */
	VMT_EXPORT_VALUES,
};

struct vmt_export_options {
	enum vmt_export_value value; /* the value that a format holds, or shows first */
	uint32_t pid; /* write only this process; 0 = all */
	uint64_t top; /* how many call sites, in formats that cannot take all; 0 = VMT_EXPORT_TOP */
};

#define VMT_EXPORT_TOP 10u

typedef int vmt_export_write(FILE *stream, const struct vmt_recordings *recordings,
			     const struct vmt_export_options *options, struct vmt_symbols *symbols);

/* Each is in a file of its own. */
vmt_export_write vmt_folded_write;
vmt_export_write vmt_speedscope_write;
vmt_export_write vmt_pprof_write;
vmt_export_write vmt_chrome_write;
vmt_export_write vmt_openmetrics_write;
vmt_export_write vmt_csv_write;

/* Write a name of a folded stack. It is UTF-8 without control characters. */
void vmt_folded_name(FILE *stream, const char *name);

/* Find a value by its name ("live", "peak" and so on); false if there is none. */
bool vmt_export_value(const char *text, enum vmt_export_value *ret_value);
const char *vmt_export_value_name(enum vmt_export_value value);

static inline bool vmt_export_is_wanted(const struct vmt_export_options *options,
					const struct vmt_view *view)
{
	return !options->pid || options->pid == view->header.pid;
}

/* Returns how many recordings are written. */
size_t vmt_export_count(const struct vmt_export_options *options,
			const struct vmt_recordings *recordings);

/* Returns when the first of them began, in ns since 1970; 0 without any. */
uint64_t vmt_export_start(const struct vmt_export_options *options,
			  const struct vmt_recordings *recordings);

#endif
