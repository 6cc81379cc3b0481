/* SPDX-License-Identifier: MIT */
/*
 * Who cut whose maps: live maps counted by the two call sites that own them, the site that mapped
 * the memory and the site that put a start into it.
 */
#ifndef VMT_CUT_PAIRS_H
#define VMT_CUT_PAIRS_H

#include "core/recording/view.h"
#include "symbols/symbols.h"

struct vmt_cut {
	uint32_t mapped_by;
	uint32_t put_by;
	uint64_t maps;
};

struct vmt_cut_pairs {
	const struct vmt_view *view;
	struct vmt_cut *item; /* sorted by the number of maps, most first */
	size_t count;
	uint64_t *mapped; /* live maps by the site that mapped them */
	/* for each site, 1 + the site that cut most of its maps; 0 = not worth mentioning */
	uint32_t *cutter;
	/* for each site, 1 + the site at another place whose maps it mostly cut; 0 likewise */
	uint32_t *victim;
	uint64_t sites;
};

void vmt_cut_pairs_read(struct vmt_cut_pairs *ret_cuts, const struct vmt_view *view);
void vmt_cut_pairs_free(struct vmt_cut_pairs *cuts);

/* Returns the live maps in memory that this site mapped, whoever cut it. */
uint64_t vmt_cut_pairs_mapped(const struct vmt_cut_pairs *cuts, uint64_t site);

/*
 * Returns a phrase about a site's most frequent partner, or NULL if none is worth mentioning: "cuts
 * what mmap in make_stack src/fiber.c:38 mapped"; with from_mapper the other way round, "32,652 of
 * them cut by mprotect in …". The caller frees it.
 */
char *vmt_cut_pairs_describe(const struct vmt_cut_pairs *cuts, uint64_t site, bool from_mapper,
			     struct vmt_symbols *symbols);

#endif
