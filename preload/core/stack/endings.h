/* SPDX-License-Identifier: MIT */
/*
 * Functions that run because a program ends: exit handlers of libc, and what runtimes of languages call
 * before they exit. What is given back on a stack with one of them was kept until then.
 */
#ifndef VMT_ENDINGS_H
#define VMT_ENDINGS_H

#include "core/base/base.h"

enum vmt_ending_kind {
	VMT_ENDING_EXIT, /* libc's, with which every program ends */
	VMT_ENDING_RUNTIME,
	VMT_ENDING_AFTER_RUN, /* it runs a script, and cleans up behind that */
};

struct vmt_ending_name {
	enum vmt_ending_kind kind;
	const char *function; /* as stacks show it; NULL = not told by the name alone */
	const char *exported; /* by which a module in memory has it; NULL = it has not */
};

/* Returns the list, of so many. */
#define VMT_ENDINGS_COUNT 24u
const struct vmt_ending_name *vmt_endings(void);

#endif
