/* SPDX-License-Identifier: MIT */
/*
 * Whether a command starts programs with an LD_PRELOAD of their own. That replaces the library, so
 * such a program is not traced, and nothing else would say so if a shell starts it.
 */
#ifndef VMT_PRELOADS_H
#define VMT_PRELOADS_H

#include <stdbool.h>

/*
 * Search the arguments, those that are scripts, and shell scripts that these call. Returns a
 * sentence about what sets or removes LD_PRELOAD, to be freed by the caller; NULL if nothing does.
 */
char *vmt_preloads_find(char *const *command);

/* Do the arguments themselves set or remove it? Then a program is started so, which a script may not do. */
bool vmt_preloads_are_given(char *const *command);

#endif
