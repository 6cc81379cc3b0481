/* SPDX-License-Identifier: MIT */
/*
 * Prints the report at exit: with the vmatrace tool if it is found beside the library, since that
 * knows names, and otherwise in the library itself.
 */
#ifndef VMT_FINAL_REPORT_H
#define VMT_FINAL_REPORT_H

#include "state/state.h"

/* Look for the tool. Called by the constructor. */
void vmt_final_report_find_tool(struct vmt_state *state);

/* Keep a copy of the environment for the tool. Called by the constructor. */
void vmt_final_report_copy_environment(struct vmt_state *state);

/* Print the report of the recording. */
void vmt_final_report_print(struct vmt_state *state);

/* Print a shorter report while the program goes on. */
void vmt_final_report_print_now(struct vmt_state *state);

/* Sleep for 10 ms, while another thread prints a report. */
void vmt_final_report_pause(void);

#endif
