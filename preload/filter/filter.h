/* SPDX-License-Identifier: MIT */
/*
 * Which system calls of our own may be made. A seccomp filter can kill the program for a call that
 * it does not make itself; so each of ours, and there are some fifty kinds, is let through here
 * (see vmt_filter_own6 in sys.h) only if it is known that nobody is killed for it. What is not let
 * through is refused as the kernel would, with -EPERM, and the library does without it.
 *
 * Until the constructor has looked, and under an inherited filter that nothing is known of, only
 * what ld.so and libc's start have done themselves is let through. More is found out by
 * a child that tries (probe.h), and what a filter allows that the program installs by reading it.
 */
#ifndef VMT_FILTER_H
#define VMT_FILTER_H

#include <linux/filter.h>
#include <stdatomic.h>

#include "core/base/base.h"

/* One kind of call. */
struct vmt_filter_kind {
	long nr;
	unsigned fixed; /* bit of each argument that makes the kind */
	long arg[6]; /* those that make the kind; the others as they do no harm when it is tried */
};

#define VMT_FILTER_KINDS_MAX 62u
#define VMT_FILTER_ALL       UINT64_MAX /* no filter, or one that allows all that we could want */
#define VMT_FILTER_TOOL      (UINT64_C(1) << 62) /* the tool may be run */

extern const struct vmt_filter_kind vmt_filter_kinds[];
extern const unsigned vmt_filter_kind_count;

/* What is allowed: bit of each kind, and VMT_FILTER_TOOL. */
uint64_t vmt_filter_allowed(void);
void vmt_filter_set_allowed(uint64_t kinds);

/*
 * It has been seen that the call is let through by what was not known; no filter that is known of
 * refuses it?
 */
bool vmt_filter_allow(long nr);

static inline bool vmt_filter_is_open(void)
{
	return vmt_filter_allowed() == VMT_FILTER_ALL;
}

/* Are calls refused without which less is found out than without a filter? */
bool vmt_filter_is_in_the_way(void);

/*
 * Calls that the tool makes besides, or we to print a report: VMT_FILTER_TOOL says it of all of
 * them.
 */
extern const struct vmt_filter_kind vmt_filter_tools_calls[];
extern const unsigned vmt_filter_tools_call_count;

/* May the kind of call that nr and arg are be made now? */
bool vmt_filter_may(long nr, const long arg[6]);

/* May a file be opened to write to, as recordings and logs are? */
bool vmt_filter_may_create(void);

/* May the vmatrace tool be started, and do its work? */
bool vmt_filter_may_run_tool(void);

/*
 * The kinds that every program makes when it starts; has_fstat: its ld.so makes fstat(2) as such.
 */
uint64_t vmt_filter_basic(bool has_fstat);

/*
 * A filter is about to be installed. From begin to end nobody begins a call of ours; in between,
 * wait until is_quiet: then none is under way either. installed: the filter, NULL = strict mode.
 */
void vmt_filter_begin_install(void);
bool vmt_filter_is_quiet(void);
void vmt_filter_add(const struct sock_fprog *installed);
void vmt_filter_end_install(void);

/* How many filters the process has, of those of which it is known what they allow. */
uint64_t vmt_filter_count(void);
void vmt_filter_set_count(uint64_t filters);

/* A fork child: the calls that were under way are its parent's. */
void vmt_filter_start_child(void);

/* markers=1: write(-1, "vmatrace: own") after each memory call of our own. At the start. */
void vmt_filter_mark_own(void);

/* Does a filter of the program's look at the address that calls come from? */
bool vmt_filter_is_by_address(void);

#endif
