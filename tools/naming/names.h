/* SPDX-License-Identifier: MIT */
/* Names for the frames of a recording: connects the view with the symbols. */
#ifndef VMT_NAMES_H
#define VMT_NAMES_H

#include "core/recording/view.h"
#include "core/report/report.h"
#include "symbols/symbols.h"

struct vmt_names {
	struct vmt_symbols *symbols;
	const struct vmt_view *view;
	bool is_verbose; /* print whole paths of files */
};

/*
 * Name frame `index` by the call, which is at the byte before the return address. The result is the
 * innermost function inlined there; its callers are linked to it.
 */
bool vmt_names_find(struct vmt_symbols *symbols, const struct vmt_view *view, uint64_t index,
		    struct vmt_symbol *ret_symbol);

/* Does the file of frame `index` have a full symbol table, so that no other copy names the frame? */
bool vmt_names_is_whole(struct vmt_symbols *symbols, const struct vmt_view *view, uint64_t index);

/*
 * Find a function that is not on the stack because it ended in a jump: level 0 is the last one that is
 * known, the highest level the one that the frame of a site called. Of the project's own functions
 * only that one is told, and what a frame of the C library called is not.
 */
bool vmt_names_find_tail(const struct vmt_names *names, const struct vmt_rec_site *site,
			 uint64_t index, uint32_t level, struct vmt_symbol *ret_symbol);

/* Find one of the functions that a frame of a site stands for; false if there is no such level. */
bool vmt_names_find_spot(const struct vmt_names *names, const struct vmt_rec_site *site,
			 struct vmt_report_spot spot, struct vmt_symbol *ret_symbol);

/* Likewise as a callback for the core's report; context is the struct vmt_names. */
vmt_report_resolve vmt_names_resolve;

#endif
