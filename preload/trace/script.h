/* SPDX-License-Identifier: MIT */
/*
 * Turns the functions of a script that are running into frames of a call site. They are found when
 * a call is made; their names and lines are read when a site is new.
 */
#ifndef VMT_TRACE_SCRIPT_H
#define VMT_TRACE_SCRIPT_H

#include "script/python.h"

/*
 * Find the script's functions on a stack that was just walked, if there is an interpreter; they are
 * kept in the state until the next call. Under the lock.
 */
void vmt_script_look(struct vmt_state *state, struct vmt_walk *stack);

/* The function `script_at` of vmt_callsites_ops; context is the state. Under the lock. */
uint32_t vmt_script_at(void *context, uint32_t level, struct vmt_rec_frame *room, uint32_t most);

#endif
