/* SPDX-License-Identifier: MIT */
/* See nameless.h. A program has few such modules, so that each is counted by itself. */
#include "diff/nameless.h"

static bool has_maps(const struct vmt_summary_site *site)
{
	return site->maps || site->at_peak || site->most;
}

static uint64_t count_in(const struct vmt_summary_program *program, const char *module)
{
	uint64_t frames = 0;

	for (const struct vmt_summary_site *site = program->sites; site; site = site->hh.next) {
		for (uint32_t i = 0; has_maps(site) && i < site->stack.count; i++)
			frames += site->stack.frame[i].lacks_symbols &&
				  !strcmp(site->stack.frame[i].module, module);
	}
	return frames;
}

bool vmt_nameless_find(const struct vmt_summary_program *program, struct vmt_nameless *ret_nameless)
{
	struct vmt_nameless most = { NULL, 0 };

	if (!program->unnamed)
		return false;
	for (const struct vmt_summary_site *site = program->sites; site; site = site->hh.next) {
		for (uint32_t i = 0; has_maps(site) && i < site->stack.count; i++) {
			const struct vmt_stack_frame *frame = &site->stack.frame[i];
			uint64_t frames;

			if (!frame->lacks_symbols ||
			    (most.module && !strcmp(frame->module, most.module)))
				continue;
			frames = count_in(program, frame->module);
			if (frames > most.frames)
				most = (struct vmt_nameless){ frame->module, frames };
		}
	}
	if (most.module)
		*ret_nameless = most;
	return most.module;
}
