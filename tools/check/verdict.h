/* SPDX-License-Identifier: MIT */
/*
 * The verdict of check: limits and a baseline against a summary. Each limit that is broken
 * is a finding with a sentence of its own and, where there is one, the call site to
 * blame. Pure; the writers below print it, each in a file of its name.
 */
#ifndef VMT_VERDICT_H
#define VMT_VERDICT_H

#include "check/summary.h"
#include "check/suppress.h"

#include <stdio.h>

enum vmt_rule {
	VMT_RULE_MAX_MAPS,
	VMT_RULE_MAX_PEAK,
	VMT_RULE_MAX_GROWTH,
	VMT_RULE_PER_SITE,
	VMT_RULE_UNSEEN,
	VMT_RULE_UNCOMPARED,
	VMT_RULE_COUNT,
};

struct vmt_limit {
	bool is_set;
	bool is_percent; /* of the value in the baseline, or of the maps at start */
	uint64_t value;
};

struct vmt_finding {
	enum vmt_rule rule;
	const struct vmt_summary_program *program;
	const struct vmt_summary_site *site; /* the one to blame, or NULL */
	int64_t maps;
	int64_t site_maps; /* how many of them are the site's */
	int64_t base;
	int64_t allowed; /* most that would have passed */
	char *message; /* a sentence without its full stop */
};

struct vmt_verdict {
	struct vmt_limit limit[VMT_RULE_COUNT];
	bool may_move; /* call sites are judged only if their program grew */
	const struct vmt_summary *summary;
	const struct vmt_summary *base; /* NULL without a baseline */
	const char *baseline; /* its file, or NULL */
	struct vmt_suppressions *suppressions;
	struct vmt_finding *finding;
	size_t count;
	size_t sites; /* findings that are call sites… */
	int64_t maps; /* …and what they have more than their base */
};

/* "N" or "N%"; false for anything else. */
bool vmt_verdict_parse_limit(const char *text, struct vmt_limit *ret_limit);

/* Fill in findings from the fields above them; counts the use of suppressions. */
void vmt_verdict_judge(struct vmt_verdict *verdict);
void vmt_verdict_free(struct vmt_verdict *verdict);

/* "per-site" and its like; a sentence without a full stop; what it means and what to do. */
const char *vmt_verdict_rule_name(enum vmt_rule rule);
const char *vmt_verdict_rule_title(enum vmt_rule rule);
const char *vmt_verdict_rule_help(enum vmt_rule rule);

/* Where to point: the innermost frame of the user's own code; NULL if there is none. */
const struct vmt_stack_frame *vmt_verdict_place(const struct vmt_finding *finding);

/* One line, "vmatrace: check passed: …", the caller frees it. */
char *vmt_verdict_summary(const struct vmt_verdict *verdict);

/* The writers. 0 or -errno. */
void vmt_verdict_text(FILE *stream, const struct vmt_verdict *verdict);
int vmt_verdict_json(FILE *stream, const struct vmt_verdict *verdict);
int vmt_junit_write(FILE *stream, const struct vmt_verdict *verdict);
int vmt_sarif_write(FILE *stream, const struct vmt_verdict *verdict);
void vmt_github_write(FILE *stream, const struct vmt_verdict *verdict);
/* Lines that would make the check pass, each once and with a comment. */
void vmt_suppress_generate(FILE *stream, const struct vmt_verdict *verdict);
/* The Markdown for $GITHUB_STEP_SUMMARY. */
void vmt_github_summary(FILE *stream, const struct vmt_verdict *verdict);

#endif
