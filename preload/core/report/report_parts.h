/* SPDX-License-Identifier: MIT */
/*
 * What the files of the text report share with each other and with nobody else:
 * the state of one report and the parts it is made of, in their order on the page.
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
	uint64_t sites_shown; /* worth showing: they changed something or hold maps */
	uint64_t top;
	uint32_t depth;
	uint32_t live_width; /* columns of the table */
	uint32_t net_width;
};

static inline bool vmt_report_is_running(const struct vmt_report *text)
{
	return text->view->header.end == VMT_END_RUNNING && !text->options->is_gone;
}

/* A frame with everything that can be said of it. */
struct vmt_report_frame {
	struct vmt_rec_frame frame;
	struct vmt_rec_module module;
	struct vmt_view_string path;
	struct vmt_report_place names;
	bool has_module;
	bool is_inlined; /* another function of the same frame follows */
};

/* Leak, burst or plateau, one line; nothing where there is nothing to say. */
void vmt_report_growth(struct vmt_report *text);

/* The same for a call site, a line below its others. */
void vmt_report_site_growth(struct vmt_report *text, const struct vmt_report_row *row,
			    uint64_t live);

/* "1.00 maps a call of f, none given back"; site: NULL = without "of f". */
void vmt_report_put_per_call(struct vmt_report *text, const struct vmt_report_per_call *per_call,
			     const struct vmt_rec_site *site);

/* The same of the site that made most of the growth, if that tells steady growth; else false. */
bool vmt_report_put_work(struct vmt_report *text, uint64_t growth);

/* How much of the report is to be believed: one line on the first screen… */
void vmt_report_seen(struct vmt_report *text);
/* …and what was in the way, at the end. */
void vmt_report_notes(struct vmt_report *text);

/* Calls that failed, each reason once for each system call, with the first place. */
void vmt_report_failures(struct vmt_report *text);

/* The call sites: a line for each, then their stacks. Sets sites_shown. */
void vmt_report_sites(struct vmt_report *text);

/* Row number n of the table, in its order; last is the row before it, NULL for the first. */
bool vmt_report_row(const struct vmt_report *text, uint64_t n, const struct vmt_report_row *last,
		    struct vmt_report_row *ret_row);
/* One site as a row; false when it changed nothing and holds nothing. */
bool vmt_report_site_row(const struct vmt_report *text, uint64_t index,
			 struct vmt_report_row *ret_row);

/* The place in the user's code, as it is: long ones are for the line to be broken. */
void vmt_report_place(struct vmt_report *text, const struct vmt_rec_site *site);

/* Its function only, or module and offset. */
void vmt_report_function(struct vmt_report *text, const struct vmt_rec_site *site);

/* One line naming the place in the user's code, without ending it. */
void vmt_report_headline(struct vmt_report *text, const struct vmt_rec_site *site);

/* The site's frames: "#0 function file:line (module)", one a line, indented. */
void vmt_report_stack(struct vmt_report *text, const struct vmt_rec_site *site);

/* Would the stack say no more than the line naming the place? */
bool vmt_report_stack_is_headline(struct vmt_report *text, const struct vmt_rec_site *site);

/* A frame of a site's, with its names if these are wanted; false where the frame has none. */
bool vmt_report_find(struct vmt_report *text, const struct vmt_rec_site *site,
		     struct vmt_report_spot spot, bool with_names,
		     struct vmt_report_frame *ret_frame);
/* Function, file and line, shortened to what is left of the line. */
void vmt_report_put_frame(struct vmt_report *text, const struct vmt_report_frame *frame,
			  bool with_module);
bool vmt_report_is_users(const struct vmt_report_frame *frame);

#endif
