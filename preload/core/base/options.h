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

/* When to print a report, and before it the lines that the limit is near. */
enum vmt_option_report {
	VMT_REPORT_NEVER,
	VMT_REPORT_ALWAYS, /* at the limit, and at exit */
	VMT_REPORT_AT_LIMIT, /* another prints the one of the end */
	VMT_REPORT_LINES, /* only the lines, and one that the limit is reached */
};

/* Remedies that can be tried: remedy/remedy.h. Bits of vmt_options.remedies. */
enum vmt_remedy {
	VMT_REMEDY_GUARDS = 1,
	VMT_REMEDY_NAMES = 2,
	VMT_REMEDY_ADVICE = 4,
	VMT_REMEDY_LOCKS = 8,
	VMT_REMEDY_POLICY = 16,
	VMT_REMEDY_NORESERVE = 32,
	VMT_REMEDY_DECOMMIT = 64,
	VMT_REMEDY_HOLES = 128,
	VMT_REMEDY_STACKS = 256,
	VMT_REMEDY_ARENAS = 512, /* capture/wrappers_other.c: mallopt */
};
#define VMT_REMEDY_COUNT 10u

/* The name of the remedy that is bit number place, 0 to VMT_REMEDY_COUNT - 1. */
const char *vmt_options_remedy(uint32_t place);

struct vmt_options {
	char log_path[256]; /* "" = standard error; the library appends ".PID" */
	char dir[256]; /* the folder for recordings; "" = record to a memfd */
	uint64_t max_maps; /* room for this many maps; 0 = follow vm.max_map_count */
	uint64_t max_sites;
	/* size limit of a recording, MiB; 0 = what max_maps and max_sites need */
	uint64_t max_size;
	uint64_t verify; /* compare with the kernel after every Nth call; 0 = never */
	uint64_t top; /* call sites shown in the report */
	uint64_t max_growth; /* maps that the end may have over the start; UINT64_MAX = no limit */
	uint64_t exitcode; /* exit status when max_growth is exceeded */
	uint32_t ask; /* enum vmt_ask */
	uint32_t derive; /* enum vmt_derive */
	uint32_t filter; /* enum vmt_filter_way: how to deal with an inherited seccomp filter */
	bool help;
	bool strict;
	uint32_t report; /* enum vmt_option_report */
	bool children; /* child processes print a report as well */
	bool follow_children;
	uint32_t sites; /* enum vmt_option_sites: how call sites are patched (door 2) */
	bool malloc; /* count allocations */
	bool tool; /* start the vmatrace tool for function names */
	uint32_t remedies; /* enum vmt_remedy, several */
	bool markers; /* make calls that show in strace(1) where recording starts and ends */
	uint64_t verbosity;
};

/* The parser's complaint about one key; message is a sentence without a newline. */
struct vmt_options_ops {
	void (*complain)(void *context, const char *message);
	void *context;
};

void vmt_options_init(struct vmt_options *options);

/*
 * Parse text (any bytes, NUL-terminated) into options, which must have been initialised. The parser
 * complains about each invalid part and skips it; the other parts take effect. Returns the number
 * of complaints.
 */
int vmt_options_parse(struct vmt_options *options, const char *text,
		      const struct vmt_options_ops *ops);

/* Returns the help line of option number index, or NULL after the last one. */
const char *vmt_options_help(size_t index);

#endif
