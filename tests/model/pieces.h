/* SPDX-License-Identifier: MIT */
/* A second opinion on what a call did; model.c compares it with the core's after every call. */
#ifndef PIECES_H
#define PIECES_H

#include "model.h"

/*
 * Count created, split, merged and removed from the maps before and after a finished call; nothing
 * may happen between the readings and the call. Returns false if a page came from nowhere.
 */
bool pieces_count(const struct text *before, const struct text *after, const struct vmt_done *done,
		  struct vmt_counts *ret_counts);

#endif
