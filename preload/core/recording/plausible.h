/* SPDX-License-Identifier: MIT */
/*
 * What a record can be at all, whatever has happened to the file it lies in: the bounds that the
 * kernel and the library keep. A record outside them was never written, and the view leaves it
 * out. Bounds are wide, since a living writer may be ahead of the header that was read.
 */
#ifndef VMT_PLAUSIBLE_H
#define VMT_PLAUSIBLE_H

#include "core/recording/record.h"

#define VMT_VIEW_COUNT_END (UINT64_C(1) << 46) /* no counter comes so far */

/* NULL, or which of the header's fields cannot be so. */
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
