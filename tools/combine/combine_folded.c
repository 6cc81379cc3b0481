/* SPDX-License-Identifier: MIT */
/*
 * Merged recordings as folded stacks, of the same form as those of one recording. See combine.h and
 * export/folded.c. The start-up's maps are of no call site, and are left out.
 */
#include "core/base/calls.h"
#include "export/utf8.h"
#include "combine/combine.h"
#include "combine/combine_order.h"
#include "util/must.h"

#include <errno.h>
#include <inttypes.h>

static void put_name(FILE *stream, const char *name)
{
	char *text = vmt_utf8_copy(name, strlen(name));

	vmt_folded_name(stream, text);
	free(text);
}

static void put_frame(FILE *stream, const struct vmt_stack_frame *frame)
{
	putc(';', stream);
	if (frame->function)
		put_name(stream, frame->function);
	else if (!*frame->module)
		fputs("[unknown]", stream);
	else {
		put_name(stream, frame->module);
		fprintf(stream, "+0x%" PRIx64, frame->offset);
	}
}

static void put_program(FILE *stream, const struct vmt_combine_program *program,
			enum vmt_export_value value)
{
	const struct vmt_combine_site **sites = vmt_combine_sites(program);

	for (size_t i = 0; i < HASH_COUNT(program->sites); i++) {
		const struct vmt_combine_site *site = sites[i];
		uint64_t maps = value == VMT_EXPORT_PEAK ? site->peak : site->live;

		if (!maps)
			continue;
		put_name(stream, program->name);
		for (uint32_t k = site->stack.count; k-- > 0;)
			put_frame(stream, &site->stack.frame[k]);
		fprintf(stream, ";%s_[k] %" PRIu64 "\n", vmt_calls_name(site->call), maps);
	}
	free(sites);
}

int vmt_combine_folded(FILE *stream, const struct vmt_combine *combine, const char *program,
		       enum vmt_export_value value)
{
	const struct vmt_combine_program *at;

	for (at = combine->programs; at; at = at->hh.next) {
		if (at->runs && (!program || !strcmp(at->name, program)))
			put_program(stream, at, value);
	}
	return fflush(stream) || ferror(stream) ? errno ? -errno : -EIO : 0;
}
