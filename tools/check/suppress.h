/* SPDX-License-Identifier: MIT */
/*
 * Suppressions in LeakSanitizer's format, one a line: TYPE:PATTERN, with # for comments. A pattern
 * is searched for in the function, the source file, FILE:LINE if it has a colon, and the module of
 * every frame; * stands for any text, ^ and $ for the start and the end. "^inner$ in ^outer$" is for
 * stacks that have both frames, in this order, with any others between them, and so on. Types: vma
 * (every call site), split (maps cut out of others), stack (thread stacks), file (maps of files).
 */
#ifndef VMT_SUPPRESS_H
#define VMT_SUPPRESS_H

#include "check/summary.h"

enum vmt_suppress_type {
	VMT_SUPPRESS_VMA,
	VMT_SUPPRESS_SPLIT,
	VMT_SUPPRESS_STACK,
	VMT_SUPPRESS_FILE,
};

/* What of a pattern is matched against one frame. */
struct vmt_suppress_part {
	char *pattern;
	bool is_caller; /* the frame has to be the caller of the one before, not any further out */
};

struct vmt_suppression {
	enum vmt_suppress_type type;
	char *pattern;
	struct vmt_suppress_part *part; /* the innermost first */
	uint32_t part_count;
	const char *source; /* the name of its file; NULL if it is compiled into a program */
	uint32_t line;
	bool is_known; /* it matches a call site, whether or not that has grown */
	uint64_t sites; /* call sites that it suppressed */
	int64_t maps; /* the growth of these */
};

struct vmt_suppressions {
	struct vmt_suppression *item;
	size_t count;
};

#define VMT_SUPPRESS_ERROR_MAX 200
#define VMT_SUPPRESS_NO_STACK  "?" /* the only name of a call whose stack was lost */

/*
 * Parse bytes[0, n), which may be anything. Lines add up over several calls. Returns 0, or -EBADMSG
 * with a sentence in error and no lines added.
 */
VMT_MUST_CHECK int vmt_suppress_parse(struct vmt_suppressions *suppressions, const char *bytes,
				      size_t n, char error[VMT_SUPPRESS_ERROR_MAX]);

/* Parse a file, whose name must stay valid. Returns 0, or -errno with a sentence in error. */
VMT_MUST_CHECK int vmt_suppress_load(struct vmt_suppressions *suppressions, const char *path,
				     char error[VMT_SUPPRESS_ERROR_MAX]);

/* Returns the first line that matches the site, or NULL. Counts nothing. */
struct vmt_suppression *vmt_suppress_find(const struct vmt_suppressions *suppressions,
					  const struct vmt_summary_site *site);

/* Does this line match the site? */
bool vmt_suppress_covers(const struct vmt_suppression *item, const struct vmt_summary_site *site);

/* Mark every line that matches the site as known. */
void vmt_suppress_note(const struct vmt_suppressions *suppressions,
		       const struct vmt_summary_site *site);

/* Does pattern match text? Takes at most the product of their lengths. */
bool vmt_suppress_matches(const char *pattern, const char *text);

const char *vmt_suppress_type_name(enum vmt_suppress_type type);
void vmt_suppress_free(struct vmt_suppressions *suppressions);

#endif
