/* SPDX-License-Identifier: MIT */
/* Names for the frames of a recording: the bridge from the view to the symbols. */
#ifndef VMT_NAMES_H
#define VMT_NAMES_H

#include "core/recording/view.h"
#include "symbols/symbols.h"

/* Name frame `index`: where the call is, that is the byte before the return address. */
bool vmt_names_find(struct vmt_symbols *symbols, const struct vmt_view *view, uint64_t index,
		    struct vmt_symbol *ret_symbol);

#endif
