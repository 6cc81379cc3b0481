/* SPDX-License-Identifier: MIT */
/* The vmatrace tool, which is expected beside the library, and the environment that it gets. */
#ifndef VMT_FIND_TOOL_H
#define VMT_FIND_TOOL_H

#include "state/state.h"

/* Look for the tool. Called by the constructor. */
void vmt_find_tool_beside(struct vmt_state *state);

/* Keep a copy of the environment for the tool. Called by the constructor. */
void vmt_find_tool_copy_environment(struct vmt_state *state);

/* May the tool be run now? Somebody else may have put it there. */
bool vmt_find_tool_may_run(const struct vmt_state *state);

#endif
