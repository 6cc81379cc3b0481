/* SPDX-License-Identifier: MIT */
/*
 * See allocators.h. A map belongs to an allocator if the call that put it there was made inside:
 * its stack says so. Counts come from the wrappers of malloc and its like, where they were asked.
 */
#include "allocators.h"
#include "explain_owner.h"
#include "json_parts.h"

#include <stdio.h>
#include <string.h>

#define FEW_MAPS 16u	/* of fewer the first screen need not speak */
#define LINES	 2u

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
		      const struct vmt_view_tally *tally, struct vmt_symbols *symbols)
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
		item->maps_live += tally[i].live;
		item->maps.calls += site.counters.calls;
		item->maps.failed += site.counters.failed;
		item->maps.created += site.counters.created;
		item->maps.split += site.counters.split;
		item->maps.merged += site.counters.merged;
		item->maps.removed += site.counters.removed;
	}
}

/* The one that malloc goes to is told even so: that nothing was allocated is known. */
static bool is_idle(const struct vmt_allocator *item, uint32_t told)
{
	return !item->counts.allocations && !item->counts.frees && !item->counts.resizes &&
	       !item->counts.inherited && !item->maps.calls && !item->maps_live &&
	       !(item->counts.flags & told);
}

static void drop_idle(struct vmt_allocators *allocators)
{
	uint32_t told = VMT_ALLOCATOR_NEXT;
	size_t kept = 0;

	for (size_t i = 0; i < allocators->count; i++) {
		if (allocators->item[i].counts.flags & VMT_ALLOCATOR_BEFORE)
			told = VMT_ALLOCATOR_BEFORE;
	}
	for (size_t i = 0; i < allocators->count; i++) {
		if (!is_idle(&allocators->item[i], told))
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

void vmt_allocators_read(const struct vmt_view *view, const struct vmt_view_tally *tally,
			 struct vmt_symbols *symbols, struct vmt_allocators *ret_allocators)
{
	memset(ret_allocators, 0, sizeof(*ret_allocators));
	if (!vmt_view_count(view, VMT_SECTION_ALLOCATORS))
		return;
	read_counts(ret_allocators, view);
	read_maps(ret_allocators, view, tally, symbols);
	drop_idle(ret_allocators);
	ret_allocators->has_cxx = has_cxx(view);
}

static const char *base_name(const struct vmt_allocator *item, int *ret_length)
{
	const char *slash = memrchr(item->path.bytes, '/', item->path.length);
	const char *base = slash ? slash + 1 : item->path.bytes;

	*ret_length = (int)(item->path.bytes + item->path.length - base);
	return base;
}

/* "2.00 maps each"; of few maps how many allocations share one. */
static const char *ratio(char *text, size_t size, const struct vmt_allocator *item)
{
	struct vmt_number number;

	text[0] = '\0';
	if (!item->live)
		return text;
	if (item->maps_live * 10 >= item->live)
		snprintf(text, size, ", %.2f maps each",
			 (double)item->maps_live / (double)item->live);
	else if (item->maps_live)
		snprintf(text, size, ", a map for %s of them",
			 vmt_number(&number, item->live / item->maps_live));
	return text;
}

static void put_line(struct vmt_lines *lines, const struct vmt_allocator *item, bool says_new)
{
	struct vmt_number live, all, maps;
	char each[64];
	int length;
	const char *base = base_name(item, &length);

	if (!item->is_counted) {
		vmt_lines_add(lines, 10, "  malloc  %.*s: its malloc comes before vmatrace's, so "
			      "allocations that it does not pass on are not counted; %s maps", length, base,
			      vmt_number(&maps, item->maps_live));
		return;
	}
	vmt_lines_add(lines, 10, "  malloc  %.*s: %s live of %s allocations in %s map%s%s%s", length,
		      base, vmt_number(&live, item->live),
		      vmt_number(&all, item->counts.inherited + item->counts.allocations),
		      vmt_number(&maps, item->maps_live), item->maps_live == 1 ? "" : "s",
		      ratio(each, sizeof(each), item),
		      says_new && item->counts.flags & VMT_ALLOCATOR_HAS_NEW ?
			      " (C++ new not counted)" : "");
}

void vmt_allocators_lines(struct vmt_lines *lines, const struct vmt_allocators *allocators,
			  bool verbose)
{
	const struct vmt_allocator *most = NULL;
	size_t before = lines->count;

	for (size_t i = 0; i < allocators->count; i++) {
		const struct vmt_allocator *item = &allocators->item[i];

		if (verbose)
			put_line(lines, item, allocators->has_cxx);
		if (!most || item->maps_live > most->maps_live)
			most = item;
	}
	if (verbose || !most || most->maps_live < FEW_MAPS)
		return;
	put_line(lines, most, allocators->has_cxx);
	if (lines->count > before + LINES)
		vmt_lines_cut(lines, before + LINES);
}

static void add_counts(json_t *object, const struct vmt_allocator *item)
{
	static const char *const keys[] = { "allocations", "frees", "resizes", "live", "bytes" };
	const uint64_t values[] = { item->counts.allocations, item->counts.frees,
				    item->counts.resizes, item->live, item->counts.bytes };

	/* Without these calls nothing is known, which is not the same as none. */
	for (size_t i = 0; i < VMT_COUNT(keys); i++) {
		if (item->is_counted)
			vmt_json_add_number(object, keys[i], values[i]);
		else
			json_object_set_new(object, keys[i], json_null());
	}
	if (item->is_counted && item->counts.inherited)
		vmt_json_add_number(object, "inherited", item->counts.inherited);
	json_object_set_new(object, "counts_new",
			    json_boolean(item->is_counted &&
					 !(item->counts.flags & VMT_ALLOCATOR_HAS_NEW)));
}

json_t *vmt_allocators_json(const struct vmt_allocators *allocators)
{
	json_t *array = json_array();

	for (size_t i = 0; i < allocators->count; i++) {
		const struct vmt_allocator *item = &allocators->item[i];
		json_t *object = json_object();
		json_t *maps = json_object();

		json_object_set_new(object, "module",
				    vmt_json_text(item->path.bytes, item->path.length));
		add_counts(object, item);
		vmt_json_add_number(object, "maps_live", item->maps_live);
		json_object_set_new(object, "maps_per_allocation",
				    item->live ? json_real((double)item->maps_live /
							   (double)item->live) : json_null());
		vmt_json_add_counters(maps, &item->maps);
		json_object_set_new(object, "maps", maps);
		json_array_append_new(array, object);
	}
	return array;
}
