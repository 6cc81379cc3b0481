/* SPDX-License-Identifier: MIT */
/* The allocators in the text report; see print_allocators.h. */
#include "report/print_allocators.h"

#include <stdio.h>
#include <string.h>

#define FEW_MAPS 16u /* the first screen does not mention fewer */
#define LINES    2u

static const char *base_name(const struct vmt_allocator *item, int *ret_length)
{
	const char *slash = memrchr(item->path.bytes, '/', item->path.length);
	const char *base = slash ? slash + 1 : item->path.bytes;

	*ret_length = (int)(item->path.bytes + item->path.length - base);
	return base;
}

/* "2.00 maps each"; if there are few maps, how many allocations share one. */
static const char *ratio(char *text, size_t size, const struct vmt_allocator *item)
{
	struct vmt_number number;

	text[0] = '\0';
	if (!item->live || item->maps.failed)
		return text;
	if (item->maps_live * 10 >= item->live)
		snprintf(text, size, ", %.2f maps each",
			 (double)item->maps_live / (double)item->live);
	else if (item->maps_live)
		snprintf(text, size, ", a map for %s of them",
			 vmt_lines_number(&number, item->live / item->maps_live));
	return text;
}

static void put_line(struct vmt_lines *lines, const struct vmt_allocator *item, bool says_new)
{
	struct vmt_number live, all, maps;
	char each[64];
	int length;
	const char *base = base_name(item, &length);

	if (!item->is_counted) {
		vmt_lines_add(lines, 10,
			      "  malloc  %.*s: its malloc comes before vmatrace's, so "
			      "allocations that it does not pass on are not counted; %s maps",
			      length, base, vmt_lines_number(&maps, item->maps_live));
		return;
	}
	vmt_lines_add(lines, 10, "  malloc  %.*s: %s live of %s allocations%s in %s map%s%s%s",
		      length, base, vmt_lines_number(&live, item->live),
		      vmt_lines_number(&all, item->counts.inherited + item->counts.allocations),
		      item->maps.failed ? " (those that failed included)" : "",
		      vmt_lines_number(&maps, item->maps_live), item->maps_live == 1 ? "" : "s",
		      ratio(each, sizeof(each), item),
		      says_new && item->counts.flags & VMT_ALLOCATOR_HAS_NEW ?
			      " (C++ new not counted)" :
			      "");
}

void vmt_print_allocators(struct vmt_lines *lines, const struct vmt_allocators *allocators,
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
