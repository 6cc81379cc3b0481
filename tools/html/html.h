/* SPDX-License-Identifier: MIT */
/*
 * The report as one page of HTML that needs no network. It has the contents of the JSON report, the
 * sentences of the text report, and every map of the address space. Its looks and its behaviour are
 * in page/.
 */
#ifndef VMT_HTML_H
#define VMT_HTML_H

#include "input/load.h"
#include "symbols/symbols.h"

#include <jansson.h>
#include <stdio.h>

struct vmt_html_options {
	uint32_t pid; /* the process that is shown first; 0 = the one with the highest peak */
	/* Write what the text report says of one recording. */
	void (*text)(const void *context, FILE *stream,
		     const struct vmt_loaded_recording *recording, struct vmt_symbols *symbols);
	const void *context;
	/* Are most maps of the peak gone, so that the page is about those? */
	bool (*is_peak_over)(const struct vmt_view *view);
	/* the differences from another run, as `diff` writes them; NULL = there is no other run */
	json_t *diff;
};

/* Returns 0 or -errno. */
int vmt_html_write(FILE *stream, const struct vmt_recordings *recordings,
		   const struct vmt_html_options *options, struct vmt_symbols *symbols);

#endif
