/* SPDX-License-Identifier: MIT */
/*
 * What of a stack is told in one line: consecutive functions that are not the project's. Used by
 * the report and by check, so that their stacks read alike.
 */
#ifndef VMT_FOLD_H
#define VMT_FOLD_H

#include <stdint.h>

enum vmt_fold {
	VMT_FOLD_NONE,
	VMT_FOLD_RUNTIME, /* frames of libc and the like */
	VMT_FOLD_HEADERS, /* functions of system headers, such as templates of the C++ library */
	VMT_FOLD_SCRIPT, /* functions of modules that come with a script's language */
};

#define VMT_FOLD_MIN 3u /* shorter runs are shown in full */

/*
 * Returns how many of a run of functions of one kind are left out: all but the outermost, which the
 * project called.
 */
static inline uint32_t vmt_fold_left_out(uint32_t run)
{
	return run < VMT_FOLD_MIN ? 0 : run - 1;
}

/* Returns what a number of them is followed by: " of system headers" */
static inline const char *vmt_fold_words(enum vmt_fold kind)
{
	return kind == VMT_FOLD_SCRIPT  ? " of the language's own modules" :
	       kind == VMT_FOLD_HEADERS ? " of system headers" :
					  "";
}

#endif
