/* SPDX-License-Identifier: MIT */
/*
 * The maps of the peak are gone, but the recording says how many each call site held then. Sites of
 * one line of the program are added up. See cause_peak.h.
 */
#include "core/base/printable.h"
#include "explain/explain_owner.h"
#include "report/cause_peak.h"
#include "report/cause_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define NAMED 2u /* this many places are named */

struct place {
	char name[256];
	uint32_t site; /* one of its sites */
	enum vmt_hint hint;
	/* the library that malloc is of; "" = libc, the program, or not malloc */
	char allocator[48];
	bool is_free; /* a call of free, in libc */
	uint32_t call;
	uint32_t asked; /* see struct vmt_rec_site */
	uint64_t calls;
	uint64_t maps;
};

struct places {
	struct place *place;
	size_t count;
};

bool vmt_cause_peak_is_over(const struct vmt_view *view)
{
	const struct vmt_rec_header *header = &view->header;
	uint64_t rise = header->maps_peak - header->maps_start;

	return header->maps_peak > header->maps_start && rise >= VMT_EXPLAIN_LEAST &&
	       vmt_view_maps_now(view) < header->maps_start + rise / 2;
}

/* is_main: a place of this name may be new; otherwise it only adds to one that there is. */
static void add_place(struct places *places, const struct place *place, bool is_main)
{
	for (size_t i = 0; i < places->count; i++) {
		if (places->place[i].hint == place->hint &&
		    !strcmp(places->place[i].name, place->name)) {
			places->place[i].maps += place->maps;
			places->place[i].calls += place->calls;
			return;
		}
	}
	if (is_main)
		places->place[places->count++] = *place;
}

/* Is it a library of an allocator? That of libc goes without saying. */
static void name_allocator(struct place *place, struct vmt_view_string module)
{
	bool is_library = module.length > 3 && !memcmp(module.bytes, "lib", 3) &&
			  (module.length < 5 || memcmp(module.bytes, "libc.", 5) != 0);

	*place->allocator = '\0';
	if (place->hint != VMT_HINT_ALLOCATOR || !is_library)
		return;
	snprintf(place->allocator, sizeof(place->allocator), "%.*s", (int)module.length,
		 module.bytes);
	vmt_printable(place->allocator, strlen(place->allocator));
}

static int by_maps(const void *a, const void *b)
{
	const struct place *one = a, *two = b;

	if (one->maps != two->maps)
		return one->maps > two->maps ? -1 : 1;
	return strcmp(one->name, two->name);
}

static void add_sites(struct vmt_explain_record *record, struct places *places,
		      const struct vmt_view_totals *totals, uint64_t sites, bool are_main)
{
	uint64_t rise = record->view->header.maps_peak - record->view->header.maps_start;
	struct vmt_explain_owner owner;
	struct vmt_rec_site site;
	struct place place;

	for (uint64_t i = VMT_SITE_FIRST; i < sites; i++) {
		if (!vmt_view_site(record->view, i, &site))
			continue;
		place.maps = vmt_view_live_at_peak(record->view, &site, totals[i].live);
		if (!place.maps || (place.maps >= rise / 50 + 1) != are_main)
			continue;
		place.site = (uint32_t)i;
		place.call = site.call;
		place.asked = site.asked;
		place.calls = site.counters.calls;
		owner = vmt_explain_owner(record->view, &site, record->symbols);
		place.hint = owner.hint;
		place.is_free = vmt_explain_is_libcs_free(record->view, &site, record->symbols);
		name_allocator(&place, owner.module);
		vmt_explain_record_site(record, (uint32_t)i, place.name, sizeof(place.name));
		add_place(places, &place, are_main);
	}
}

/*
 * Collect the places with a share worth mentioning. Small sites of such a place count as well, as
 * they do in the table's rows.
 */
static void gather(struct vmt_explain_record *record, struct places *places,
		   const struct vmt_view_totals *totals, uint64_t sites)
{
	add_sites(record, places, totals, sites, true);
	if (!places->count)
		return;
	add_sites(record, places, totals, sites, false);
	qsort(places->place, places->count, sizeof(*places->place), by_maps);
}

/* munmap makes a map only where it leaves a hole in one, or cuts off its end. */
static const char *word_of(const struct place *place)
{
	switch (place->hint) {
	case VMT_HINT_THREAD_STACK: return " (thread stacks)";
	case VMT_HINT_ALLOCATOR:
	case VMT_HINT_HEAP: return " (malloc)";
	case VMT_HINT_LIBRARY: return " (libraries)";
	default: return place->call == VMT_CALL_MUNMAP ? " (holes punched)" : "";
	}
}

static uint32_t protection_of(const struct place *place)
{
	return place->asked & VMT_ASKED_KNOWN ? place->asked & 0xff : PROT_WRITE;
}

/* The place to help with: where each map got a guard as well, one larger map would not be enough. */
static const struct place *to_help(const struct places *places)
{
	const struct place *first = &places->place[0];
	const struct place *guards = first + 1;

	return places->count > 1 && first->call == VMT_CALL_MMAP &&
			       guards->call == VMT_CALL_MPROTECT &&
			       protection_of(guards) == PROT_NONE &&
			       guards->maps >= first->maps / 4 * 3 ?
		       guards :
		       first;
}

/* What the maps were is gone with them, but not what a place asked for, again and again. */
static const char *help_for(const struct place *place, uint32_t tunables)
{
	uint32_t asked = protection_of(place);

	if (place->hint || place->calls <= VMT_CAUSE_ENOUGH)
		return NULL;
	switch (place->call) {
	case VMT_CALL_MUNMAP:
		return vmt_explain_holes_remedy(place->is_free ? "libc.so" : "", tunables);
	case VMT_CALL_MMAP: return "hold fewer at a time, or use parts of one larger map";
	case VMT_CALL_MADVISE: return "give the advice once, to the whole range";
	case VMT_CALL_MPROTECT:
		if (asked == PROT_NONE)
			return "hold fewer at a time; if these are guard pages, MADV_GUARD_INSTALL "
			       "(Linux 6.13) makes no map";
		if (asked == PROT_READ)
			return "hold fewer at a time, or keep what is read-only together and "
			       "protect it at once";
		return "hold fewer at a time, or keep together what has the same protection";
	default: return NULL;
	}
}

static void put_places(struct vmt_lines *lines, struct vmt_explain_record *record,
		       const struct places *places, const uint64_t *weight)
{
	struct vmt_number number, all;
	char text[1024], by[416];
	const char *help;
	size_t used = 0;

	for (size_t i = 0; i < NAMED && i < places->count; i++) {
		const struct place *place = &places->place[i];

		vmt_cause_put_site(by, sizeof(by), record, place->site, weight);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s by %.400s%s%s%s",
					 i ? ", " : "", vmt_lines_number(&number, place->maps), by,
					 *place->allocator ? " (malloc of " : word_of(place),
					 place->allocator, *place->allocator ? ")" : "");
	}
	vmt_lines_add(lines, 10, "  cause   of the %s maps at the peak: %s",
		      vmt_lines_number(&all, record->view->header.maps_peak), text);
	help = help_for(to_help(places), record->explain.facts.tunables);
	if (help)
		vmt_lines_add(lines, 10, "  help    %s", help);
}

static void put_places_of(struct vmt_lines *lines, struct vmt_explain_record *record,
			  const struct places *places, const struct vmt_view_totals *totals)
{
	uint32_t sites = record->explain.facts.sites;
	uint64_t *weight = calloc((size_t)sites + 1, sizeof(*weight));
	struct vmt_rec_site site;

	for (uint32_t i = VMT_SITE_FIRST; weight && i < sites; i++) {
		if (vmt_view_site(record->view, i, &site))
			weight[i] = vmt_view_live_at_peak(record->view, &site, totals[i].live);
	}
	put_places(lines, record, places, weight);
	free(weight);
}

bool vmt_cause_peak_lead(struct vmt_lines *lines, struct vmt_explain_record *record)
{
	uint64_t sites = vmt_view_count(record->view, VMT_SECTION_SITES);
	struct vmt_view_totals *totals;
	struct places places = { NULL, 0 };

	if (!vmt_cause_peak_is_over(record->view))
		return false;
	totals = calloc(sites + 2, sizeof(*totals));
	places.place = calloc(sites + 2, sizeof(*places.place));
	if (totals && places.place) {
		vmt_view_totals(record->view, totals, sites);
		gather(record, &places, totals, sites);
	}
	if (places.count)
		put_places_of(lines, record, &places, totals);
	free(places.place);
	free(totals);
	return places.count > 0;
}
