/* SPDX-License-Identifier: MIT */
/*
 * A validated, read-only view of a recording in memory. Its writer is not trusted: every offset,
 * size and index is checked before use, so that a file of arbitrary bytes can be read without harm.
 * Records that a living writer is changing are read again; those that a dead writer left
 * half-written are skipped. The view owns no memory. Used by the library's own report and by the
 * tools.
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
	bool is_torn; /* the writer left the header half-written */
	uint64_t error_offset; /* after a failed open: where the check failed */
	const char *error; /* after a failed open: which check failed */
	uint32_t damaged; /* one bit for each section whose content has been altered */
	uint64_t left_out; /* records with impossible values, see vmt_damage_examine() */
	struct vmt_rec_header header; /* a consistent copy, made by the open */
	struct vmt_view_section section[VMT_SECTION_COUNT];
};

/* bytes is not NUL-terminated, and never NULL. */
struct vmt_view_string {
	const char *bytes;
	uint32_t length;
};

/* What the ranges tell about one site. */
struct vmt_view_totals {
	uint64_t live; /* maps put by the site */
	uint64_t bytes; /* total length of the maps mapped by the site */
};

/*
 * Check data[0, size), which must be 8-aligned and stay valid while the view is in use. Returns 0,
 * or -EBADMSG with ret_view->error (a static string) and error_offset set. The error says whether
 * the version, the byte order or the size was wrong.
 */
VMT_MUST_CHECK int vmt_view_open(const void *data, uint64_t size, struct vmt_view *ret_view);

/*
 * Copy a recording that is being written, each part to where it lies in the data, so that copy can
 * be viewed with the same size. copy is 8-aligned, and zero or an earlier copy of a view whose
 * sections lie at the same places: what was not written since is not copied again. Returns false if
 * calls were recorded meanwhile, so that the parts are of different moments.
 */
bool vmt_view_copy(const struct vmt_view *view, void *copy);

/*
 * Compare the sums that the process made when it ended, and check each record; sets damaged and
 * left_out. If a section that is no part of the table (counts of calls, timelines, marks, failures)
 * is damaged, it is left out as a whole; in other sections each plausible record is still read.
 * Returns -EBADMSG, like vmt_view_open(), if the header itself is damaged.
 */
VMT_MUST_CHECK int vmt_damage_examine(struct vmt_view *view);

static inline bool vmt_view_is_damaged(const struct vmt_view *view)
{
	return view->damaged || view->left_out;
}

/* The name of a section for a report, for example "call sites". */
const char *vmt_damage_section_name(enum vmt_section_id section);

/* Returns the number of records; any of them may still be unreadable. */
uint64_t vmt_view_count(const struct vmt_view *view, enum vmt_section_id section);

/*
 * Copy one record; false when there is none, when it is half-written, or when it is not plausible.
 */
bool vmt_view_site(const struct vmt_view *view, uint64_t index, struct vmt_rec_site *ret_site);
bool vmt_view_range(const struct vmt_view *view, uint64_t index, struct vmt_rec_range *ret_range);
bool vmt_view_frame(const struct vmt_view *view, uint64_t index, struct vmt_rec_frame *ret_frame);
bool vmt_view_module(const struct vmt_view *view, uint64_t index,
		     struct vmt_rec_module *ret_module);
/* Is this a frame of a script? Then returns the file and the name of its function, and the line. */
bool vmt_view_script(const struct vmt_view *view, const struct vmt_rec_frame *frame,
		     struct vmt_view_string *ret_file, struct vmt_view_string *ret_function,
		     uint32_t *ret_line);
bool vmt_view_call(const struct vmt_view *view, uint64_t index,
		   struct vmt_rec_counters *ret_counters);
bool vmt_view_site_time(const struct vmt_view *view, uint64_t index,
			struct vmt_rec_site_time *ret_time);

/*
 * The timeline, in buckets of header.bucket_ns. vmt_view_bucket() returns false for a bucket
 * without a call; the last bucket always has a call.
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

/* A string of the recording; empty if it would lie outside the strings section. */
struct vmt_view_string vmt_view_string(const struct vmt_view *view, struct vmt_rec_string string);

/* Returns how many frames of a site can be read, at most VMT_FRAMES_MAX. */
uint32_t vmt_view_frame_count(const struct vmt_view *view, const struct vmt_rec_site *site);

/*
 * Count the ranges into totals[0, count), one element for each site. The library's own ranges are
 * left out; ranges of sites beyond count go to the unseen site.
 */
void vmt_view_totals(const struct vmt_view *view, struct vmt_view_totals *totals, uint64_t count);

/* The totals of a single site, without memory: one pass over all ranges. */
struct vmt_view_totals vmt_view_totals_of_site(const struct vmt_view *view, uint64_t site);

/*
 * The number of maps now, or at the end. A killed program may have left the header's count behind
 * the ranges; the ranges are counted then.
 */
uint64_t vmt_view_maps_now(const struct vmt_view *view);

/*
 * Returns the site's live maps at the moment when the count was highest; live: its live maps now.
 */
uint64_t vmt_view_live_at_peak(const struct vmt_view *view, const struct vmt_rec_site *site,
			       uint64_t live);

/*
 * Is it known what call sites had when the program began to end? In the second sense: and are the torn_down
 * maps those that are gone since?
 */
bool vmt_view_knows_before_end(const struct vmt_view *view);
bool vmt_view_is_before_end(const struct vmt_view *view, uint64_t torn_down);

/* Returns the site's live maps at that moment if they are, else at the peak; live: its live maps now. */
uint64_t vmt_view_live_before(const struct vmt_view *view, const struct vmt_rec_site *site,
			      uint64_t live, uint64_t torn_down);

/*
 * Is the recording exact: nothing unseen, lost or relearned, and as many maps as the kernel counts?
 */
bool vmt_view_is_exact(const struct vmt_view *view);

/*
 * Returns the number of changes that the calls of several threads made at the same time, so that
 * they cannot be attributed. They are part of the unseen site's counts, as is header.unseen.
 */
uint64_t vmt_view_concurrent(const struct vmt_view *view);

/* Returns created + split - merged - removed. */
int64_t vmt_view_net(const struct vmt_rec_counters *counters);
void vmt_view_add(struct vmt_rec_counters *sum, const struct vmt_rec_counters *more);

#endif
