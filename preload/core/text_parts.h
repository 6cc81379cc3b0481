/* SPDX-License-Identifier: MIT */
/*
 * What the files of the text report share with each other and with nobody else:
 * the state of one report and the parts it is made of, in their order on the page.
 */
#ifndef VMT_TEXT_PARTS_H
#define VMT_TEXT_PARTS_H

#include "text.h"

struct vmt_text {
	struct vmt_fmt fmt;
	const struct vmt_view *view;
	const struct vmt_text_options *options;
	const struct vmt_text_ops *ops;
	uint64_t maps_now;
	uint64_t sites_shown;	/* worth showing: they changed something or hold maps */
	uint64_t top;
	uint32_t depth;
};

/* The call sites: a table row and a stack for each. Sets sites_shown. */
void vmt_text_sites(struct vmt_text *text);

/* One line naming the place in the user's code, without ending it. */
void vmt_text_headline(struct vmt_text *text, const struct vmt_rec_site *site);

/* Calls that failed, each reason once, with the first place. */
void vmt_text_failures(struct vmt_text *text);

/* How much of the report is to be believed, and the notes. */
void vmt_text_coverage(struct vmt_text *text);

/* Start the site's frames: "#0 function file:line (module)", one a line. */
void vmt_text_stack(struct vmt_text *text, const struct vmt_rec_site *site);

#endif
