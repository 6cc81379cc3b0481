/* SPDX-License-Identifier: MIT */
/*
 * Selects the format of a report, for the commands report, run and top. What a report says is
 * decided elsewhere.
 */
#include "html/html.h"
#include "json/json.h"
#include "report/cause_peak.h"
#include "report/print.h"
#include "report/print_text.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	vmt_export_write *write; /* NULL: vmt_print() has a case for the format */
} formats[VMT_FORMATS] = {
	[VMT_FORMAT_NONE] = { "none", NULL },
	[VMT_FORMAT_TEXT] = { "text", NULL },
	[VMT_FORMAT_JSON] = { "json", NULL },
	[VMT_FORMAT_HTML] = { "html", NULL },
	[VMT_FORMAT_FOLDED] = { "folded", vmt_folded_write },
	[VMT_FORMAT_SPEEDSCOPE] = { "speedscope", vmt_speedscope_write },
	[VMT_FORMAT_PPROF] = { "pprof", vmt_pprof_write },
	[VMT_FORMAT_CHROME] = { "chrome", vmt_chrome_write },
	[VMT_FORMAT_OPENMETRICS] = { "openmetrics", vmt_openmetrics_write },
	[VMT_FORMAT_CSV] = { "csv", vmt_csv_write },
};

bool vmt_print_format(const char *text, enum vmt_format *ret_format)
{
	for (size_t i = 0; i < VMT_FORMATS; i++) {
		if (!strcmp(text, formats[i].name)) {
			*ret_format = (enum vmt_format)i;
			return true;
		}
	}
	return false;
}

static void put_text(const void *context, FILE *stream,
		     const struct vmt_loaded_recording *recording, struct vmt_symbols *symbols)
{
	vmt_print_recording(stream, recording, context, symbols);
}

static int print_page(FILE *stream, const struct vmt_recordings *recordings,
		      const struct vmt_print_options *options, struct vmt_symbols *symbols)
{
	struct vmt_print_options plain = *options;
	const struct vmt_html_options html = { options->pid, put_text, &plain,
					       vmt_cause_peak_is_over, options->diff };

	plain.colour = false;
	plain.picture.columns = 0;

	return vmt_html_write(stream, recordings, &html, symbols);
}

int vmt_print(FILE *stream, const struct vmt_recordings *recordings,
	      const struct vmt_print_options *options)
{
	const struct vmt_export_options exported = { options->value, options->pid, options->top };
	struct vmt_symbols *symbols = vmt_symbols_new(options->symbols);
	int ret = 0;

	if (!symbols)
		return -ENOMEM;
	if (options->format == VMT_FORMAT_JSON)
		ret = vmt_json_write(stream, recordings, symbols);
	if (options->format == VMT_FORMAT_HTML)
		ret = print_page(stream, recordings, options, symbols);
	if (options->format == VMT_FORMAT_TEXT)
		vmt_print_text(stream, recordings, options, symbols);
	if (formats[options->format].write)
		ret = formats[options->format].write(stream, recordings, &exported, symbols);
	vmt_symbols_free(symbols);
	if (!ret && (fflush(stream) || ferror(stream)))
		ret = errno ? -errno : -EIO;
	return ret;
}
