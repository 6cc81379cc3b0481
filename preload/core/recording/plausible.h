/* SPDX-License-Identifier: MIT */
/*
 * The limits that the kernel and the library keep, for each kind of record. A record outside of
 * them was never written as it is, whatever has happened to the file, so the view leaves it out.
 * The limits are wide, because a living writer may be ahead of the header that was read.
 */
#ifndef VMT_PLAUSIBLE_H
#define VMT_PLAUSIBLE_H

#include "core/recording/record.h"

#define VMT_VIEW_COUNT_END (UINT64_C(1) << 46) /* no counter ever reaches this value */

/* Returns NULL, or the name of a header field with an impossible value. */
const char *vmt_plausible_header(const struct vmt_rec_header *header);

bool vmt_plausible_counters(const struct vmt_rec_header *header,
			    const struct vmt_rec_counters *counters);
bool vmt_plausible_site(const struct vmt_rec_header *header, const struct vmt_rec_site *site);
bool vmt_plausible_range(const struct vmt_rec_header *header, const struct vmt_rec_range *range);
bool vmt_plausible_frame(const struct vmt_rec_frame *frame);
bool vmt_plausible_module(const struct vmt_rec_module *module);
bool vmt_plausible_bucket(const struct vmt_rec_header *header, const struct vmt_rec_bucket *bucket);
bool vmt_plausible_site_time(const struct vmt_rec_header *header,
			     const struct vmt_rec_site_time *time);
bool vmt_plausible_failure(const struct vmt_rec_header *header,
			   const struct vmt_rec_failure *failure);
bool vmt_plausible_mark(const struct vmt_rec_header *header, const struct vmt_rec_mark *mark);
bool vmt_plausible_mark_value(const struct vmt_rec_mark_value *value);
bool vmt_plausible_allocator(const struct vmt_rec_allocator *allocator);

#endif
