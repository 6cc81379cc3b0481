/* SPDX-License-Identifier: MIT */
/*
 * Writes reports of recordings in any format to a stream, for `report` and `run`. Functions return
 * 0, or -errno if the stream could not be written.
 */
#ifndef VMT_PRINT_H
#define VMT_PRINT_H

#include "input/load.h"
#include "report/format.h"

#include <stdio.h>

/* Find a format by its name; false if there is none. */
bool vmt_print_format(const char *text, enum vmt_format *ret_format);

int vmt_print(FILE *stream, const struct vmt_recordings *recordings,
	      const struct vmt_print_options *options);

#endif
