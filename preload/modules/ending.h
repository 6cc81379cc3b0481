/* SPDX-License-Identifier: MIT */
/*
 * Notices that the program ends: exit handlers of libc, or what runtimes of languages call before they
 * exit, give back what the program kept. The recording says what each call site had before that.
 */
#ifndef VMT_ENDING_H
#define VMT_ENDING_H

#include "state/state.h"

/* Find the functions among the modules that are loaded now. By the constructor, with a table. */
void vmt_ending_find(struct vmt_state *state);

/*
 * Of a site that is new, before its first call is counted: if one of the functions is on its stack, it is
 * one of the end (VMT_SITE_OF_END). Under the lock.
 */
void vmt_ending_look(struct vmt_state *state, struct vmt_site *site,
		     const struct vmt_rec_frame *frames);

/*
 * Of each call of such a site, and of each call after the end seemed to begin, before it is counted: at a
 * call of such a site the end has begun, unless it had before. If the program has gone on in between, as
 * a host does that ends one of its interpreters, or perl that ends a thread's, this is another end. Under
 * the lock.
 */
void vmt_ending_call(struct vmt_state *state, const struct vmt_site *site);

/*
 * When end_monotonic is known: was it the end? If the program has gone on to map more since, as a host does that ends one of
 * its interpreters, nothing is said of it.
 */
void vmt_ending_judge(struct vmt_state *state);

#endif
