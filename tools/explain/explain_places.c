/* SPDX-License-Identifier: MIT */
/*
 * Groups call sites of a recording by their place: the same system call from the same instruction
 * in the project's own code, however that was reached. A line may be reached in a hundred ways,
 * none of which made much, so what sites made is added up by place. Part of explain.h and
 * explain_record.h.
 */
#include "explain/explain_record.h"
#include "naming/place.h"

#include <stdlib.h>
#include <string.h>

struct key {
	uint64_t offset;
	uint32_t module;
	uint32_t level; /* level of the function among those inlined there */
	uint32_t call;
	uint32_t site;
};

static int by_place(const void *a, const void *b)
{
	const struct key *one = a, *two = b;

	if (one->module != two->module)
		return one->module < two->module ? -1 : 1;
	if (one->offset != two->offset)
		return one->offset < two->offset ? -1 : 1;
	if (one->level != two->level)
		return one->level < two->level ? -1 : 1;
	return (one->call > two->call) - (one->call < two->call);
}

static int by_place_and_site(const void *a, const void *b)
{
	const struct key *one = a, *two = b;
	int order = by_place(a, b);

	return order ? order : (one->site > two->site) - (one->site < two->site);
}

/* A script's function is compiled several times, to as many addresses: its text is its place. */
static uint64_t script_key(struct vmt_symbols *symbols, const struct vmt_place *place)
{
	char *text = vmt_place_text(place, place->symbol.file);
	const char *kept = text ? vmt_symbols_text(symbols, text, strlen(text)) : NULL;

	free(text);
	return (uintptr_t)kept;
}

static bool read_key(const struct vmt_view *view, struct vmt_symbols *symbols, uint32_t index,
		     struct key *ret_key)
{
	struct vmt_rec_frame frame;
	struct vmt_rec_site site;
	struct vmt_place place;

	if (!vmt_view_site(view, index, &site))
		return false;
	if (!vmt_place_find(symbols, view, &site, &place) ||
	    !vmt_view_frame(view, place.spot.frame, &frame))
		return false;
	if (place.symbol.is_script)
		frame.offset = script_key(symbols, &place);
	*ret_key = (struct key){ frame.offset, frame.module, place.spot.level, site.call, index };
	return true;
}

uint32_t *vmt_explain_places(const struct vmt_view *view, struct vmt_symbols *symbols,
			     uint32_t sites)
{
	uint32_t *place = calloc((size_t)sites + 1, sizeof(*place));
	struct key *key = calloc((size_t)sites + 1, sizeof(*key));
	size_t n = 0, first = 0;

	for (uint32_t i = 0; place && key && i < sites; i++) {
		place[i] = i;
		n += i >= VMT_SITE_FIRST && read_key(view, symbols, i, &key[n]);
	}
	if (n)
		qsort(key, n, sizeof(*key), by_place_and_site);
	for (size_t i = 1; i < n; i++) {
		first = by_place(&key[first], &key[i]) ? i : first;
		place[key[i].site] = key[first].site;
	}
	if (!key) {
		free(place);
		place = NULL;
	}
	free(key);
	return place;
}

bool vmt_explain_is_one_function(const struct vmt_explain_record *record, uint32_t a, uint32_t b)
{
	struct vmt_rec_site site;
	struct vmt_place one, two;

	return vmt_view_site(record->view, a, &site) &&
	       vmt_place_find(record->symbols, record->view, &site, &one) &&
	       vmt_view_site(record->view, b, &site) &&
	       vmt_place_find(record->symbols, record->view, &site, &two) && one.symbol.function &&
	       two.symbol.function && !strcmp(one.symbol.function, two.symbol.function);
}

struct line {
	char *text;
	uint32_t site;
};

static int by_text(const void *a, const void *b)
{
	const struct line *one = a, *two = b;
	int order = strcmp(one->text, two->text);

	return order ? order : (one->site > two->site) - (one->site < two->site);
}

/* Only sites with a known line; others are told apart by their address. */
static size_t read_lines(struct vmt_explain_record *record, struct line *line, uint32_t sites)
{
	char text[256];
	size_t n = 0;

	for (uint32_t i = VMT_SITE_FIRST; i < sites; i++) {
		if (record->place[i] != i ||
		    !vmt_explain_record_line(record, i, text, sizeof(text)))
			continue;
		line[n].text = strdup(text);
		line[n].site = i;
		n += line[n].text != NULL;
	}
	return n;
}

void vmt_explain_places_by_line(struct vmt_explain_record *record, uint32_t sites)
{
	struct line *line = calloc((size_t)sites + 1, sizeof(*line));
	size_t n = line && record->place ? read_lines(record, line, sites) : 0, first = 0;

	if (n)
		qsort(line, n, sizeof(*line), by_text);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(line[first].text, line[i].text))
			first = i;
		record->place[line[i].site] = line[first].site;
	}
	for (uint32_t i = VMT_SITE_FIRST; n && i < sites; i++)
		record->place[i] = record->place[record->place[i]];
	for (size_t i = 0; i < n; i++)
		free(line[i].text);
	free(line);
}

static uint32_t place_of(const struct vmt_explain_facts *facts, uint32_t site)
{
	return facts->place && facts->place[site] < facts->sites ? facts->place[site] : site;
}

static uint32_t greatest(const uint64_t *numbers, uint32_t count)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < count; i++)
		best = numbers[i] > numbers[best] ? i : best;
	return best;
}

struct vmt_explain_share vmt_explain_share_of(const uint64_t *by_site,
					      const struct vmt_explain_facts *facts)
{
	struct vmt_explain_share share = { .site = VMT_NO_INDEX };
	uint64_t *by_place = by_site ? calloc(facts->sites, sizeof(*by_place)) : NULL;
	uint32_t best;

	if (!by_place)
		return share;
	for (uint32_t i = 0; i < facts->sites; i++) {
		by_place[place_of(facts, i)] += by_site[i];
		share.all += by_site[i];
	}
	best = greatest(by_place, facts->sites);
	share.part = by_place[best];
	for (uint32_t i = 0; share.part && i < facts->sites; i++) {
		if (place_of(facts, i) == best &&
		    (share.site == VMT_NO_INDEX || by_site[i] > by_site[share.site]))
			share.site = i;
	}
	free(by_place);
	return share;
}

uint64_t *vmt_explain_by_site(const struct vmt_explain_facts *facts)
{
	return facts->sites ? calloc(facts->sites, sizeof(uint64_t)) : NULL;
}

void vmt_explain_count_site(uint64_t *by_site, const struct vmt_explain_facts *facts, uint32_t site,
			    uint64_t n)
{
	if (by_site && site < facts->sites)
		by_site[site] += n;
}

uint8_t vmt_explain_call_of(const struct vmt_explain_map *map, size_t count, uint32_t site)
{
	for (size_t i = 0; i < count; i++) {
		if (map[i].put_by == site)
			return map[i].put_call;
	}
	return VMT_CALL_NONE;
}
