/* SPDX-License-Identifier: MIT */
/*
 * Opens descriptors before the program changes its root or its user, or closes its standard error;
 * afterwards their names may lead elsewhere, or nowhere (shim.h).
 */
#include "kernel/mapsfile.h"
#include "own/log.h"
#include "store/recording.h"

void vmt_keep_before_leaving(void)
{
	struct vmt_state *state = vmt_state;

	if (!vmt_state_is_on() || !vmt_state_is_ours(state))
		return;
	vmt_mapsfile_keep(state);
	vmt_recording_keep(state);
	vmt_log_keep(state);
}

void vmt_keep_error(const struct vmt_regs *regs)
{
	struct vmt_state *state = vmt_state;

	if (vmt_state_is_on() && vmt_state_reports(state))
		vmt_log_error_closes(state, regs);
}
