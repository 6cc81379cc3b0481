/* SPDX-License-Identifier: MIT */
/* What a script's function is called in a report: see script.c. */
#ifndef VMT_SCRIPT_H
#define VMT_SCRIPT_H

/*
 * "tick app.js:12" for the name of a function of the user's script; NULL for any other, those
 * of the runtime's scripts included. The caller frees it.
 */
char *vmt_script_label(const char *name);

#endif
