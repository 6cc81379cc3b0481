/* SPDX-License-Identifier: MIT */
/*
 * Shared by the files of the text report, and included by nothing else: the state of one report and
 * its parts, in their order on the page.
 */
#ifndef VMT_REPORT_PARTS_H
#define VMT_REPORT_PARTS_H

#include "core/report/report.h"

struct vmt_report {
	struct vmt_fmt fmt;
	const struct vmt_view *view;
	const struct vmt_report_options *options;
	const struct vmt_report_ops *ops;
	uint64_t maps_now;
	uint64_t sites_shown; /* sites that changed something or hold maps */
	uint64_t top;
	uint32_t depth;
	uint32_t live_width; /* columns of the table */
	uint32_t net_width;
};

static inline bool vmt_report_is_running(const struct vmt_report *text)
{
	return text->view->header.end == VMT_END_RUNNING && !text->options->is_gone;
}

/* Returns how many columns a number takes, with its commas. */
static inline uint32_t vmt_report_width(uint64_t value)
{
	uint32_t width = 1;

	for (; value >= 10; value /= 10)
		width++;
	return width + (width - 1) / 3;
}

/* A frame with all its names. */
struct vmt_report_frame {
	struct vmt_rec_frame frame;
	struct vmt_rec_module module;
	struct vmt_view_string path;
	struct vmt_report_place names;
	bool has_module;
	bool is_inlined; /* the same frame stands for another function as well */
};

/* Leak, burst or plateau, in one line; prints nothing if there is nothing to say. */
void vmt_report_growth(struct vmt_report *text);

/* Likewise for a call site, as the last of its lines. */
void vmt_report_site_growth(struct vmt_report *text, const struct vmt_report_row *row,
			    uint64_t live);

/* "1.00 maps a call, none given back" */
void vmt_report_put_per_call(struct vmt_report *text, const struct vmt_report_per_call *per_call);

/* Likewise, by name, for the site with most of the growth, if it grows steadily; otherwise returns false. */
bool vmt_report_put_work(struct vmt_report *text, uint64_t growth);
/* "; 12,000 more calls to the limit", where start is "; "; nothing for 0. */
void vmt_report_put_more_calls(struct vmt_fmt *fmt, const char *start, uint64_t calls);
/*
 * Growth of a site for each call, if known: it says more than growth over time, and is known sooner.
 * is_first: it begins the line of the site's growth, and else goes on with it.
 */
void vmt_report_put_by_work(struct vmt_report *text, const struct vmt_report_row *row,
			    uint64_t live, bool is_first);

/* One line on the first screen: how far the report can be trusted. */
void vmt_report_seen(struct vmt_report *text);
/* At the end: what limited the report. */
void vmt_report_notes(struct vmt_report *text);

/* Calls that failed: a line for each reason and system call, with the first place. */
void vmt_report_failures(struct vmt_report *text);

/* The call sites: a line for each, then their stacks. Sets sites_shown. */
void vmt_report_sites(struct vmt_report *text);

/* Only the places of the table's rows; see vmt_report_places(). */
void vmt_report_site_places(struct vmt_report *text);

/* Find row number n of the table, in its order. last: the row before it; NULL for the first. */
bool vmt_report_row(const struct vmt_report *text, uint64_t n, const struct vmt_report_row *last,
		    struct vmt_report_row *ret_row);
/* Returns how many rows the table would have if all were shown. */
uint64_t vmt_report_row_count(const struct vmt_report *text);
/* One site as a row; false if it changed nothing and holds nothing. */
bool vmt_report_site_row(const struct vmt_report *text, uint64_t index,
			 struct vmt_report_row *ret_row);

/* The place in the user's code, unshortened: a long one is left to line breaking. */
void vmt_report_place(struct vmt_report *text, const struct vmt_rec_site *site);

/* Only the place's function, or module and offset. */
void vmt_report_function(struct vmt_report *text, const struct vmt_rec_site *site);

/* The place in the user's code, shortened to one line, without ending the line. */
void vmt_report_headline(struct vmt_report *text, const struct vmt_rec_site *site);

/* The site's frames: "#0 function file:line (module)", one a line, indented. */
void vmt_report_stack(struct vmt_report *text, const struct vmt_rec_site *site);

/* Would the stack say no more than the headline does? */
bool vmt_report_stack_is_headline(struct vmt_report *text, const struct vmt_rec_site *site);

/*
 * Find a frame of a site, with its names if with_names is set; false if the frame has no such
 * function.
 */
bool vmt_report_find(struct vmt_report *text, const struct vmt_rec_site *site,
		     struct vmt_report_spot spot, bool with_names,
		     struct vmt_report_frame *ret_frame);
/* Function, file and line, shortened to fit the rest of the line. */
void vmt_report_put_frame(struct vmt_report *text, const struct vmt_report_frame *frame,
			  bool with_module);
bool vmt_report_is_users(const struct vmt_report_frame *frame);

#endif
