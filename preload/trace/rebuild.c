/* SPDX-License-Identifier: MIT */
/* Makes the table anew; see rebuild.h. */
#include "trace/rebuild.h"

#include "core/vma/merge_rules.h"
#include "store/publish.h"
#include "store/recording.h"
#include "kernel/file_id.h"
#include "trace/account.h"

static void recount_live(struct vmt_state *state)
{
	for (uint32_t id = 0; id < state->sites.count; id++)
		state->sites.by_id[id]->live = 0;
	for (struct vmt_map *map = vmt_space_first(&state->space); map; map = vmt_space_next(map))
		if (!(map->vma.flags & VMT_MAP_OWN))
			state->sites.by_id[map->put_by]->live++;
	for (uint32_t id = 0; id < state->sites.count; id++)
		vmt_publish_site(state, state->sites.by_id[id]);
}

static void read_back(struct vmt_state *state, const struct vmt_rec_range *range)
{
	const struct vmt_vma vma = {
		.start = range->start,
		.end = range->end,
		.offset = range->offset,
		.inode = range->inode,
		.dev = vmt_vma_dev(range->dev_major, range->dev_minor),
		.flags = range->flags & ~VMT_MAP_USED,
	};
	struct vmt_map *next = vmt_space_from(&state->space, vma.start);

	if (vma.start >= vma.end || (next && next->vma.start < vma.end))
		return;
	vmt_space_insert(&state->space, &vma, range->mapped_by, range->put_by, range->time);
}

void vmt_rebuild_inherited(struct vmt_state *state)
{
	vmt_merge_rules_forget(&state->space); /* fork has changed hidden attributes */
	vmt_account_everything(state);
	for (unsigned i = 0; i < state->own.count; i++) {
		struct vmt_map *map = vmt_space_at(&state->space, state->own.range[i].start);
		struct vmt_vma vma;

		if (!map)
			continue;
		vma = map->vma;
		vma.flags |= VMT_MAP_OWN;
		vmt_space_update(&state->space, map, &vma, VMT_SITE_STARTUP, VMT_SITE_STARTUP, 0);
	}
	recount_live(state);
}

/* The owners of maps are taken from the published ranges, each of which is consistent. */
static void rebuild_space(struct vmt_state *state)
{
	const struct vmt_rec_section *section = &state->counters.section[VMT_SECTION_RANGES];
	unsigned char *base = state->recording.base;

	vmt_account_reset(state);
	state->space.ops = NULL; /* the published ranges are read here, so do not change them */
	for (uint64_t slot = 0; base && slot < section->used; slot++) {
		const struct vmt_rec_range *range =
			(const void *)(base + section->offset + slot * section->size);

		if (!(range->seq & 1) && (range->flags & VMT_MAP_USED) &&
		    range->put_by < state->sites.count && range->mapped_by < state->sites.count)
			read_back(state, range);
	}
	state->space.ops = &state->space_ops;
	if (!base) {
		vmt_account_start(state);
		return;
	}
	vmt_publish_reset_ranges(state);
	for (struct vmt_map *map = vmt_space_first(&state->space); map; map = vmt_space_next(map))
		vmt_publish_range(state, map);
}

/* A call was lost half-way: make the counts of the sites add up to the number of maps. */
static void balance(struct vmt_state *state)
{
	struct vmt_counts missing = { 0 };
	int64_t net = (int64_t)(state->counters.maps_now - state->counters.maps_start);

	for (uint32_t id = 0; id < state->sites.count; id++) {
		const struct vmt_rec_counters *had = &state->sites.by_id[id]->counters;

		net -= (int64_t)(had->created + had->split - had->merged - had->removed);
	}
	if (net > 0)
		missing.created = (uint64_t)net;
	else
		missing.removed = (uint64_t)-net;
	vmt_account_balance(state, &missing);
}

void vmt_rebuild(struct vmt_state *state)
{
	uint32_t dirty = atomic_load_explicit(&state->dirty, memory_order_relaxed);
	uint64_t changed;

	vmt_recording_doing(state, VMT_DOING_MAPS);
	vmt_file_id_forget(state); /* it belonged to the call that was lost */
	state->process.is_forking = false; /* a handler has jumped out of it */
	if (dirty == VMT_DIRTY_SITES)
		vmt_callsites_reindex(&state->sites);
	if (dirty == VMT_DIRTY_SPACE) {
		rebuild_space(state);
		recount_live(state);
	}
	vmt_state_set_dirty(state, VMT_DIRTY_NOT);
	changed = vmt_account_everything(state);
	if (changed || dirty != VMT_DIRTY_NOT)
		state->counters.relearned++;
	balance(state);
	vmt_publish_header(state);
}
