/* SPDX-License-Identifier: MIT */
/*
 * A map belongs to an allocator if the call that put it there was made inside the allocator, as its
 * stack shows. Counts come from the wrappers of malloc and the like, if these were called. See
 * allocators.h.
 */
#include "explain/allocators.h"
#include "explain/explain_owner.h"

#include <string.h>

static struct vmt_allocator *allocator_of(struct vmt_allocators *allocators,
					  const struct vmt_view *view, uint32_t index)
{
	struct vmt_allocator *item = allocators->item;
	struct vmt_rec_module module;

	for (size_t i = 0; i < allocators->count; i++, item++) {
		if (item->module == index)
			return item;
	}
	if (allocators->count == VMT_ALLOCATORS_SHOWN || !vmt_view_module(view, index, &module))
		return NULL;
	allocators->count++;
	*item = (struct vmt_allocator){ .module = index,
					.path = vmt_view_string(view, module.path) };
	return item;
}

static void read_counts(struct vmt_allocators *allocators, const struct vmt_view *view)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_ALLOCATORS);
	struct vmt_rec_allocator counts;
	struct vmt_allocator *item;

	for (uint64_t i = 0; i < count; i++) {
		if (!vmt_view_allocator(view, i, &counts))
			continue;
		item = allocator_of(allocators, view, counts.module);
		if (!item)
			continue;
		item->counts = counts;
		item->is_counted = !(counts.flags & VMT_ALLOCATOR_BEFORE);
		if (counts.inherited + counts.allocations > counts.frees)
			item->live = counts.inherited + counts.allocations - counts.frees;
	}
}

static void read_maps(struct vmt_allocators *allocators, const struct vmt_view *view,
		      const struct vmt_view_totals *totals, struct vmt_symbols *symbols)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_SITES);
	struct vmt_allocator *item;
	struct vmt_rec_site site;
	uint32_t module;

	for (uint64_t i = VMT_SITE_FIRST; i < count; i++) {
		if (!vmt_view_site(view, i, &site))
			continue;
		module = vmt_explain_allocator(view, &site, symbols);
		item = module == VMT_NO_INDEX ? NULL : allocator_of(allocators, view, module);
		if (!item)
			continue;
		item->maps_live += totals[i].live;
		item->maps_at_peak += vmt_view_live_at_peak(view, &site, totals[i].live);
		vmt_view_add(&item->maps, &site.counters);
	}
}

/*
 * The allocator that malloc goes to is listed even if it is idle: it is known that nothing was
 * allocated. listed: the flag of that allocator.
 */
static bool is_idle(const struct vmt_allocator *item, uint32_t listed)
{
	return !item->counts.allocations && !item->counts.frees && !item->counts.resizes &&
	       !item->counts.inherited && !item->maps.calls && !item->maps_live &&
	       !(item->counts.flags & listed);
}

static void drop_idle(struct vmt_allocators *allocators)
{
	uint32_t listed = VMT_ALLOCATOR_NEXT;
	size_t kept = 0;

	for (size_t i = 0; i < allocators->count; i++) {
		if (allocators->item[i].counts.flags & VMT_ALLOCATOR_BEFORE)
			listed = VMT_ALLOCATOR_BEFORE;
	}
	for (size_t i = 0; i < allocators->count; i++) {
		if (!is_idle(&allocators->item[i], listed))
			allocators->item[kept++] = allocators->item[i];
	}
	allocators->count = kept;
}

static bool has_cxx(const struct vmt_view *view)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_MODULES);
	struct vmt_rec_module module;
	struct vmt_view_string path;

	for (uint64_t i = 0; i < count; i++) {
		if (!vmt_view_module(view, i, &module))
			continue;
		path = vmt_view_string(view, module.path);
		if (memmem(path.bytes, path.length, "/libstdc++", 10) ||
		    memmem(path.bytes, path.length, "/libc++", 7))
			return true;
	}
	return false;
}

void vmt_allocators_read(const struct vmt_view *view, const struct vmt_view_totals *totals,
			 struct vmt_symbols *symbols, struct vmt_allocators *ret_allocators)
{
	memset(ret_allocators, 0, sizeof(*ret_allocators));
	if (!vmt_view_count(view, VMT_SECTION_ALLOCATORS))
		return;
	read_counts(ret_allocators, view);
	read_maps(ret_allocators, view, totals, symbols);
	drop_idle(ret_allocators);
	ret_allocators->has_cxx = has_cxx(view);
}
