/* SPDX-License-Identifier: MIT */
/*
 * The other lines of a finding's function, and of generated code also other functions. A baseline does not
 * tell these apart, so it is not known which has more than before; the finding names the likely one.
 */
#ifndef VMT_OTHER_LINES_H
#define VMT_OTHER_LINES_H

#include "check/verdict.h"

/* Returns the first such part of the call site after another one, which is NULL at first; NULL: there is none. */
const struct vmt_summary_part *vmt_other_lines_next(const struct vmt_finding *finding,
						    const struct vmt_summary_part *after);

/* Returns "or FUNCTION FILE:LINE, which has N of them"; the caller frees it. */
char *vmt_other_lines_words(const struct vmt_summary_part *part);

/* Returns why the finding does not know which it is, and, of generated code, what does. */
const char *vmt_other_lines_unknown(const struct vmt_finding *finding);

/* Returns a sentence that names them all; NULL if there are none. The caller frees it. */
char *vmt_other_lines_note(const struct vmt_finding *finding);

#endif
