/* SPDX-License-Identifier: MIT */
/*
 * A recording begins small, and its sections grow: by more of the file behind the last one, or by
 * moving to the end of the file. Who reads at that moment finds either place whole. Under the lock
 * only.
 */
#ifndef VMT_EXTEND_H
#define VMT_EXTEND_H

#include "state/state.h"

/*
 * Room for `count` elements in a section, with blocks behind those in use. What points into the
 * recording stays good until vmt_extend_settle. False when it cannot be had; nothing has changed
 * then.
 */
bool vmt_extend_section(struct vmt_state *state, enum vmt_section_id id, uint64_t count);

/* Map so much of the file, where more of it is needed than is mapped. 0 or -errno. */
int vmt_extend_map(struct vmt_state *state, uint64_t size);

/*
 * Nobody holds a pointer into the recording: give older maps of it back, and the older places of
 * sections when no reader can still be at them. Returns whether there is more to do later.
 */
bool vmt_extend_settle(struct vmt_state *state, bool is_last);

#endif
