/* SPDX-License-Identifier: MIT */
/*
 * Decides which of the library's own system calls may be made. A seccomp filter can kill the
 * program for a call that it would never have made itself. So each call of ours, of some fifty
 * kinds, is let through here (vmt_filter_own6() in sys.h) only if it is known not to kill. Other
 * calls are refused with -EPERM, as the kernel would do it, and the library does without them.
 *
 * Until the constructor has looked, and under an inherited filter that nothing is known of, only
 * calls that ld.so and libc's start code have made themselves are let through. A child process can
 * find out more by trying (probe.h). A filter that the program installs is read.
 */
#ifndef VMT_FILTER_H
#define VMT_FILTER_H

#include <linux/filter.h>
#include <stdatomic.h>

#include "core/base/base.h"

/* One kind of call: a number, and values of some arguments. */
struct vmt_filter_kind {
	long nr;
	unsigned fixed; /* a bit for each argument that belongs to the kind */
	long arg[6]; /* those arguments; the others are harmless values for trying the call */
};

#define VMT_FILTER_KINDS_MAX 63u
/* there is no filter, or it allows all that the library could want */
#define VMT_FILTER_ALL  UINT64_MAX
#define VMT_FILTER_TOOL (UINT64_C(1) << 63) /* the tool may be run */

extern const struct vmt_filter_kind vmt_filter_kinds[];
extern const unsigned vmt_filter_kind_count;

/* The kinds that are allowed: a bit for each, and VMT_FILTER_TOOL. */
uint64_t vmt_filter_allowed(void);
void vmt_filter_set_allowed(uint64_t kinds);

/*
 * A call of this number was let through although it was not known to be allowed. Returns whether no
 * known filter refuses it; it is allowed then.
 */
bool vmt_filter_allow(long nr);

static inline bool vmt_filter_is_open(void)
{
	return vmt_filter_allowed() == VMT_FILTER_ALL;
}

/* Are calls refused without which less can be found out than without a filter? */
bool vmt_filter_is_in_the_way(void);

/*
 * Calls that the tool makes in addition, or the library to print a report; VMT_FILTER_TOOL stands
 * for all of them.
 */
extern const struct vmt_filter_kind vmt_filter_tools_calls[];
extern const unsigned vmt_filter_tools_call_count;

/* May a call of this number, with these arguments, be made now? */
bool vmt_filter_may(long nr, const long arg[6]);

/* May a file be created and written, like a recording or a log? */
bool vmt_filter_may_create(void);

/* May the vmatrace tool be started and do its work? */
bool vmt_filter_may_run_tool(void);

/*
 * The kinds that every program makes at its start. has_fstat: its ld.so calls fstat(2) under that
 * name.
 */
uint64_t vmt_filter_basic(bool has_fstat);

/*
 * A filter is about to be installed. From begin to end, no thread begins a call of ours; in
 * between, wait until is_quiet() says that none is being made. installed: the filter, NULL = strict
 * mode; is_alone: there is no other thread.
 */
void vmt_filter_begin_install(void);
bool vmt_filter_is_quiet(void);
void vmt_filter_add(const struct sock_fprog *installed, bool is_alone);
void vmt_filter_end_install(void);

/*
 * What happens when the process calls exit_group(2): 0 = the process ends; otherwise the signal by
 * which the program's own filter kills the process. Where there are other threads, these may
 * outlive the one that calls.
 */
#define VMT_FILTER_END_UNKNOWN (-1)
int vmt_filter_end(void);

/* The number of filters whose permissions are known. */
uint64_t vmt_filter_count(void);
void vmt_filter_set_count(uint64_t filters);

/* In a fork child: calls that were being made are the parent's. */
void vmt_filter_start_child(void);

/*
 * For markers=1: write(-1, "vmatrace: own") after each memory call of our own. Called at the start.
 */
void vmt_filter_mark_own(void);

/* Does a filter of the program's examine the address that calls come from? */
bool vmt_filter_is_by_address(void);

#endif
