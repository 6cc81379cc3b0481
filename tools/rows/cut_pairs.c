/* SPDX-License-Identifier: MIT */
/*
 * Counts live maps by pairs of owners. The start-up site and the unseen site are partners like any
 * other. Prints nothing; used by the rows of the report. See cut_pairs.h.
 */
#include "core/base/line.h"
#include "core/report/report.h"
#include "naming/place.h"
#include "rows/cut_pairs.h"
#include "rows/rowkey.h"
#include "util/must.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define WORTH_A_WORD 16u /* maps; fewer are not mentioned */

struct pair {
	struct {
		uint32_t mapped_by;
		uint32_t put_by;
	} key;
	uint64_t maps;
	UT_hash_handle hh;
};

static uint32_t owner(uint32_t site, uint64_t sites)
{
	return site < sites ? site : VMT_SITE_UNSEEN;
}

static void count_pair(struct pair **pairs, uint32_t mapped_by, uint32_t put_by)
{
	struct pair wanted = { .key = { mapped_by, put_by } };
	struct pair *pair = NULL;

	HASH_FIND(hh, *pairs, &wanted.key, sizeof(wanted.key), pair);
	if (!pair) {
		pair = vmt_must_alloc(1, sizeof(*pair));
		pair->key = wanted.key;
		HASH_ADD(hh, *pairs, key, sizeof(pair->key), pair);
	}
	pair->maps++;
}

static int by_cuts(const void *a, const void *b)
{
	const struct vmt_cut *one = a;
	const struct vmt_cut *two = b;

	if (one->maps != two->maps)
		return one->maps < two->maps ? 1 : -1;
	if (one->put_by != two->put_by)
		return one->put_by < two->put_by ? -1 : 1;
	return (one->mapped_by > two->mapped_by) - (one->mapped_by < two->mapped_by);
}

static void take_pairs(struct vmt_cut_pairs *cuts, struct pair *pairs)
{
	struct pair *pair;
	struct pair *next;

	cuts->item = vmt_must_alloc(HASH_COUNT(pairs), sizeof(*cuts->item));
	HASH_ITER(hh, pairs, pair, next)
	{
		HASH_DEL(pairs, pair);
		cuts->item[cuts->count++] =
			(struct vmt_cut){ pair->key.mapped_by, pair->key.put_by, pair->maps };
		free(pair);
	}
	qsort(cuts->item, cuts->count, sizeof(*cuts->item), by_cuts);
}

static uint64_t place_key(const struct vmt_cut_pairs *cuts, uint32_t index)
{
	struct vmt_rec_frame frame = { .module = VMT_NO_INDEX };
	struct vmt_rec_site site;

	if (vmt_view_site(cuts->view, index, &site))
		vmt_view_frame(cuts->view, vmt_report_user_frame(cuts->view, &site), &frame);
	return (uint64_t)frame.module << 40 ^ frame.offset;
}

/* The pairs are sorted, so the first pair of a site has its most frequent partner. */
static void find_partners(struct vmt_cut_pairs *cuts)
{
	cuts->cutter = vmt_must_alloc(cuts->sites + 2, sizeof(*cuts->cutter));
	cuts->victim = vmt_must_alloc(cuts->sites + 2, sizeof(*cuts->victim));
	for (uint32_t i = 0; i < cuts->count && cuts->item[i].maps >= WORTH_A_WORD; i++) {
		const struct vmt_cut *cut = &cuts->item[i];

		if (!cuts->cutter[cut->mapped_by])
			cuts->cutter[cut->mapped_by] = i + 1;
		if (!cuts->victim[cut->put_by] &&
		    place_key(cuts, cut->mapped_by) != place_key(cuts, cut->put_by))
			cuts->victim[cut->put_by] = i + 1;
	}
}

void vmt_cut_pairs_read(struct vmt_cut_pairs *ret_cuts, const struct vmt_view *view)
{
	uint64_t ranges = vmt_view_count(view, VMT_SECTION_RANGES);
	struct pair *pairs = NULL;
	struct vmt_rec_range range;

	*ret_cuts = (struct vmt_cut_pairs){ .view = view,
					    .sites = vmt_view_count(view, VMT_SECTION_SITES) };
	ret_cuts->mapped = vmt_must_alloc(ret_cuts->sites + 2, sizeof(uint64_t));
	for (uint64_t i = 0; i < ranges; i++) {
		if (!vmt_view_range(view, i, &range) || range.flags & VMT_MAP_OWN)
			continue;
		range.mapped_by = owner(range.mapped_by, ret_cuts->sites);
		range.put_by = owner(range.put_by, ret_cuts->sites);
		ret_cuts->mapped[range.mapped_by]++;
		if (range.mapped_by != range.put_by)
			count_pair(&pairs, range.mapped_by, range.put_by);
	}
	take_pairs(ret_cuts, pairs);
	find_partners(ret_cuts);
}

void vmt_cut_pairs_free(struct vmt_cut_pairs *cuts)
{
	free(cuts->item);
	free(cuts->mapped);
	free(cuts->cutter);
	free(cuts->victim);
}

uint64_t vmt_cut_pairs_mapped(const struct vmt_cut_pairs *cuts, uint64_t site)
{
	return site < cuts->sites ? cuts->mapped[site] : 0;
}

/* "libpool.so+0x1234", as the table and the stacks write it; NULL if it is not known. */
static char *address_of(const struct vmt_view *view, uint64_t index)
{
	struct vmt_rec_frame frame;
	char *module;
	char *text;

	if (!vmt_view_frame(view, index, &frame))
		return NULL;
	module = vmt_rowkey_module(view, index);
	text = vmt_must_format("%s+0x%llx", module, (unsigned long long)frame.offset);
	free(module);
	return text;
}

static char *place_of_pair(const struct vmt_cut_pairs *cuts, uint32_t index,
			   struct vmt_symbols *symbols)
{
	struct vmt_place place;
	struct vmt_rec_site site;
	const char *name;
	char *where = NULL;
	char *text;

	if (index == VMT_SITE_STARTUP)
		return vmt_must_copy("start-up");
	if (index == VMT_SITE_UNSEEN || !vmt_view_site(cuts->view, index, &site))
		return vmt_must_copy("a call unseen");
	name = vmt_calls_name(site.call);
	if (vmt_place_find(symbols, cuts->view, &site, &place)) {
		where = vmt_place_text_short(&place, place.symbol.short_file);
		where = where ? where : address_of(cuts->view, place.spot.frame);
	}
	if (!where)
		return vmt_must_format("%s of unknown stack", name);
	text = vmt_must_format("%s in %s", name, where);
	free(where);
	return text;
}

char *vmt_cut_pairs_describe(const struct vmt_cut_pairs *cuts, uint64_t site, bool from_mapper,
			     struct vmt_symbols *symbols)
{
	uint32_t partner = site >= cuts->sites ? 0 :
			   from_mapper         ? cuts->cutter[site] :
						 cuts->victim[site];
	const struct vmt_cut *cut;
	char number[32];
	struct vmt_line maps = vmt_line_in(number, sizeof(number));
	char *place;
	char *text;

	if (!partner)
		return NULL;
	cut = &cuts->item[partner - 1];
	place = place_of_pair(cuts, from_mapper ? cut->put_by : cut->mapped_by, symbols);
	vmt_line_add_grouped(&maps, cut->maps);
	text = from_mapper ? vmt_must_format("%s of them cut by %s", number, place) :
			     vmt_must_format("cuts what %s mapped", place);
	free(place);
	return text;
}
