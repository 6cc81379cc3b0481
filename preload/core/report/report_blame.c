/* SPDX-License-Identifier: MIT */
/*
 * Which function stands for a call site, and which for the code around it. Pure like the rest of
 * the report (report.h); used by the tools as well, so that all agree.
 */
#include "core/report/report.h"

/* Is a frame in the user's code? ret_path: its module's file. */
static bool is_users(const struct vmt_view *view, uint64_t index, struct vmt_view_string *ret_path)
{
	struct vmt_rec_module module;
	struct vmt_rec_frame frame;

	if (!vmt_view_frame(view, index, &frame) || !vmt_view_module(view, frame.module, &module) ||
	    module.kind == VMT_MODULE_JIT)
		return false;
	*ret_path = vmt_view_string(view, module.path);
	return !vmt_report_is_runtime(*ret_path);
}

uint64_t vmt_report_user_frame(const struct vmt_view *view, const struct vmt_rec_site *site)
{
	uint32_t count = vmt_view_frame_count(view, site);
	struct vmt_view_string path;

	for (uint32_t i = 0; i < count; i++) {
		if (is_users(view, (uint64_t)site->frame_first + i, &path))
			return (uint64_t)site->frame_first + i;
	}
	return count ? site->frame_first : UINT64_MAX;
}

/* Find the innermost function of a frame that is not defined in a system header. */
static bool find_own(const struct vmt_rec_site *site, uint64_t frame, vmt_report_resolve *resolve,
		     void *context, uint32_t *ret_level)
{
	struct vmt_report_spot spot = { frame, 0 };
	struct vmt_report_place place;

	if (!resolve || !resolve(context, site, spot, &place)) {
		*ret_level = 0;
		return true;
	}
	do {
		if (!place.is_system) {
			*ret_level = spot.level;
			return true;
		}
		spot.level++;
	} while (resolve(context, site, spot, &place));
	return false;
}

/*
 * Is this one of the project's own functions, which ended in a jump? A frame of the system's may have
 * led to it, as one that gives memory back to the project's allocator.
 */
static bool is_own_tail(const struct vmt_view *view, const struct vmt_rec_site *site,
			struct vmt_report_spot spot, vmt_report_resolve *resolve, void *context)
{
	struct vmt_report_place place;
	struct vmt_rec_module module;
	struct vmt_view_string path;

	if (!resolve || !resolve(context, site, spot, &place) || !place.is_tail ||
	    place.is_system || !place.other_module ||
	    !vmt_view_module(view, place.other_module - 1, &module))
		return false;
	path = vmt_view_string(view, module.path);
	return !vmt_report_is_runtime(path) && !vmt_report_is_system(path);
}

/* A runtime's frames are all its own, so a script's function is to blame wherever it is. */
static bool find_script(const struct vmt_view *view, const struct vmt_rec_site *site,
			vmt_report_resolve *resolve, void *context,
			struct vmt_report_spot *ret_spot)
{
	uint32_t count = vmt_view_frame_count(view, site);
	struct vmt_report_place place;
	struct vmt_rec_module module;
	struct vmt_rec_frame frame;

	for (uint32_t i = 0; i < count; i++) {
		struct vmt_report_spot spot = { (uint64_t)site->frame_first + i, 0 };

		if (!vmt_view_frame(view, spot.frame, &frame) ||
		    !vmt_view_module(view, frame.module, &module) ||
		    module.kind != VMT_MODULE_JIT || !resolve(context, site, spot, &place) ||
		    !place.is_script)
			continue;
		*ret_spot = spot;
		return true;
	}
	return false;
}

bool vmt_report_blame(const struct vmt_view *view, const struct vmt_rec_site *site,
		      vmt_report_resolve *resolve, void *context, struct vmt_report_spot *ret_spot)
{
	uint32_t count = vmt_view_frame_count(view, site);
	struct vmt_report_spot spot = { vmt_report_user_frame(view, site), 0 };
	struct vmt_view_string path;

	if (spot.frame == UINT64_MAX)
		return false;
	if (resolve && find_script(view, site, resolve, context, ret_spot))
		return true;
	*ret_spot = spot;
	if (spot.frame == site->frame_first && is_own_tail(view, site, spot, resolve, context))
		return true;
	for (uint64_t i = spot.frame; i - site->frame_first < count; i++) {
		if (!is_users(view, i, &path) || vmt_report_is_system(path) ||
		    !find_own(site, i, resolve, context, &spot.level))
			continue;
		ret_spot->frame = i;
		ret_spot->level = spot.level;
		return true;
	}
	return true;
}

bool vmt_report_outer(const struct vmt_rec_site *site, vmt_report_resolve *resolve, void *context,
		      struct vmt_report_spot spot, struct vmt_report_spot *ret_spot)
{
	struct vmt_report_place place;
	bool is_system, found = false;

	if (!resolve || !resolve(context, site, spot, &place))
		return false;
	is_system = place.is_system;
	for (spot.level++; resolve(context, site, spot, &place); spot.level++) {
		if (place.is_system && !is_system)
			continue;
		*ret_spot = spot;
		found = true;
	}
	return found;
}
