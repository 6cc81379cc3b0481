/* SPDX-License-Identifier: MIT */
/*
 * The published copy: a recording (core/recording/record.h) in a shared map, which can be read
 * while the process runs and after its end. Written under the lock only. Without a recording (base
 * == NULL) none of these functions does anything.
 */
#ifndef VMT_PUBLISH_H
#define VMT_PUBLISH_H

#include "state/state.h"

/* Make the recording (recording.h), with all slots of ranges free. Returns 0 or -errno. */
int vmt_publish_open(struct vmt_state *state);

void vmt_publish_site(struct vmt_state *state, const struct vmt_site *site);
/* A new site: its frames, frames[site->frame_count], and then the site, before its counters. */
void vmt_publish_frames(struct vmt_state *state, struct vmt_site *site,
			const struct vmt_rec_frame *frames);
void vmt_publish_new_site(struct vmt_state *state, const struct vmt_site *site);
/* A call of the site was made by free, which is not on its stack: VMT_SITE_OF_FREE. */
void vmt_publish_site_of_free(struct vmt_state *state, struct vmt_site *site);

void vmt_publish_call(struct vmt_state *state, uint32_t call);
void vmt_publish_range(struct vmt_state *state, struct vmt_map *map);
/* Add flags to a range that is published and will not change any more. */
void vmt_publish_attributes(struct vmt_state *state, struct vmt_map *map, uint32_t flags);

void vmt_publish_range_gone(struct vmt_state *state, struct vmt_map *map);
void vmt_publish_module(struct vmt_state *state, uint32_t index);
void vmt_publish_header(struct vmt_state *state);

/*
 * After a call: write its site, the counters of its system call, and the header. The header is
 * written in full if header_is_behind. Otherwise only the fields are written that a call without
 * questions changes.
 */
void vmt_publish_done(struct vmt_state *state, const struct vmt_site *site);

/*
 * Returns the sum of the counts that vmt_publish_done() leaves out. They only grow, so the sum
 * tells whether one of them has changed.
 */
uint64_t vmt_publish_rare_sum(const struct vmt_state *state);

/* Fill in the state's header for a new recording of this process that starts now. */
void vmt_publish_describe(struct vmt_state *state);

/*
 * Write the whole header, once: this makes the recording valid, and gives the file its name.
 * Returns 0 or -errno.
 */
int vmt_publish_whole_header(struct vmt_state *state);

void vmt_publish_failure(struct vmt_state *state, const struct vmt_rec_failure *failure);
bool vmt_publish_failures_full(const struct vmt_state *state);

/*
 * Record a named moment. A site writes its values when it next changes; vmt_publish_at_mark() has
 * to be called before each change.
 */
void vmt_publish_mark(struct vmt_state *state, const char *name, size_t length);
void vmt_publish_at_mark(struct vmt_state *state, struct vmt_site *site);

/*
 * Record the moment when the program begins to end, in the same way: each site writes what it had when
 * it next changes. Twice at most, where the first time was not the end.
 */
void vmt_publish_begin_end(struct vmt_state *state);

/* Put bytes into the strings section. Returns offset 0 and length 0 if there is no room. */
struct vmt_rec_string vmt_publish_string(struct vmt_state *state, const char *bytes, size_t length);

/* Make all slots of ranges free again. */
void vmt_publish_reset_ranges(struct vmt_state *state);

#endif
