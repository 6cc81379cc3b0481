/* SPDX-License-Identifier: MIT */
/*
 * Seccomp filters that the program installs. Before such a call is made, calls of our own that are
 * in progress are waited for; afterwards, only calls that the filter lets through are made.
 */
#ifndef VMT_INSTALL_H
#define VMT_INSTALL_H

#include "state/state.h"

/* Does this call install a filter, or enter strict mode? */
bool vmt_install_is(long nr, const long args[6]);

/* Make the call. locks: take the table's lock meanwhile, so that no thread is applying a call. */
long vmt_install_filter(struct vmt_state *state, long nr, const long args[6], bool locks);

#endif
