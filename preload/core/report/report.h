/* SPDX-License-Identifier: MIT */
/*
 * The report as text: a pure function of a recording, the same for the library at exit
 * (module+offset) and for `vmatrace report` (function, file and line). It allocates nothing, prints
 * nothing itself, and uses less than 4 KiB of stack.
 */
#ifndef VMT_REPORT_H
#define VMT_REPORT_H

#include "core/base/fmt.h"
#include "core/recording/view.h"
#include "core/trend/trend.h"

#define VMT_REPORT_TOP     10u
#define VMT_REPORT_TOP_MAX 1000u
#define VMT_REPORT_DEPTH   8u

#define VMT_REPORT_NARROWEST 40u /* columns; sentences need that many, behind the pid */
#define VMT_REPORT_TABLE     60u /* likewise the table */

#define VMT_REPORT_HANDFUL      4u /* the table shows this many call sites with their stacks */
#define VMT_REPORT_NEAR_PERCENT 80u /* a peak of this share of the limit is near it */

static inline uint64_t vmt_report_magnitude(int64_t value)
{
	return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

/* Per cent to the nearest, but 100 only for all of it; 0 if there is no whole. */
static inline uint64_t vmt_report_percent(uint64_t part, uint64_t whole)
{
	uint64_t percent;

	if (!whole || whole > UINT64_MAX / 200)
		return 0;
	percent = part / whole * 100 + (part % whole * 100 + whole / 2) / whole;
	return percent == 100 && part < whole ? 99 : percent;
}

/* A frame's place in the source; NULL and 0 where unknown. */
struct vmt_report_place {
	const char *function;
	const char *file;
	uint32_t line;
	bool is_tail; /* the function ended in a jump, so it is not on the stack itself */
	bool is_by_pointer; /* what it called, or jumped to, through a pointer may have ended in a jump */
	uint32_t other_module; /* number of its module, plus one; 0: that of the frame */
	const char *other_path; /* the path of its module if it has no number; or NULL */
	bool is_system; /* the file belongs to the system, like a header of the C++ library */
	bool is_script; /* the user's own, in code that a runtime generated from a script */
};

/*
 * Returns what is to be said of a function after its name, or "". One that ended in a jump may not
 * have been the only one: the last of them is unknown. What is called through a pointer may have ended
 * in a jump as well.
 */
const char *vmt_report_mark(bool is_tail, bool is_by_pointer);

/* One of the functions that a frame stands for: level 0 is the innermost inlined function. */
struct vmt_report_spot {
	uint64_t frame; /* an index into the frames section */
	uint32_t level;
};

/*
 * Find the name of a spot; false if there is none. The strings stay valid until the next call;
 * those of one frame stay valid until another frame is asked for.
 */
typedef bool vmt_report_resolve(void *context, const struct vmt_rec_site *site,
				struct vmt_report_spot spot, struct vmt_report_place *ret_place);

/* One row of the table: a call site, or several that were grouped. */
struct vmt_report_row {
	/* the site whose stack represents the row; it has most of what the rows are sorted by */
	uint64_t site;
	uint64_t first; /* the site that was seen first, whichever represents the row */
	uint64_t sites; /* the number of call sites in the row */
	uint64_t live;
	uint64_t part; /* the part of `live` that belongs to `site` alone */
	struct vmt_rec_counters counters;
	uint32_t call; /* VMT_CALL_NONE: the row has several system calls */
	const char *label; /* printed in place of the user's frame; NULL = print the frame */
	const char *apart; /* a second line: what tells it from rows that read alike; or NULL */
	const char *below; /* another line, or NULL */
};

struct vmt_report_ops {
	/* Take n bytes of output. A line arrives in several pieces. */
	void (*emit)(void *context, const char *bytes, size_t n);
	vmt_report_resolve *resolve; /* NULL if no names are available */
	void *context;
	/*
	 * One element for each site (vmt_view_totals). NULL: live maps are counted again for each
	 * site shown, which takes longer.
	 */
	const struct vmt_view_totals *totals;
	/* One element for each site: does it grow by others' objects alone? NULL: not known. */
	const bool *is_others;
	/*
	 * The table's rows in order, and how many of them are followed by a stack. NULL: each call
	 * site is a row with its stack, and is chosen and ordered here.
	 */
	const struct vmt_report_row *rows;
	uint64_t row_count;
	uint64_t stack_count;
	/*
	 * Lines that explain the maps: the first lead_count go to the top, the others before the
	 * stacks.
	 */
	char *const *lines;
	size_t line_count;
	size_t lead_count;
};

struct vmt_report_options {
	uint64_t top; /* call sites to show; 0 = VMT_REPORT_TOP */
	uint32_t depth; /* lines to show of each stack; 0 = VMT_REPORT_DEPTH, or all if verbose */
	bool colour;
	bool verbose; /* full paths and build-ids, all frames, all counters */
	bool is_gone; /* the process is known to have ended */
	uint32_t width; /* columns of a line; 0 = 80 */
	const char *where; /* heading of the table's last column; NULL = "where" */
	/*
	 * What a row of the table is, in the singular. NULL = "call site", and only then does the
	 * summary count the rows.
	 */
	const char *unit;
	bool is_filtered; /* the rows leave out some call sites */
	/* heading of the first column, whose numbers are parts of total; NULL = "live" */
	const char *counted;
	uint64_t total; /* 0 = the number of all maps */
	/* a row's maps are those that its site mapped, whoever cut them: their course is not known */
	bool is_by_mapper;
	uint64_t now; /* CLOCK_MONOTONIC in ns for a process that still runs; 0 = unknown */
	uint64_t torn_down; /* maps that a program gave back only because it ended… */
	const char *torn_down_by; /* …and the function that did */
};

/* Print the whole report, from the banner to the SUMMARY line. */
void vmt_report_report(const struct vmt_view *view, const struct vmt_report_options *options,
		       const struct vmt_report_ops *ops);

/*
 * Print only the places of ops->rows, as the table with these options has them, a NUL behind each.
 * Rows with equal places read alike.
 */
void vmt_report_places(const struct vmt_view *view, const struct vmt_report_options *options,
		       const struct vmt_report_ops *ops);

/*
 * The frame that represents a call site: the innermost one in the user's code, since libc makes the
 * maps of every program. Returns an index into the frames section, or UINT64_MAX.
 */
uint64_t vmt_report_user_frame(const struct vmt_view *view, const struct vmt_rec_site *site);

/*
 * The function that represents a call site: the innermost one of the project's own code. If there
 * is none, the system's libraries and headers count as well. False without a stack.
 */
bool vmt_report_blame(const struct vmt_view *view, const struct vmt_rec_site *site,
		      vmt_report_resolve *resolve, void *context, struct vmt_report_spot *ret_spot);

/*
 * The outermost function that a function was inlined into: of the project's own, if that is one,
 * since the wrappers of system headers (std::_Function_handler<...>::_M_invoke) say nothing of it.
 * False if there is none.
 */
bool vmt_report_outer(const struct vmt_rec_site *site, vmt_report_resolve *resolve, void *context,
		      struct vmt_report_spot spot, struct vmt_report_spot *ret_spot);

/* How long the process has run, ns, or ran. */
uint64_t vmt_report_duration(const struct vmt_view *view, uint64_t now);

/* Judge the process's timeline. now: CLOCK_MONOTONIC for a process that still runs, or 0. */
bool vmt_report_trend(const struct vmt_view *view, uint64_t now, struct vmt_curve *ret_curve);
/* Likewise as it was before the process gave back `torn_down` maps because it ended; 0 = none. */
bool vmt_report_trend_before(const struct vmt_view *view, uint64_t now, uint64_t torn_down,
			     struct vmt_curve *ret_curve);
/* Judge a call site's own timeline, given its live maps; false if it has no timeline. */
bool vmt_report_site_trend(const struct vmt_view *view, uint64_t site, uint64_t live, uint64_t now,
			   struct vmt_curve *ret_curve);
/*
 * Returns when the second half of the growth up to the peak began, ns since the start, and how many maps
 * there were then; 0: it is not known, and maps_start.
 */
uint64_t vmt_report_half(const struct vmt_view *view, uint64_t *ret_maps);
/* Is the process judged up to there only? Then its sites are, with their live maps of then. */
bool vmt_report_is_cut(const struct vmt_view *view, uint64_t now, uint64_t torn_down);
bool vmt_report_site_trend_before(const struct vmt_view *view, uint64_t site, uint64_t live,
				  uint64_t now, uint64_t torn_down, struct vmt_curve *ret_curve);
/* Did a call fail because there were too many maps? */
bool vmt_report_is_limit_reached(const struct vmt_view *view);
/* Returns how often a system call failed for this reason, and the first of these failures. */
uint64_t vmt_report_failed(const struct vmt_view *view, uint32_t call, uint32_t reason,
			   struct vmt_rec_failure *ret_first);
/* Returns how many more maps the limit allows; 0 = none, unknown, or something else ran out. */
uint64_t vmt_report_left(const struct vmt_view *view);
/* Returns the ns in which a leak makes this many maps; 0 = unknown. */
uint64_t vmt_report_time_left(const struct vmt_curve *curve, uint64_t maps);
/* Was the count clearly higher before? torn_down: maps that were given back at the end. */
bool vmt_report_has_fallen(const struct vmt_view *view, uint64_t torn_down);
#define VMT_REPORT_RARE \
	20u /* if fewer than one of so many calls adds a map, growth is not by calls */
/* Returns how many more calls of a site reach the limit at its present rate; 0 = unknown. */
uint64_t vmt_report_calls_left(const struct vmt_view *view, uint64_t calls, uint64_t live);
/* The effect of the calls of one site, or of several, on the count of maps. */
struct vmt_report_per_call {
	uint64_t calls; /* calls that did not fail */
	uint64_t made; /* maps that they added in total */
	uint64_t given_back; /* the part of these that is gone again */
	/* More is live than they added: their maps merged with others', and how many are gone is not known. */
	bool is_unsure;
};

/* How a site's maps grow with its calls, regardless of time. */
enum vmt_work {
	VMT_WORK_MIXED,
	VMT_WORK_STEADY, /* at least a thousand calls, and at most 1 % of their maps given back */
	VMT_WORK_SAWTOOTH,
	VMT_WORK_ONE_OFF,
	VMT_WORK_GIVEN_BACK,
};

/* Returns false for a site whose calls add no maps. */
bool vmt_report_per_call(const struct vmt_rec_counters *counters, uint64_t live,
			 struct vmt_report_per_call *ret_per_call);
/* trend: the trend of the site's timeline. */
enum vmt_work vmt_report_work(const struct vmt_report_per_call *per_call, enum vmt_trend trend);
/* "steady": a word for programs that read the report; it never changes. */
const char *vmt_report_work_word(enum vmt_work work);
/* Are there enough calls and maps for a statement? */
bool vmt_report_is_worth_telling(const struct vmt_report_per_call *per_call);
/* "none given back", "30 % given back", "the rest given back or merged" */
void vmt_report_put_given_back(struct vmt_fmt *fmt, const struct vmt_report_per_call *per_call);

/*
 * Are sites listed in the order in which they came, instead of by their maps? So for a few sites of
 * a program that hardly grew.
 */
bool vmt_report_is_by_time(const struct vmt_view *view, uint64_t now, uint64_t sites);

/* "ENOMEM" and the like; NULL for errors that are not in the table. */
const char *vmt_report_errno(uint32_t error);
/* "SIGSEGV" and the like; NULL for numbers without a name. */
const char *vmt_report_signal(uint32_t number);
/* Why a call failed, as a word for programs: "map-limit", "rlimit-as", … */
const char *vmt_report_reason(uint32_t reason);
/*
 * What a bit of vmt_rec_header.notes means and what to do about it, in one sentence; NULL if the
 * bit is unknown.
 */
/* Returns the notes that the report mentions. */
uint64_t vmt_report_notes_shown(const struct vmt_rec_header *header);
const char *vmt_report_note(uint32_t bit);
bool vmt_report_starts_with(struct vmt_view_string text, const char *start);
/* Returns the part of a path after its last '/'. */
struct vmt_view_string vmt_report_base_name(struct vmt_view_string path);
/* Does the file belong to the system? Files in /usr/local and /usr/src are the user's. */
bool vmt_report_is_system(struct vmt_view_string path);
/* Is it the part of glibc that loads libraries? */
bool vmt_report_is_loader(struct vmt_view_string path);
/* Is this a library through which every program makes its maps? It never answers "who?". */
bool vmt_report_is_runtime(struct vmt_view_string path);

#endif
