/* SPDX-License-Identifier: MIT */
/* The limits of each kind of record; see plausible.h. */
#include "core/recording/plausible.h"

#define MAPS_END    (UINT64_C(1) << 31) /* the kernel counts maps in an int */
#define VSYSCALL    UINT64_C(0xffffffffff600000)
#define CALLS_END   10000u
#define CALLS_AHEAD (UINT64_C(1) << 20)
#define INDEX_END   10000002u
#define ERRNO_END   4096u
#define KINDS_END   256u
#define SHIFTS_END  32u
#define TIME_END    (UINT64_C(1) << 60) /* 36 years in ns */

static bool is_power_of_two(uint64_t number)
{
	return number && !(number & (number - 1));
}

const char *vmt_plausible_header(const struct vmt_rec_header *header)
{
	if ((header->maps_start | header->maps_now | header->maps_peak | header->maps_own) >=
		    MAPS_END ||
	    (header->maps_kernel >= MAPS_END && header->maps_kernel != UINT64_MAX))
		return "too many maps";
	if ((header->calls_seen | header->calls_derived | header->unseen | header->lost |
	     header->relearned | header->deferred | header->truncated) >= VMT_VIEW_COUNT_END)
		return "too many calls";
	if (header->page_size && !is_power_of_two(header->page_size))
		return "an impossible page size";
	if (header->bucket_ns % VMT_TIMELINE_NS ||
	    (header->bucket_ns && !is_power_of_two(header->bucket_ns / VMT_TIMELINE_NS)))
		return "an impossible timeline";
	return NULL;
}

/*
 * The most maps there can be at any moment, including those that a writer may have added since the
 * header was read.
 */
static uint64_t maps_most(const struct vmt_rec_header *header)
{
	return 2 * header->maps_peak + 65536;
}

/*
 * The counters of one call site are part of all counters. A call cannot create, split, merge or
 * remove more maps than there are.
 */
bool vmt_plausible_counters(const struct vmt_rec_header *header,
			    const struct vmt_rec_counters *counters)
{
	uint64_t most;

	if ((counters->calls | counters->failed | counters->created | counters->split |
	     counters->merged | counters->removed) >= VMT_VIEW_COUNT_END)
		return false;
	if (__builtin_mul_overflow(counters->calls + header->unseen + 2, maps_most(header), &most))
		return true;
	return counters->calls <= 2 * header->calls_seen + CALLS_AHEAD &&
	       counters->created <= most && counters->split <= most && counters->merged <= most &&
	       counters->removed <= most;
}

bool vmt_plausible_site(const struct vmt_rec_header *header, const struct vmt_rec_site *site)
{
	return vmt_plausible_counters(header, &site->counters) && site->call < CALLS_END &&
	       site->frame_count <= VMT_FRAMES_MAX && site->live < MAPS_END &&
	       site->live_at_peak < MAPS_END && site->inherited < MAPS_END &&
	       site->before_end < MAPS_END;
}

static bool is_aligned(const struct vmt_rec_header *header, uint64_t number)
{
	return !header->page_size || number % header->page_size == 0;
}

bool vmt_plausible_range(const struct vmt_rec_header *header, const struct vmt_rec_range *range)
{
	return range->start < range->end && is_aligned(header, range->start | range->end) &&
	       is_aligned(header, range->offset) &&
	       (range->end <= VMT_ADDRESS_END_5 || range->start == VSYSCALL) &&
	       range->put_by < INDEX_END && range->mapped_by < INDEX_END && range->time < TIME_END;
}

bool vmt_plausible_frame(const struct vmt_rec_frame *frame)
{
	return frame->offset < VMT_ADDRESS_END_5 || frame->offset >= VSYSCALL;
}

bool vmt_plausible_module(const struct vmt_rec_module *module)
{
	return module->kind < KINDS_END;
}

bool vmt_plausible_bucket(const struct vmt_rec_header *header, const struct vmt_rec_bucket *bucket)
{
	return bucket->min <= bucket->max && bucket->last <= bucket->max &&
	       bucket->max <= maps_most(header);
}

bool vmt_plausible_site_time(const struct vmt_rec_header *header,
			     const struct vmt_rec_site_time *time)
{
	bool ret = time->shift < SHIFTS_END;

	for (uint32_t i = 0; i < VMT_SITE_BUCKETS; i++) {
		ret &= time->bucket[i].min <= time->bucket[i].max &&
		       time->bucket[i].max <= maps_most(header) &&
		       time->bucket[i].first <= maps_most(header);
	}
	return ret;
}

bool vmt_plausible_failure(const struct vmt_rec_header *header,
			   const struct vmt_rec_failure *failure)
{
	return failure->error < ERRNO_END && failure->reason < KINDS_END &&
	       failure->site < INDEX_END && failure->maps <= maps_most(header) &&
	       failure->time < TIME_END;
}

bool vmt_plausible_mark(const struct vmt_rec_header *header, const struct vmt_rec_mark *mark)
{
	return mark->maps <= maps_most(header) && mark->time < TIME_END;
}

bool vmt_plausible_mark_value(const struct vmt_rec_mark_value *value)
{
	return value->live < MAPS_END && value->calls < VMT_VIEW_COUNT_END &&
	       (uint64_t)value->net + VMT_VIEW_COUNT_END < 2 * VMT_VIEW_COUNT_END;
}

bool vmt_plausible_allocator(const struct vmt_rec_allocator *allocator)
{
	/*
	 * `inherited` may be negative: a child frees memory that its parent allocated. `bytes` may be
	 * anything, since what was asked for in vain counts as well.
	 */
	return (allocator->allocations | allocator->frees | allocator->resizes |
		allocator->live_most | allocator->live_bound) < VMT_VIEW_COUNT_END;
}
