/* SPDX-License-Identifier: MIT */
/*
 * The published copy: a recording (core/recording/record.h) in a shared map that outlives the
 * process or can be read while it runs. Written under the lock only. Without a
 * recording (base == NULL) all of these do nothing.
 */
#ifndef VMT_PUBLISH_H
#define VMT_PUBLISH_H

#include "state/state.h"

/* Make the recording (recording.h), with all slots for ranges free. Returns 0 or -errno. */
int vmt_publish_open(struct vmt_state *state);

void vmt_publish_site(struct vmt_state *state, const struct vmt_site *site);
void vmt_publish_frames(struct vmt_state *state, const struct vmt_site *site);
void vmt_publish_call(struct vmt_state *state, uint32_t call);
void vmt_publish_range(struct vmt_state *state, struct vmt_map *map);
/* More flags for a range that is published and changes no more. */
void vmt_publish_attributes(struct vmt_state *state, struct vmt_map *map, uint32_t flags);

void vmt_publish_range_gone(struct vmt_state *state, struct vmt_map *map);
void vmt_publish_module(struct vmt_state *state, uint32_t index);
void vmt_publish_header(struct vmt_state *state);

/*
 * After a call: its site, the sum of its kind, and of the header what a call without questions
 * changes, or all of it if more has changed (header_is_behind).
 */
void vmt_publish_done(struct vmt_state *state, const struct vmt_site *site);

/* The sum of the header's counts that it leaves out: has one of them changed? They only grow. */
uint64_t vmt_publish_left_out(const struct vmt_state *state);

/* Fill in the state's header for a new recording of this process, from now on. */
void vmt_publish_describe(struct vmt_state *state);

/*
 * The header as a whole, once: it makes the recording valid, and the file gets its name. 0 or
 * -errno.
 */
int vmt_publish_whole_header(struct vmt_state *state);

void vmt_publish_failure(struct vmt_state *state, const struct vmt_rec_failure *failure);
bool vmt_publish_failures_full(const struct vmt_state *state);

/*
 * A named moment. Sites write their values when they next change: vmt_publish_at_mark before that.
 */
void vmt_publish_mark(struct vmt_state *state, const char *name, size_t length);
void vmt_publish_mark_value(struct vmt_state *state, struct vmt_site *site);

static inline void vmt_publish_at_mark(struct vmt_state *state, struct vmt_site *site)
{
	if (VMT_UNLIKELY(site->mark_epoch != state->mark_epoch))
		vmt_publish_mark_value(state, site);
}

/* Put bytes into the strings section; offset 0, length 0 when there is no room. */
struct vmt_rec_string vmt_publish_string(struct vmt_state *state, const char *bytes, size_t length);

/* All slots of the ranges are free again. */
void vmt_publish_reset_ranges(struct vmt_state *state);

#endif
