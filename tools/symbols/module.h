/* SPDX-License-Identifier: MIT */
/* How a recorded module is identified. */
#ifndef VMT_SYMBOLS_MODULE_H
#define VMT_SYMBOLS_MODULE_H

#include <stddef.h>
#include <stdint.h>

struct vmt_symbols_module {
	const char *path; /* not terminated */
	size_t path_length;
	const uint8_t *build_id;
	size_t build_id_length; /* 0 = unknown: path is trusted then */
};

#endif
