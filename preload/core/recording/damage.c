/* SPDX-License-Identifier: MIT */
/*
 * Decides whether a recording is still what the library wrote: by the sums of a process that ended,
 * and by the limits that every record keeps (plausible.h). Part of the view (view.h), whose rules
 * hold here too. The tools examine each recording once.
 */
#include "core/recording/view.h"

#include <linux/errno.h>

#include "core/recording/seal.h"

static const struct {
	const char *name;
	bool is_needed; /* without this section there is no report */
} sections[VMT_SECTION_COUNT] = {
	[VMT_SECTION_STRINGS] = { "names", true },
	[VMT_SECTION_MODULES] = { "modules", true },
	[VMT_SECTION_SITES] = { "call sites", true },
	[VMT_SECTION_FRAMES] = { "stacks", true },
	[VMT_SECTION_CALLS] = { "counts of calls", false },
	[VMT_SECTION_RANGES] = { "maps", true },
	[VMT_SECTION_TIMELINE] = { "the timeline", false },
	[VMT_SECTION_FAILURES] = { "failed calls", false },
	[VMT_SECTION_MARKS] = { "marks", false },
	[VMT_SECTION_MARK_VALUES] = { "counts at marks", false },
	[VMT_SECTION_SITE_TIMES] = { "timelines of call sites", false },
	[VMT_SECTION_ALLOCATORS] = { "allocators", false },
	[VMT_SECTION_SITE_ROWS] = { "timelines of call sites", false },
};

const char *vmt_damage_section_name(enum vmt_section_id section)
{
	return sections[section].name;
}

static bool can_be_site(const struct vmt_view *view, uint64_t index)
{
	struct vmt_rec_site site;

	return vmt_view_site(view, index, &site);
}

/* A free slot is valid, and so is one that a killed writer left half-written. */
static bool can_be_range(const struct vmt_view *view, uint64_t index)
{
	const struct vmt_view_section *section = &view->section[VMT_SECTION_RANGES];
	const struct vmt_rec_range *raw = (const void *)(section->data + index * section->stride);
	struct vmt_rec_range range;

	return vmt_view_range(view, index, &range) ||
	       !(__atomic_load_n(&raw->flags, __ATOMIC_RELAXED) & VMT_MAP_USED) ||
	       __atomic_load_n(&raw->seq, __ATOMIC_RELAXED) & 1;
}

static bool can_be_frame(const struct vmt_view *view, uint64_t index)
{
	struct vmt_rec_frame frame;

	return vmt_view_frame(view, index, &frame);
}

static bool can_be_module(const struct vmt_view *view, uint64_t index)
{
	struct vmt_rec_module module;

	return vmt_view_module(view, index, &module);
}

static bool can_be_call(const struct vmt_view *view, uint64_t index)
{
	struct vmt_rec_counters counters;

	return vmt_view_call(view, index, &counters);
}

static bool can_be_failure(const struct vmt_view *view, uint64_t index)
{
	struct vmt_rec_failure failure;

	return vmt_view_failure(view, index, &failure);
}

static bool can_be_mark(const struct vmt_view *view, uint64_t index)
{
	struct vmt_rec_mark mark;

	return vmt_view_mark(view, index, &mark);
}

static bool can_be_mark_value(const struct vmt_view *view, uint64_t index)
{
	struct vmt_rec_mark_value value;

	return vmt_view_mark_value(view, index, &value);
}

static bool can_be_allocator(const struct vmt_view *view, uint64_t index)
{
	struct vmt_rec_allocator allocator;

	return vmt_view_allocator(view, index, &allocator);
}

/* Timelines are checked where they are drawn: an invalid bucket counts as one without a call. */
static bool (*const can_be[VMT_SECTION_COUNT])(const struct vmt_view *, uint64_t) = {
	[VMT_SECTION_MODULES] = can_be_module,       [VMT_SECTION_SITES] = can_be_site,
	[VMT_SECTION_FRAMES] = can_be_frame,         [VMT_SECTION_CALLS] = can_be_call,
	[VMT_SECTION_RANGES] = can_be_range,         [VMT_SECTION_FAILURES] = can_be_failure,
	[VMT_SECTION_MARKS] = can_be_mark,           [VMT_SECTION_MARK_VALUES] = can_be_mark_value,
	[VMT_SECTION_ALLOCATORS] = can_be_allocator,
};

static bool is_sealed(const struct vmt_view *view)
{
	return view->header.sum_version == VMT_SUM_VERSION && view->header.end != VMT_END_RUNNING;
}

static bool has_header_changed(const struct vmt_view *view)
{
	uint64_t size = view->header.header_size;

	return size > view->size ||
	       vmt_seal_sum_header((const void *)view->data, size) != view->header.sum_header;
}

static bool has_section_changed(const struct vmt_view *view, uint32_t id)
{
	const struct vmt_rec_section *section = &view->header.section[id];

	return vmt_seal_sum(section->used ? view->data + section->offset : view->data,
			    section->used * section->size) != view->header.sum[id];
}

int vmt_damage_examine(struct vmt_view *view)
{
	uint32_t count = view->header.section_count;

	if (is_sealed(view) && has_header_changed(view)) {
		view->error = "it was changed after the process ended";
		view->error_offset = offsetof(struct vmt_rec_header, sum_header);
		return -EBADMSG;
	}
	for (uint32_t id = 0; id < VMT_SECTION_COUNT; id++) {
		for (uint64_t i = 0; can_be[id] && i < view->section[id].used; i++)
			view->left_out += !can_be[id](view, i);
		if (!is_sealed(view) || id >= count || !has_section_changed(view, id))
			continue;
		view->damaged |= UINT32_C(1) << id;
		if (!sections[id].is_needed)
			view->section[id].used = 0;
	}
	return 0;
}
