/* SPDX-License-Identifier: MIT */
/*
 * What `vmatrace top` shows of one process at one moment: its rows, how fast each grows, and the
 * count over time as bars. Read from a recording that is still being written.
 */
#ifndef VMT_TOP_H
#define VMT_TOP_H

#include "core/report/report.h"
#include "input/live.h"
#include "report/print.h"
#include "symbols/symbols.h"

#define VMT_TOP_BARS 200u

struct vmt_top_row {
	struct vmt_report_row row;
	int64_t rate; /* change of the row's live maps (at the peak if sorted by it), per second */
	uint64_t call_rate; /* calls per second */
	char *where;
};

struct vmt_top {
	struct vmt_recordings recordings; /* everything that the user's argument names */
	size_t chosen;
	enum vmt_rows_sort sort;
	uint32_t pid;
	uint32_t image;
	uint64_t time; /* CLOCK_MONOTONIC of the moment, ns */
	uint64_t duration; /* how long the process has run, or ran, ns */
	uint64_t maps;
	int64_t rate; /* maps per second since the previous moment… */
	bool has_rate; /* …of the same process, if there is one */
	bool is_gone;
	struct vmt_top_row *item;
	size_t count;
	size_t bar_count;
	uint64_t bar[VMT_TOP_BARS]; /* highest count in each slice of the run */
};

/* Returns the recording that is shown. */
static inline const struct vmt_view *vmt_top_view(const struct vmt_top *top)
{
	return &top->recordings.item[top->chosen].view;
}

/*
 * Read the moment of process pid, or with 0 of the process with most maps. before: the previous
 * moment; NULL = there are no rates. Returns 0, or -errno after a message. Free with vmt_top_free().
 */
int vmt_top_read(struct vmt_top *ret_top, struct vmt_live *live, uint32_t pid,
		 enum vmt_rows_sort sort, uint32_t bars, struct vmt_symbols *symbols,
		 const struct vmt_top *before);
void vmt_top_free(struct vmt_top *top);

/*
 * Returns "function file:line" of a frame, or "(module+0xoffset)"; NULL beyond the last of the
 * functions inlined there. The caller frees it.
 */
char *vmt_top_frame(const struct vmt_view *view, const struct vmt_rec_site *site,
		    struct vmt_report_spot spot, struct vmt_symbols *symbols);

#endif
