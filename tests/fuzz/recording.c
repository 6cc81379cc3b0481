/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: a recording of any bytes, read through the view record by record and
 * printed by the core's report, as the library prints it at exit.
 */
#include "core/report/report.h"
#include "recording.h"

static void emit(void *context, const char *bytes, size_t n)
{
	*(size_t *)context += n;
	fuzz_must_be_printable(bytes, n);
}

static void look_at_string(const struct vmt_view *view, struct vmt_rec_string string)
{
	struct vmt_view_string text = vmt_view_string(view, string);
	volatile char sum = 0;

	fuzz_must(text.bytes != NULL, "a string is never NULL");
	for (uint32_t i = 0; i < text.length; i++)
		sum = (char)(sum + text.bytes[i]);
}

static void look_at_sites(const struct vmt_view *view)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_SITES);
	struct vmt_view_totals *totals = calloc(count ? count : 1, sizeof(*totals));
	struct vmt_rec_site site;
	uint64_t live = 0;

	if (!totals)
		abort();
	vmt_view_totals(view, totals, count);
	for (uint64_t i = 0; i < count; i++) {
		live += totals[i].live;
		if (!vmt_view_site(view, i, &site))
			continue;
		fuzz_must(vmt_view_frame_count(view, &site) <= VMT_FRAMES_MAX,
			  "a stack has an end");
		(void)vmt_view_live_at_peak(view, &site, totals[i].live);
		(void)vmt_report_user_frame(view, &site);
	}
	fuzz_must(live <= vmt_view_count(view, VMT_SECTION_RANGES) ||
			  view->header.notes & VMT_NOTE_RANGES_FULL,
		  "no more maps than ranges");
	free(totals);
}

static void look_at_rest(const struct vmt_view *view)
{
	struct vmt_rec_module module;
	struct vmt_rec_failure failure;
	struct vmt_rec_mark mark;
	struct vmt_rec_mark_value value;

	for (uint64_t i = 0; i < vmt_view_count(view, VMT_SECTION_MODULES); i++) {
		if (vmt_view_module(view, i, &module))
			look_at_string(view, module.path);
	}
	for (uint64_t i = 0; i < vmt_view_count(view, VMT_SECTION_MARKS); i++) {
		if (vmt_view_mark(view, i, &mark))
			look_at_string(view, mark.name);
	}
	for (uint64_t i = 0; i < vmt_view_count(view, VMT_SECTION_FAILURES); i++)
		(void)vmt_view_failure(view, i, &failure);
	for (uint64_t i = 0; i < vmt_view_count(view, VMT_SECTION_MARK_VALUES); i++)
		(void)vmt_view_mark_value(view, i, &value);
}

static void look_at_copy(const struct vmt_view *view)
{
	void *copy = calloc(1, view->size);
	struct vmt_view again;

	if (!copy)
		abort();
	fuzz_must(vmt_view_copy(view, copy), "nobody writes meanwhile");
	fuzz_must(!vmt_view_open(copy, view->size, &again), "a copy is a recording");
	look_at_sites(&again);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t printed = 0;
	struct vmt_report_ops ops = { .emit = emit, .context = &printed };
	struct vmt_report_options options = { .verbose = size & 1, .is_gone = size & 2 };
	struct vmt_view view;
	void *copy = fuzz_recording(data, size);

	if (!copy)
		return 0;
	if (!vmt_view_open(copy, size, &view)) {
		look_at_sites(&view);
		look_at_rest(&view);
		look_at_copy(&view);
		vmt_report_report(&view, &options, &ops);
		fuzz_must(printed > 0, "there is a report");
	} else {
		fuzz_must(view.error != NULL, "a refusal has a reason");
	}
	free(copy);
	return 0;
}
