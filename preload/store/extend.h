/* SPDX-License-Identifier: MIT */
/*
 * A recording begins small, and its sections grow. The last section grows in place; another one
 * moves to the end of the file. A reader at that moment finds either place complete. Under the lock
 * only.
 */
#ifndef VMT_EXTEND_H
#define VMT_EXTEND_H

#include "state/state.h"

/*
 * Make room for `count` elements in a section, with blocks behind those in use. Pointers into the
 * recording stay valid until vmt_extend_settle(). False if there is no room; nothing has changed
 * then.
 */
bool vmt_extend_section(struct vmt_state *state, enum vmt_section_id id, uint64_t count);

/* Make the file this long, and map so much of it, if it is less. Returns 0 or -errno. */
int vmt_extend_map(struct vmt_state *state, uint64_t size);

/*
 * No pointer into the recording is in use: unmap its older maps, and free the older places of
 * sections that no reader can still be using. Returns whether some of that is left for later.
 */
bool vmt_extend_settle(struct vmt_state *state, bool is_last);

#endif
