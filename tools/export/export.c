/* SPDX-License-Identifier: MIT */
/* Selects what is exported, alike for the writers of all formats and the commands. See export.h. */
#include "export/export.h"

#include <string.h>

static const char *const value_names[VMT_EXPORT_VALUES] = {
	[VMT_EXPORT_LIVE] = "live",       [VMT_EXPORT_PEAK] = "peak",
	[VMT_EXPORT_CREATED] = "created", [VMT_EXPORT_SPLIT] = "split",
	[VMT_EXPORT_MERGED] = "merged",   [VMT_EXPORT_BYTES] = "bytes",
};

bool vmt_export_value(const char *text, enum vmt_export_value *ret_value)
{
	for (size_t i = 0; i < VMT_EXPORT_VALUES; i++) {
		if (!strcmp(text, value_names[i])) {
			*ret_value = (enum vmt_export_value)i;
			return true;
		}
	}
	return false;
}

const char *vmt_export_value_name(enum vmt_export_value value)
{
	return value_names[value];
}

size_t vmt_export_count(const struct vmt_export_options *options,
			const struct vmt_recordings *recordings)
{
	size_t count = 0;

	for (size_t i = 0; i < recordings->count; i++)
		count += vmt_export_is_wanted(options, &recordings->item[i].view);
	return count;
}

uint64_t vmt_export_start(const struct vmt_export_options *options,
			  const struct vmt_recordings *recordings)
{
	uint64_t start = UINT64_MAX;

	for (size_t i = 0; i < recordings->count; i++) {
		const struct vmt_view *view = &recordings->item[i].view;

		if (vmt_export_is_wanted(options, view) && view->header.start_realtime < start)
			start = view->header.start_realtime;
	}
	return start == UINT64_MAX ? 0 : start;
}
