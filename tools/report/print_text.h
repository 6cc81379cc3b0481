/* SPDX-License-Identifier: MIT */
/* The text report with names: the tree of processes, and one process in detail. */
#ifndef VMT_PRINT_TEXT_H
#define VMT_PRINT_TEXT_H

#include "input/load.h"
#include "report/format.h"
#include "symbols/symbols.h"

void vmt_print_text(FILE *stream, const struct vmt_recordings *recordings,
		    const struct vmt_print_options *options, struct vmt_symbols *symbols);

/* One recording in detail. */
void vmt_print_recording(FILE *stream, const struct vmt_loaded_recording *recording,
			 const struct vmt_print_options *options, struct vmt_symbols *symbols);

#endif
