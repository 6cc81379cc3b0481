/* SPDX-License-Identifier: MIT */
/*
 * On a terminal, a line that is written over and removed at the end; elsewhere a line every two
 * seconds. See progress.h.
 */
#include "input/liveness.h"
#include "combine/progress.h"
#include "util/lines.h"

#include <stdio.h>
#include <unistd.h>

#define PATIENCE_NS UINT64_C(2000000000)
#define AGAIN_NS    UINT64_C(200000000) /* on a terminal */

void vmt_progress_begin(struct vmt_progress *ret_progress, size_t total)
{
	*ret_progress = (struct vmt_progress){
		.total = total,
		.last = vmt_liveness_now(CLOCK_MONOTONIC),
		.is_terminal = isatty(STDERR_FILENO),
	};
}

void vmt_progress_step(struct vmt_progress *progress, size_t done)
{
	uint64_t now = vmt_liveness_now(CLOCK_MONOTONIC);
	bool is_again = progress->is_terminal && progress->is_shown;
	struct vmt_number numbers[2];

	if (now - progress->last < (is_again ? AGAIN_NS : PATIENCE_NS))
		return;
	progress->last = now;
	progress->is_shown = true;
	fprintf(stderr, "%svmatrace: %s of %s recordings%s", progress->is_terminal ? "\r" : "",
		vmt_lines_number(&numbers[0], done), vmt_lines_number(&numbers[1], progress->total),
		progress->is_terminal ? "\033[K" : "\n");
	fflush(stderr);
}

void vmt_progress_end(struct vmt_progress *progress)
{
	if (progress->is_shown && progress->is_terminal)
		fputs("\r\033[K", stderr);
}
