/* SPDX-License-Identifier: MIT */
/* The name of a script's function in a report: see interpreter_label.c. */
#ifndef VMT_INTERPRETER_LABEL_H
#define VMT_INTERPRETER_LABEL_H

/*
 * Returns "tick app.js:12" for a function of the user's script; NULL for any other, including those
 * of the runtime's scripts. The caller frees it.
 */
char *vmt_interpreter_label(const char *name);

#endif
