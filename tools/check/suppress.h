/* SPDX-License-Identifier: MIT */
/*
 * Suppressions in LeakSanitizer's form, one a line: TYPE:PATTERN, # comments. A pattern
 * is sought in function, source file and module of every frame; * stands for
 * anything, ^ and $ for the begin and the end. Types: vma (every call site),
 * split (maps cut out of others), stack (thread stacks), file (maps of files).
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

struct vmt_suppression {
	enum vmt_suppress_type type;
	char *pattern;
	const char *source; /* its file; NULL when compiled into a program */
	uint32_t line;
	bool is_known; /* matches a call site, whether that grew or not */
	uint64_t sites; /* call sites that were passed over */
	int64_t maps; /* and their growth */
};

struct vmt_suppressions {
	struct vmt_suppression *item;
	size_t count;
};

#define VMT_SUPPRESS_ERROR_MAX 200

/*
 * Parse bytes[0, n) of any content; lines add up over several calls. Returns 0, or -EBADMSG
 * with a sentence in error and nothing added.
 */
VMT_MUST_CHECK int vmt_suppress_parse(struct vmt_suppressions *suppressions, const char *bytes,
				      size_t n, char error[VMT_SUPPRESS_ERROR_MAX]);

/* The same of a file, whose name must stay; -errno with a sentence in error. */
VMT_MUST_CHECK int vmt_suppress_load(struct vmt_suppressions *suppressions, const char *path,
				     char error[VMT_SUPPRESS_ERROR_MAX]);

/* The first line that matches the site, or NULL. Counts nothing. */
struct vmt_suppression *vmt_suppress_find(const struct vmt_suppressions *suppressions,
					  const struct vmt_summary_site *site);

/* Note in every line that matches the site that it does. */
void vmt_suppress_note(const struct vmt_suppressions *suppressions,
		       const struct vmt_summary_site *site);

/* Whether pattern is found in text; time is at most the product of their lengths. */
bool vmt_suppress_matches(const char *pattern, const char *text);

/* A line that would suppress the site; the caller frees it. */
char *vmt_suppress_line(const struct vmt_summary_site *site);

const char *vmt_suppress_type_name(enum vmt_suppress_type type);
void vmt_suppress_free(struct vmt_suppressions *suppressions);

#endif
