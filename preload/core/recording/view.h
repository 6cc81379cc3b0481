/* SPDX-License-Identifier: MIT */
/*
 * A validated, read-only view of a recording in memory, whoever wrote it: every
 * offset, size and index is checked before use, so that a file of any bytes can be
 * read without harm. Records that a living writer changes meanwhile are read again,
 * those that a dead one left half-written are skipped. Holds no memory of its own;
 * used by the report of the library and by the tools.
 */
#ifndef VMT_VIEW_H
#define VMT_VIEW_H

#include "core/recording/plausible.h"
#include "core/recording/record.h"

struct vmt_view_section {
	const unsigned char *data;
	uint64_t used;
	uint64_t stride;
};

struct vmt_view {
	const unsigned char *data;
	uint64_t size;
	bool is_torn; /* the header was left half-written */
	uint64_t error_offset; /* after a failed open: where… */
	const char *error; /* …and which check it was */
	uint32_t damaged; /* bits: sections that are not what was written */
	uint64_t left_out; /* records that cannot be, see vmt_damage_examine() */
	struct vmt_rec_header header; /* a consistent copy, as of the open */
	struct vmt_view_section section[VMT_SECTION_COUNT];
};

/* Not terminated; bytes is never NULL. */
struct vmt_view_string {
	const char *bytes;
	uint32_t length;
};

/* What the ranges say of one site. */
struct vmt_view_totals {
	uint64_t live; /* maps put by the site */
	uint64_t bytes; /* length of the maps mapped by the site */
};

/*
 * Check data[0, size), which must be 8-aligned and stay while the view is in use.
 * Returns 0, or -EBADMSG with ret_view->error (a static string) and error_offset
 * set; another version, another byte order and a short file are told apart there.
 */
VMT_MUST_CHECK int vmt_view_open(const void *data, uint64_t size, struct vmt_view *ret_view);

/*
 * Compare the sums that the process made when it ended, and look at each record: sets damaged and
 * left_out. What only adds to the picture (counts of calls, timelines, marks, failures) is left out
 * as a whole if it is damaged; of the rest each record that can be is still read. Returns
 * -EBADMSG, like vmt_view_open(), if it is the header that is not what was written.
 */
VMT_MUST_CHECK int vmt_damage_examine(struct vmt_view *view);

static inline bool vmt_view_is_damaged(const struct vmt_view *view)
{
	return view->damaged || view->left_out;
}

/* The name of a section in a report, as "call sites". */
const char *vmt_damage_section_name(enum vmt_section_id section);

/* Number of records that there may be; each may still be unreadable. */
uint64_t vmt_view_count(const struct vmt_view *view, enum vmt_section_id section);

/* Copy one record; false when there is none, or it is half-written or nonsense. */
bool vmt_view_site(const struct vmt_view *view, uint64_t index, struct vmt_rec_site *ret_site);
bool vmt_view_range(const struct vmt_view *view, uint64_t index, struct vmt_rec_range *ret_range);
bool vmt_view_frame(const struct vmt_view *view, uint64_t index, struct vmt_rec_frame *ret_frame);
bool vmt_view_module(const struct vmt_view *view, uint64_t index,
		     struct vmt_rec_module *ret_module);
bool vmt_view_call(const struct vmt_view *view, uint64_t index,
		   struct vmt_rec_counters *ret_counters);
bool vmt_view_site_time(const struct vmt_view *view, uint64_t site,
			struct vmt_rec_site_time *ret_time);

/*
 * The timeline: buckets of header.bucket_ns; false for one without a call. The last one has a call.
 */
uint64_t vmt_view_bucket_count(const struct vmt_view *view);
bool vmt_view_bucket(const struct vmt_view *view, uint64_t index,
		     struct vmt_rec_bucket *ret_bucket);
bool vmt_view_failure(const struct vmt_view *view, uint64_t index,
		      struct vmt_rec_failure *ret_failure);
bool vmt_view_mark(const struct vmt_view *view, uint64_t index, struct vmt_rec_mark *ret_mark);
bool vmt_view_mark_value(const struct vmt_view *view, uint64_t index,
			 struct vmt_rec_mark_value *ret_value);
bool vmt_view_allocator(const struct vmt_view *view, uint64_t index,
			struct vmt_rec_allocator *ret_allocator);

/* A string of the recording; empty when it lies outside. */
struct vmt_view_string vmt_view_string(const struct vmt_view *view, struct vmt_rec_string string);

/* Frames of a site that can be read, at most VMT_FRAMES_MAX. */
uint32_t vmt_view_frame_count(const struct vmt_view *view, const struct vmt_rec_site *site);

/*
 * Count the ranges into totals[0, count), one element per site; the library's own are
 * left out, and those of sites beyond count are the unseen site's.
 */
void vmt_view_totals(const struct vmt_view *view, struct vmt_view_totals *totals, uint64_t count);

/* The same for a single site, without memory: one pass over all ranges. */
struct vmt_view_totals vmt_view_totals_of_site(const struct vmt_view *view, uint64_t site);

/*
 * Maps at the end, or now. A program that was killed may have left the header's
 * count behind the ranges; then these are counted.
 */
uint64_t vmt_view_maps_now(const struct vmt_view *view);

/* The site's live maps when the count was highest, given what is live now. */
uint64_t vmt_view_live_at_peak(const struct vmt_view *view, const struct vmt_rec_site *site,
			       uint64_t live);

/* Nothing unseen, lost or learnt again, and as many maps as the kernel counts. */
bool vmt_view_is_exact(const struct vmt_view *view);

/*
 * Changes of maps that the calls of several threads made at the same time, so that none of them can
 * be told as its doer. The pseudo-site of what came and went unseen has both these and
 * header.unseen.
 */
uint64_t vmt_view_concurrent(const struct vmt_view *view);

/* created + split - merged - removed */
int64_t vmt_view_net(const struct vmt_rec_counters *counters);

#endif
