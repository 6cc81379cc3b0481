/* SPDX-License-Identifier: MIT */
/*
 * Seccomp filters that the program installs: before such a call is made those of ours that are
 * under way are waited for, and afterwards none is made that the filter does not let through.
 */
#ifndef VMT_INSTALL_H
#define VMT_INSTALL_H

#include "state/state.h"

/* Is it a call that installs a filter, or strict mode? */
bool vmt_install_is(long nr, const long args[6]);

/* Make it. locks: the table's lock is taken meanwhile, so that nobody is learning a call. */
long vmt_install_filter(struct vmt_state *state, long nr, const long args[6], bool locks);

#endif
