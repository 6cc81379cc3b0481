/* SPDX-License-Identifier: MIT */
/*
 * The report as text: a pure function of a recording, the same for the library at exit
 * (module+offset) and for `vmatrace report` (function, file and line). It allocates
 * nothing, prints nothing itself, and uses less than 4 KiB of stack.
 */
#ifndef VMT_REPORT_H
#define VMT_REPORT_H

#include "core/base/fmt.h"
#include "core/recording/view.h"
#include "core/report/trend.h"

#define VMT_REPORT_TOP     10u
#define VMT_REPORT_TOP_MAX 1000u
#define VMT_REPORT_DEPTH   8u

#define VMT_REPORT_HANDFUL      4u /* so few call sites are shown with their stacks in the table */
#define VMT_REPORT_NEAR_PERCENT 80u /* of the limit, from which on it is told of */

static inline uint64_t vmt_report_magnitude(int64_t value)
{
	return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

/* Where a frame is in the source; NULL and 0 for what is not known. */
struct vmt_report_place {
	const char *function;
	const char *file;
	uint32_t line;
	bool is_tail; /* it ended in a jump, and is not itself on the stack */
	bool is_system; /* the file is one of the system's, like a header of the C++ library */
};

/* Which of the functions that a frame stands for: level 0 is the innermost one inlined there. */
struct vmt_report_spot {
	uint64_t frame; /* an index into the frames section */
	uint32_t level;
};

/*
 * The name of a spot; false if there is none. The strings stay valid until the next call, those of
 * one frame until another frame is asked for.
 */
typedef bool vmt_report_resolve(void *context, const struct vmt_rec_site *site,
				struct vmt_report_spot spot, struct vmt_report_place *ret_place);

/* One line of the table: a call site, or several taken together. */
struct vmt_report_row {
	uint64_t site; /* whose stack stands for it; the one with most of what is sorted by */
	uint64_t sites; /* how many call sites it is made of */
	uint64_t live;
	uint64_t part; /* of these, what is the site's alone */
	struct vmt_rec_counters counters;
	uint32_t call; /* VMT_CALL_NONE: of several system calls */
	const char *label; /* printed instead of the user's own frame; NULL for that */
	const char *below; /* a second line, or NULL */
};

struct vmt_report_ops {
	/* Take n bytes of output; lines arrive in several pieces. */
	void (*emit)(void *context, const char *bytes, size_t n);
	vmt_report_resolve *resolve; /* NULL where no names can be had */
	void *context;
	/* One element per site (vmt_view_totals), or NULL: then live maps are counted for
	 * each site that is shown, which takes longer. */
	const struct vmt_view_totals *totals;
	/* The table's lines in order, and of how many of them a stack follows; NULL: each call
	 * site is a line with its stack, chosen and ordered here. */
	const struct vmt_report_row *rows;
	uint64_t row_count;
	uint64_t stack_count;
	/* Lines that explain the maps: the first lead_count at the top, the others before
	 * the stacks. */
	char *const *lines;
	size_t line_count;
	size_t lead_count;
};

struct vmt_report_options {
	uint64_t top; /* call sites shown; 0 = VMT_REPORT_TOP */
	uint32_t depth; /* frames shown of each; 0 = VMT_REPORT_DEPTH */
	bool colour;
	bool verbose; /* full paths and build-ids, all frames, all counters */
	bool is_gone; /* the process is known to have ended */
	uint32_t width; /* columns of a line; 0 = 80 */
	const char *where; /* heading of the table's last column; NULL = "where" */
	const char *counted; /* …and of its first, whose numbers are parts of total; … */
	uint64_t total; /* …NULL and 0: "live", of all maps */
	uint64_t now; /* CLOCK_MONOTONIC in ns, for one still running; 0 = unknown */
};

/* Print the whole report, from the banner to the SUMMARY line. */
void vmt_report_report(const struct vmt_view *view, const struct vmt_report_options *options,
		       const struct vmt_report_ops *ops);

/*
 * The frame that stands for a call site: the innermost in code of the user's, since
 * everybody's maps are made in libc. An index into the frames section, or UINT64_MAX.
 */
uint64_t vmt_report_user_frame(const struct vmt_view *view, const struct vmt_rec_site *site);

/*
 * The function that stands for a call site: the innermost of the project's own code. Code of the
 * system's libraries and headers stands for it where there is no other. False without a stack.
 */
bool vmt_report_blame(const struct vmt_view *view, const struct vmt_rec_site *site,
		      vmt_report_resolve *resolve, void *context, struct vmt_report_spot *ret_spot);

/* What the process's timeline amounts to; now: CLOCK_MONOTONIC for one still running, or 0. */
bool vmt_report_trend(const struct vmt_view *view, uint64_t now, struct vmt_curve *ret_curve);
/* The same of a call site's own timeline, given what is live now; false if it has none. */
bool vmt_report_site_trend(const struct vmt_view *view, uint64_t site, uint64_t live, uint64_t now,
			   struct vmt_curve *ret_curve);
/* Did a call fail because there were too many maps? */
bool vmt_report_is_limit_reached(const struct vmt_view *view);
/* How often a system call failed for a reason, and the first of these failures; none: 0. */
uint64_t vmt_report_failed(const struct vmt_view *view, uint32_t call, uint32_t reason,
			   struct vmt_rec_failure *ret_first);
/* Maps that may come before the limit is reached; 0 = none, or not known. */
uint64_t vmt_report_left(const struct vmt_view *view);
/* ns in which a leak makes so many maps; 0 = not known. */
uint64_t vmt_report_time_left(const struct vmt_curve *curve, uint64_t maps);
/* Calls of a site that reach the limit if they make maps as they did; 0 = not known. */
uint64_t vmt_report_calls_left(const struct vmt_view *view, uint64_t calls, uint64_t live);
/* What the calls of a site, or of several, did to the count of maps. */
struct vmt_report_per_call {
	uint64_t calls; /* that did not fail */
	uint64_t made; /* maps that they added in all… */
	uint64_t given_back; /* …and of these, how many are gone */
};

/* The course of a site's maps by its calls, whatever time it took. */
enum vmt_work {
	VMT_WORK_MIXED,
	VMT_WORK_STEADY, /* each call adds, nothing is given back, for a thousand calls */
	VMT_WORK_SAWTOOTH,
	VMT_WORK_ONE_OFF,
	VMT_WORK_GIVEN_BACK,
};

/* False for a site whose calls add no maps. */
bool vmt_report_per_call(const struct vmt_rec_counters *counters, uint64_t live,
			 struct vmt_report_per_call *ret_per_call);
/* trend: of the site's course in time. */
enum vmt_work vmt_report_work(const struct vmt_report_per_call *per_call, enum vmt_trend trend);
/* "steady": a word for machines, which never changes. */
const char *vmt_report_work_word(enum vmt_work work);
/* So few calls or maps say nothing. */
bool vmt_report_is_worth_telling(const struct vmt_report_per_call *per_call);
/* "none given back", "30 % given back" */
void vmt_report_put_given_back(struct vmt_fmt *fmt, const struct vmt_report_per_call *per_call);

/* Whether so many sites, with so many maps now, are listed as they came, not by their maps. */
bool vmt_report_is_by_time(const struct vmt_view *view, uint64_t now, uint64_t sites);

/* ENOMEM and its like, "error 123" for others not in the table is NULL. */
const char *vmt_report_errno(uint32_t error);
/* SIGSEGV and its like; NULL for numbers that have no name. */
const char *vmt_report_signal(uint32_t number);
/* Why a call failed, as a machine-readable word: "map-limit", "rlimit-as", … */
const char *vmt_report_reason(uint32_t reason);
/* What a bit of vmt_rec_header.notes means and what to do, one sentence; NULL if unknown. */
/* The notes that a reader of the report is told. */
uint64_t vmt_report_notes_told(const struct vmt_rec_header *header);
const char *vmt_report_note(uint32_t bit);
/* What follows a path's last '/'. */
struct vmt_view_string vmt_report_base_name(struct vmt_view_string path);
/* Files that came with the system; those in /usr/local and /usr/src are people's own. */
bool vmt_report_is_system(struct vmt_view_string path);
/* Libraries through which every program makes its maps: never the answer to "who?". */
bool vmt_report_is_runtime(struct vmt_view_string path);

#endif
