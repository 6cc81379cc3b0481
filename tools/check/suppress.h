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
	uint64_t sites; /* call sites that it suppressed, or parts of */
	int64_t maps; /* the growth of these */
	const struct vmt_summary_site *last; /* the last of them */
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

/* Returns the first line that matches a part of the site, or NULL. Counts nothing. */
struct vmt_suppression *vmt_suppress_find(const struct vmt_suppressions *suppressions,
					  const struct vmt_summary_site *site);

/* Does this line match a part of the site? */
bool vmt_suppress_covers(const struct vmt_suppression *item, const struct vmt_summary_site *site);

/* How much of a call site is suppressed: a line of the source may be that of some of its parts only. */
enum vmt_suppress_extent {
	VMT_SUPPRESS_NONE,
	VMT_SUPPRESS_SOME,
	VMT_SUPPRESS_ALL,
};

enum vmt_suppress_extent vmt_suppress_extent(const struct vmt_suppressions *suppressions,
					     const struct vmt_summary_site *site);

/* Returns how many of these maps are suppressed. */
int64_t vmt_suppress_sum(const struct vmt_suppressions *suppressions,
			 const struct vmt_summary_gain *gain, size_t count);

enum vmt_suppress_process {
	VMT_SUPPRESS_IN_FORKED = 1,
	VMT_SUPPRESS_IN_OTHERS = 2,
	VMT_SUPPRESS_IN_ALL = 3,
};

/* What of a call site is not suppressed, in the process where that is most. */
struct vmt_suppress_left {
	int64_t maps;
	const struct vmt_stack
		*stack; /* of the part with most of these maps; NULL: there is none */
};

struct vmt_suppress_left vmt_suppress_left(const struct vmt_suppressions *suppressions,
					   const struct vmt_summary_program *program,
					   const struct vmt_summary_site *site,
					   enum vmt_suppress_process in, bool at_end);

/* Count the use of the lines that match the site, which has so many maps more. */
void vmt_suppress_count(const struct vmt_suppressions *suppressions,
			const struct vmt_summary_site *site, int64_t maps);

/* Mark every line that matches the site as known. */
void vmt_suppress_note(const struct vmt_suppressions *suppressions,
		       const struct vmt_summary_site *site);

/* Does pattern match text? Takes at most the product of their lengths. */
bool vmt_suppress_matches(const char *pattern, const char *text);

const char *vmt_suppress_type_name(enum vmt_suppress_type type);
void vmt_suppress_free(struct vmt_suppressions *suppressions);

#endif
