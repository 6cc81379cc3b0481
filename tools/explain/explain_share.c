/* SPDX-License-Identifier: MIT */
/*
 * Whose calls made most of something. Call sites are added up by their place in the program, since
 * a line may be reached in a hundred ways, none of which made much. Pure except for malloc; part of
 * explain.h.
 */
#include "explain/explain.h"

#include <stdlib.h>

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
