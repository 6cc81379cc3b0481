/* SPDX-License-Identifier: MIT */
/*
 * Folded stacks, as read by flamegraph.pl, inferno and speedscope: a line for each call site,
 * "program;main;guard;mprotect_[k] 50", outermost first. As in perf's output, the system call ends
 * in _[k]. If there are several processes, each program's name is followed by the pid.
 */
#include "export/profile.h"

#include <inttypes.h>

/* A semicolon separates frames, so names must not contain one. */
void vmt_folded_name(FILE *stream, const char *name)
{
	for (; *name; name++)
		putc(*name == ';' ? ':' : *name, stream);
}

static void put_folded_location(FILE *stream, const struct vmt_profile_location *location)
{
	for (uint32_t i = location->lines; i-- > 0;) {
		putc(';', stream);
		vmt_folded_name(stream, location->line[i].function);
	}
	if (location->kind == VMT_PROFILE_CALL)
		fputs("_[k]", stream);
}

static void put_folded(FILE *stream, const struct vmt_profile *profile,
		       const struct vmt_profile_sample *sample, enum vmt_export_value value,
		       bool with_pid)
{
	if (!sample->value[value])
		return;
	vmt_folded_name(stream, profile->program);
	if (with_pid)
		fprintf(stream, "-%" PRIu32, profile->view->header.pid);
	for (uint32_t i = sample->count; i-- > 0;)
		put_folded_location(stream, &profile->location[sample->location[i]]);
	fprintf(stream, " %" PRIu64 "\n", sample->value[value]);
}

int vmt_folded_write(FILE *stream, const struct vmt_recordings *recordings,
		     const struct vmt_export_options *options, struct vmt_symbols *symbols)
{
	bool with_pid = vmt_export_count(options, recordings) > 1;
	struct vmt_profile profile;

	for (size_t i = 0; i < recordings->count; i++) {
		if (!vmt_export_is_wanted(options, &recordings->item[i].view))
			continue;
		vmt_profile_read(&profile, &recordings->item[i].view, symbols);
		for (size_t k = 0; k < profile.samples; k++)
			put_folded(stream, &profile, &profile.sample[k], options->value, with_pid);
		vmt_profile_free(&profile);
		vmt_load_put_aside(&recordings->item[i]);
	}
	return 0;
}
