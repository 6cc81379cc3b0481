/* SPDX-License-Identifier: MIT */
/*
 * Objects that are given back only in part, and who gives back the others: what the lines "leak" and
 * "kept" of the report, and "leak" in JSON, say. For recordings only.
 */
#ifndef VMT_LEAK_H
#define VMT_LEAK_H

#include "core/trend/trend.h"
#include "explain/explain_record.h"

#define VMT_LEAK_REMOVERS 2u

struct vmt_leak {
	bool is_leak; /* otherwise, they are kept at the end of a short run, and may be in use */
	uint32_t site; /* the call site that made most of them */
	uint64_t made; /* maps, by all sites of its place that count */
	uint64_t left; /* how many of them are not given back */
	bool is_clear; /* the curves of these sites rise steadily, and not below waves */
	bool is_unsure; /* their maps merged with others': more of them may have been given back */
	uint64_t torn_down; /* as below: it gave them back only because it ended; else 0 */
	bool *is_of; /* for each site: does it count? Free it with vmt_leak_free(). */
	uint32_t remover[VMT_LEAK_REMOVERS]; /* who gave back the others… */
	unsigned removers; /* …as far as that is certain */
};

/*
 * Returns false if there is nothing to tell, or no memory: the maps of no place grow steadily, or
 * were kept at the end of a short run, or make up enough of the growth. now: CLOCK_MONOTONIC for a
 * process that still runs, or 0. torn_down: maps that the process gave back because it ended.
 */
bool vmt_leak_find(const struct vmt_explain_record *record, uint64_t now, uint64_t torn_down,
		   struct vmt_leak *ret_leak);
void vmt_leak_free(struct vmt_leak *leak);

/*
 * Returns an array that tells of each call site whether its maps grow by other objects alone, from
 * which it cut objects of its own. The caller frees it; NULL without memory.
 */
bool *vmt_leak_others(const struct vmt_explain_record *record, uint64_t now);

/* The call sites whose maps a leak may be of, by the curves of their own: a step of the above. */
struct vmt_leak_sites {
	bool *is_of; /* for each site: may its maps be those of the leak? */
	enum vmt_trend trend; /* of the process */
	/*
	 * The sites leak by their own curves, and are the leak of the process if that has one.
	 * Otherwise all sites are taken that are not known to do something else.
	 */
	bool by_curves;
	bool is_clear; /* most of what leaks by curves does so steadily, and not below waves */
};

/*
 * Only for a process that has grown. Returns false without memory; free ret_sites->is_of
 * otherwise.
 */
bool vmt_leak_sites(const struct vmt_explain_record *record, uint64_t now, uint64_t torn_down,
		    struct vmt_leak_sites *ret_sites);

#endif
