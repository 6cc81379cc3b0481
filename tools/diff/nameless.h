/* SPDX-License-Identifier: MIT */
/* Which file of a program's own code lacks names, so that its call sites match no others. */
#ifndef VMT_NAMELESS_H
#define VMT_NAMELESS_H

#include "check/summary.h"

struct vmt_nameless {
	const char *module; /* belongs to the program */
	uint64_t frames; /* of its call sites, without a name */
};

/*
 * Find the module with the most frames without names at call sites that had maps; false if there is
 * none. A module with a full symbol table lacks nothing, even if some of its code has no name.
 */
bool vmt_nameless_find(const struct vmt_summary_program *program,
		       struct vmt_nameless *ret_nameless);

#endif
