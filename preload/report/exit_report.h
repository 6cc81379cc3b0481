/* SPDX-License-Identifier: MIT */
/*
 * The report at exit: by the vmatrace tool where it is found beside the library,
 * for the sake of names; otherwise by the library itself.
 */
#ifndef VMT_EXIT_REPORT_H
#define VMT_EXIT_REPORT_H

#include "state/state.h"

/* Look for the tool; in the constructor. */
void vmt_exit_report_find_tool(struct vmt_state *state);

/* Keep the environment for the tool; in the constructor. */
void vmt_exit_report_copy_environment(struct vmt_state *state);

/* Print the report of the recording. */
void vmt_exit_report_print(struct vmt_state *state);

/* The same while the program goes on, shorter. */
void vmt_exit_report_print_now(struct vmt_state *state);

#endif
