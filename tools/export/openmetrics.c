/* SPDX-License-Identifier: MIT */
/* Recordings as OpenMetrics text; metrics.h says what it contains. */
#include "export/export.h"
#include "export/metrics.h"

int vmt_openmetrics_write(FILE *stream, const struct vmt_recordings *recordings,
			  const struct vmt_export_options *options, struct vmt_symbols *symbols)
{
	struct vmt_metrics metrics = { .form = VMT_METRICS_BOTH,
				       .top = options->top ? options->top : VMT_EXPORT_TOP };

	for (size_t i = 0; i < recordings->count; i++) {
		const struct vmt_view *view = &recordings->item[i].view;

		if (vmt_export_is_wanted(options, view))
			vmt_metrics_add(&metrics, view, view->header.pid);
	}
	vmt_metrics_write(stream, &metrics, symbols);
	vmt_metrics_free(&metrics);
	return 0;
}
