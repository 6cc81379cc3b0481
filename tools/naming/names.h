/* SPDX-License-Identifier: MIT */
/* Names for the frames of a recording: the bridge from the view to the symbols. */
#ifndef VMT_NAMES_H
#define VMT_NAMES_H

#include "core/recording/view.h"
#include "core/report/report.h"
#include "symbols/symbols.h"

struct vmt_function_names {
	struct vmt_symbols *symbols;
	const struct vmt_view *view;
	bool is_verbose; /* whole paths of files */
};

/*
 * Name frame `index`: where the call is, that is the byte before the return address. The innermost
 * function that was inlined there; what it was inlined into hangs on it.
 */
bool vmt_names_find(struct vmt_symbols *symbols, const struct vmt_view *view, uint64_t index,
		    struct vmt_symbol *ret_symbol);

/*
 * The function that a frame of a site's called and that is not on the stack, because it ended in a
 * jump to what is there instead. What it jumped to before that is not known.
 */
bool vmt_names_find_tail(const struct vmt_function_names *names, const struct vmt_rec_site *site,
			 uint64_t index, struct vmt_symbol *ret_symbol);

/* One of the functions that a frame of a site's stands for; false if it has no such level. */
bool vmt_names_find_spot(const struct vmt_function_names *names, const struct vmt_rec_site *site,
			 struct vmt_report_spot spot, struct vmt_symbol *ret_symbol);

/* The same for the core; context is the struct vmt_function_names. */
vmt_report_resolve vmt_names_resolve;

#endif
