/* SPDX-License-Identifier: MIT */
/*
 * VMATRACE_OPTIONS, `key=value:key=value`: one table of options, one parser,
 * used by the library and by the command line.
 */
#ifndef VMT_OPTIONS_H
#define VMT_OPTIONS_H

#include "core/base/base.h"

enum vmt_ask {
	VMT_ASK_AUTO,
	VMT_ASK_QUERY,
	VMT_ASK_PROBE,
	VMT_ASK_MAPS,
};

enum vmt_option_sites {
	VMT_SITES_OFF,
	VMT_SITES_AUTO,
	VMT_SITES_MPROTECT,
};

enum vmt_derive {
	VMT_DERIVE_FULL,
	VMT_DERIVE_PLAIN,
};

enum vmt_filter_way {
	VMT_FILTER_AUTO,
	VMT_FILTER_PROBE,
};

struct vmt_options {
	char log_path[256]; /* "" = standard error; ".PID" is appended */
	char dir[256]; /* where recordings go; "" = a memfd */
	uint64_t max_maps; /* maps there is room for; 0 = by vm.max_map_count */
	uint64_t max_sites;
	uint64_t max_size; /* of a recording, MiB; 0 = what max_maps and max_sites need */
	uint64_t verify; /* compare with the kernel after every Nth call; 0 = never */
	uint64_t top; /* call sites in the report */
	uint64_t max_growth; /* maps more at the end than at the start; UINT64_MAX = no limit */
	uint64_t exitcode; /* the status when that is exceeded */
	uint32_t ask; /* enum vmt_ask */
	uint32_t derive; /* enum vmt_derive */
	uint32_t filter; /* enum vmt_filter_way: what to do about an inherited seccomp filter */
	bool help;
	bool strict;
	bool report; /* print at exit */
	bool children; /* child processes print as well */
	bool follow_children;
	uint32_t sites; /* enum vmt_option_sites: door 2 */
	bool malloc; /* count allocations */
	bool tool; /* use the vmatrace tool for names */
	bool markers; /* show strace(1) where recording starts and ends */
	uint64_t verbosity;
};

/* What the parser says of one key; message is one sentence without a newline. */
struct vmt_options_ops {
	void (*complain)(void *context, const char *message);
	void *context;
};

void vmt_options_init(struct vmt_options *options);

/*
 * Parse text (any bytes, NUL-terminated) into options, which must have been
 * initialised. Bad parts are complained about and skipped; the rest holds.
 * Returns the number of complaints.
 */
int vmt_options_parse(struct vmt_options *options, const char *text,
		      const struct vmt_options_ops *ops);

/* One line of help per option, in order; NULL after the last. */
const char *vmt_options_help(size_t index);

#endif
