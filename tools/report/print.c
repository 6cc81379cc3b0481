/* SPDX-License-Identifier: MIT */
/*
 * The choice of a report's format. Used by the commands report, run and top. What a report says is
 * decided elsewhere.
 */
#include "json/json.h"
#include "report/print.h"
#include "report/print_text.h"

#include <errno.h>
#include <string.h>

bool vmt_print_format(const char *text, enum vmt_format *ret_format)
{
	static const char *const names[] = { "none", "text", "json" };

	for (size_t i = 0; i < VMT_COUNT(names); i++) {
		if (!strcmp(text, names[i])) {
			*ret_format = (enum vmt_format)i;
			return true;
		}
	}
	return false;
}

int vmt_print(FILE *stream, const struct vmt_recordings *recordings,
	      const struct vmt_print_options *options)
{
	struct vmt_symbols *symbols = vmt_symbols_new(options->symbols);
	int ret = 0;

	if (!symbols)
		return -ENOMEM;
	if (options->format == VMT_FORMAT_JSON)
		ret = vmt_json_write(stream, recordings, symbols);
	if (options->format == VMT_FORMAT_TEXT)
		vmt_print_text(stream, recordings, options, symbols);
	vmt_symbols_free(symbols);
	if (!ret && (fflush(stream) || ferror(stream)))
		ret = errno ? -errno : -EIO;
	return ret;
}
