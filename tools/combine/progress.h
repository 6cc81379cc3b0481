/* SPDX-License-Identifier: MIT */
/* Reports on standard error how far a long task has got, once it has taken two seconds. */
#ifndef VMT_PROGRESS_H
#define VMT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vmt_progress {
	size_t total;
	uint64_t last; /* when something was printed, or the beginning; ns */
	bool is_terminal;
	bool is_shown;
};

void vmt_progress_begin(struct vmt_progress *ret_progress, size_t total);
void vmt_progress_step(struct vmt_progress *progress, size_t done);
void vmt_progress_end(struct vmt_progress *progress);

#endif
