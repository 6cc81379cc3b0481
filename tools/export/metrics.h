/* SPDX-License-Identifier: MIT */
/*
 * Metrics of processes for Prometheus. For processes that are not recorded, only the number of maps
 * is known. metrics.c alone decides what each metric means.
 */
#ifndef VMT_METRICS_H
#define VMT_METRICS_H

#include "core/recording/view.h"
#include "symbols/symbols.h"

#include <stdio.h>

/* The forms differ in how counters are declared, and in the last line. */
enum vmt_metrics_form {
	VMT_METRICS_OPENMETRICS, /* OpenMetrics 1.0 */
	VMT_METRICS_PROMETHEUS, /* text format 0.0.4: promtool, node_exporter's textfile collector */
	/* both at once, since all numbers are gauges: for processes whose numbers do not change */
	VMT_METRICS_BOTH,
};

struct vmt_metrics_process {
	const struct vmt_view *view; /* NULL: not traced */
	char *program;
	uint32_t pid;
	uint64_t maps; /* of a process that is not traced */
	uint64_t limit; /* likewise; 0 = unknown */
	bool is_left_out;
};

struct vmt_metrics {
	enum vmt_metrics_form form;
	uint64_t top; /* how many call sites of a process are shown */
	bool counts_processes; /* also write how many processes there are */
	uint64_t left_out; /* processes that the caller has left out */
	struct vmt_metrics_process *process;
	size_t count;
};

/* Add a recorded process, which other processes of this machine know as pid. */
void vmt_metrics_add(struct vmt_metrics *metrics, const struct vmt_view *view, uint32_t pid);
void vmt_metrics_add_untraced(struct vmt_metrics *metrics, const char *program, uint32_t pid,
			      uint64_t maps, uint64_t limit);

/*
 * Write all processes. If two have the same program and pid, the one that began later is written,
 * since their metrics would have the same labels.
 */
void vmt_metrics_write(FILE *stream, struct vmt_metrics *metrics, struct vmt_symbols *symbols);
void vmt_metrics_free(struct vmt_metrics *metrics);

#endif
