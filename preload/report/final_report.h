/* SPDX-License-Identifier: MIT */
/*
 * Prints the report at exit: with the vmatrace tool if it is found beside the library, since that
 * knows names, and otherwise in the library itself.
 */
#ifndef VMT_FINAL_REPORT_H
#define VMT_FINAL_REPORT_H

#include "state/state.h"

/* Print the report of the recording. */
void vmt_final_report_print(struct vmt_state *state);

/*
 * Have a shorter report printed by a process that also goes on if the program ends. This returns when
 * the recording has been copied, after a few milliseconds. Under the lock, so that the copy is of
 * one moment. Returns false if no process can do this.
 */
bool vmt_final_report_start(struct vmt_state *state);

/* At the end: wait until it has been printed, but not for ever. */
void vmt_final_report_await(struct vmt_state *state);

/* Is it being printed? */
bool vmt_final_report_is_running(const struct vmt_state *state);

/* If it cannot be started: print it before this returns. */
void vmt_final_report_print_now(struct vmt_state *state);

#endif
