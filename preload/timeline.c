/* SPDX-License-Identifier: MIT */
/*
 * See timeline.h.
 */
#include "timeline.h"

#include "recording.h"

static void halve_timeline(struct vmt_state *state, struct vmt_rec_bucket *bucket, uint64_t count)
{
	for (uint64_t i = 0; i < count / 2; i++) {
		struct vmt_rec_bucket a = bucket[2 * i];
		struct vmt_rec_bucket b = bucket[2 * i + 1];

		if (a.max == 0)
			a = b;
		else if (b.max)
			a = (struct vmt_rec_bucket){ .min = a.min < b.min ? a.min : b.min,
						     .max = a.max > b.max ? a.max : b.max,
						     .last = b.last };
		bucket[i] = a;
	}
	for (uint64_t i = count / 2; i < count; i++)
		bucket[i] = (struct vmt_rec_bucket){ 0 };
	state->counters.bucket_ns *= 2;
}

/* Note the count of maps at this time: no burst is lost, only its exact moment. */
void vmt_timeline_tick(struct vmt_state *state, uint64_t time)
{
	struct vmt_rec_section *section = &state->counters.section[VMT_SECTION_TIMELINE];
	uint32_t now = (uint32_t)state->counters.maps_now;
	struct vmt_rec_bucket *at;
	uint64_t index;

	if (!state->recording.base)
		return;
	index = time / state->counters.bucket_ns;
	while (VMT_UNLIKELY(index >= section->capacity)) {
		if (!vmt_recording_element(state, VMT_SECTION_TIMELINE, section->capacity - 1, 1))
			return;
		halve_timeline(state, vmt_recording_element(state, VMT_SECTION_TIMELINE, 0, 1),
			       section->capacity);
		index = time / state->counters.bucket_ns;
	}
	at = vmt_recording_element(state, VMT_SECTION_TIMELINE, index, 1);
	if (!at)
		return;
	if (at->max == 0)
		at->min = at->max = now;
	if (now < at->min)
		at->min = now;
	if (now > at->max)
		at->max = now;
	at->last = now;
}
