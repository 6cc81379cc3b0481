/* SPDX-License-Identifier: MIT */
/*
 * The stack of a finding for people, in each format that has it as text. Functions that are not the
 * project's are folded as in the report.
 */
#ifndef VMT_BACKTRACE_H
#define VMT_BACKTRACE_H

#include "naming/stack.h"

/*
 * Put the lines of a stack, without line ends: "#0 guard pool.c:6", "... 6 functions of system
 * headers", "and 2 outer frames". At most `depth` lines, but the project's innermost line is among
 * them, and the line that called whatever library is around that.
 */
void vmt_backtrace_put(const struct vmt_stack *stack, uint32_t depth,
		       void (*put)(void *context, const char *line), void *context);

#endif
