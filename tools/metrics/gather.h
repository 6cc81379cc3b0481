/* SPDX-License-Identifier: MIT */
/* Gathers the metrics of processes, once or again and again, for a file or for Prometheus. */
#ifndef VMT_GATHER_H
#define VMT_GATHER_H

#include "export/metrics.h"

#include <sys/types.h>

struct vmt_gather {
	char **name; /* directories, recordings and pids */
	size_t names;
	bool is_all; /* all processes of the machine instead */
	bool only_running; /* leave out processes that have ended */
	uint64_t top; /* how many call sites of each process; 0 = VMT_EXPORT_TOP */
	uint64_t most; /* with is_all: the N processes with the most maps; 0 = VMT_GATHER_MOST */
	const char *symbols; /* a directory with more symbol files, or NULL */

	/* Kept between rounds, since reading debug information takes long; NULL at first. */
	struct vmt_symbols *known;
	unsigned rounds;
};

#define VMT_GATHER_MOST 200u

/*
 * Write metrics to a stream. Returns 0; or -errno after a message, if something that was asked for
 * cannot be read or is no recording. The rest is written. ret_written: how many processes were
 * written.
 */
int vmt_gather_write(FILE *stream, struct vmt_gather *gather, enum vmt_metrics_form form,
		     size_t *ret_written);
/* May processes appear later? Those that were named by their pid do not come back. */
bool vmt_gather_may_find_more(const struct vmt_gather *gather);
void vmt_gather_free(struct vmt_gather *gather);

#endif
