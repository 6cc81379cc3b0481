/* SPDX-License-Identifier: MIT */
/* A file of metrics for node_exporter's textfile collector. */
#ifndef VMT_TEXTFILE_H
#define VMT_TEXTFILE_H

#include "metrics/gather.h"

/*
 * Write the file once, or every `seconds` until a signal ends it or no process is left; it is then
 * removed, since its values would go on being collected. Readers see one state or the next, never a
 * part of it. path NULL: standard output, once. Returns the tool's exit status, after a message if
 * it is not 0.
 */
int vmt_textfile_write(struct vmt_gather *gather, const char *path, unsigned seconds);

#endif
