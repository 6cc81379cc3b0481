/* SPDX-License-Identifier: MIT */
/*
 * The verdict of check: compares a summary with limits and a baseline. Each broken limit is a
 * finding with a sentence and, if possible, the call site to blame. Pure; the writers below
 * are in ../verdict, each in a file of its name.
 */
#ifndef VMT_VERDICT_H
#define VMT_VERDICT_H

#include "check/rules.h"
#include "check/summary.h"
#include "check/suppress.h"

#include <stdio.h>

struct vmt_finding {
	enum vmt_rule rule;
	const struct vmt_summary_program *program;
	const struct vmt_summary_site *site; /* the site to blame, or NULL */
	const struct vmt_stack
		*stack; /* of its part with most of these maps; NULL without a site */
	int64_t maps;
	int64_t site_maps; /* how many of these maps are the site's */
	int64_t base;
	int64_t allowed; /* the largest value that would have passed */
	int64_t given_back; /* how many of the site's were given back only because the program ended */
	bool is_forked; /* these numbers are what a fork child gained since the fork */
	char *message; /* a sentence without a full stop */
};

struct vmt_verdict {
	struct vmt_limit limit[VMT_RULE_COUNT];
	bool may_move; /* a call site is judged only if its program grew */
	const struct vmt_summary *summary;
	const struct vmt_summary *base; /* NULL without a baseline */
	const char *baseline; /* the baseline's file, or NULL */
	const char *save_with; /* how a new baseline is saved, if not with --save; or NULL */
	struct vmt_suppressions *suppressions;
	struct vmt_finding *finding;
	size_t count;
	size_t sites; /* findings about call sites */
	int64_t maps; /* the maps that these have over their base */
	/* what is said of the call site that gained most in a program that did not; NULL: there is none */
	char *forgiven;
	int64_t forgiven_maps;
	const struct vmt_summary_program *forgiven_of;
	bool is_forgiven_forked; /* it gained them in a fork child */
};

/* Maps that a program may have more by chance; see vmt_verdict_growth_is_more(). */
#define VMT_VERDICT_CHANCE 4

/* How much a program grew, apart from what is suppressed, and what call sites say of it. */
struct vmt_verdict_growth {
	int64_t most; /* in the process that grew most; of several workers, see judge_forked(), in the others */
	int64_t base; /* the same in the baseline; 0 = there is none */
	int64_t forked; /* in the fork child that grew most since the fork */
	int64_t forked_least; /* and in the one that grew least */
	int64_t given_back; /* maps of suppressed call sites that were given back at the end */
	const struct vmt_summary_site *worst; /* the site that grew most */
	const struct vmt_stack *worst_stack;
	int64_t worst_maps;
	const struct vmt_summary_site *worst_forked; /* the one that grew most in a fork child */
	const struct vmt_stack *worst_forked_stack;
	int64_t worst_forked_maps;
};

/*
 * What a call site has more than in the baseline. Of one that is suppressed in part, this is about the
 * rest: the baseline does not say which parts its maps were of, so these may have been any.
 */
struct vmt_verdict_more {
	enum vmt_suppress_extent suppressed;
	int64_t base;
	int64_t now;
	int64_t maps; /* how many more that is */
	const struct vmt_stack *stack; /* of the part with most of them */
	int64_t forked_base;
	int64_t forked_now;
	int64_t forked; /* what it gained more in fork children */
	const struct vmt_stack *forked_stack;
	int64_t whole; /* the larger of the two, with what is suppressed */
	int64_t given_back; /* how many of `now` were given back only because the program ended */
};

/* It is looked for in suppressions only if there is more. */
struct vmt_verdict_more vmt_verdict_growth_more(const struct vmt_verdict *verdict,
						const struct vmt_summary_program *program,
						const struct vmt_summary_program *base,
						const struct vmt_summary_site *site);

/* Find how much a program grew, and count the use of suppressions. */
void vmt_verdict_growth_survey(const struct vmt_verdict *verdict,
			       const struct vmt_summary_program *program,
			       const struct vmt_summary_program *base,
			       struct vmt_verdict_growth *ret_growth);

/* Add a finding, with a message that belongs to it from then on. */
void vmt_verdict_add(struct vmt_verdict *verdict, const struct vmt_finding *finding, char *message);

/* Has the largest process of a program more maps than in the baseline? */
bool vmt_verdict_growth_is_more(const struct vmt_summary_program *program,
				const struct vmt_summary_program *base,
				const struct vmt_verdict_growth *growth);

/*
 * Did its fork children gain more than theirs, and more than they may vary by? One of them
 * VMT_ALIGN_TEARDOWN maps, or each of several VMT_VERDICT_CHANCE.
 */
bool vmt_verdict_growth_is_forked_more(const struct vmt_summary_program *program,
				       const struct vmt_summary_program *base,
				       const struct vmt_verdict_growth *growth);

/* Judge --max-growth, and what was given back at the end where its call sites are not known. */
void vmt_verdict_growth_judge(struct vmt_verdict *verdict,
			      const struct vmt_summary_program *program,
			      const struct vmt_summary_program *base,
			      const struct vmt_verdict_growth *growth);

/* Fill in findings from the members before it, and count the use of suppressions. */
void vmt_verdict_judge(struct vmt_verdict *verdict);
void vmt_verdict_free(struct vmt_verdict *verdict);

/*
 * Returns the place to point to: the innermost frame of the user's own code; NULL if there is none.
 */
const struct vmt_stack_frame *vmt_verdict_place(const struct vmt_finding *finding);

/* Returns one line, "vmatrace: check passed: …"; the caller frees it. */
char *vmt_verdict_summary(const struct vmt_verdict *verdict);

/* The writers. Those with a result return 0 or -errno. */
void vmt_plain_write(FILE *stream, const struct vmt_verdict *verdict);
int vmt_findings_write(FILE *stream, const struct vmt_verdict *verdict);
int vmt_junit_write(FILE *stream, const struct vmt_verdict *verdict);
int vmt_sarif_write(FILE *stream, const struct vmt_verdict *verdict);
void vmt_github_write(FILE *stream, const struct vmt_verdict *verdict);
/* A suppression, as it is written into a file of them. */
struct vmt_proposal {
	char *line;
	char *reason; /* the message of the finding that it is for */
	char *warning; /* "suppresses everything of libpool.so.3"; NULL: nothing to warn of */
};

struct vmt_proposals {
	struct vmt_proposal *item;
	size_t count;
};

/* Find suppressions that would make the check pass; free them with vmt_suppress_forget(). */
void vmt_suppress_propose(struct vmt_proposals *ret_proposals, const struct vmt_verdict *verdict);
void vmt_suppress_forget(struct vmt_proposals *proposals);
/* Write them, each with a comment. */
void vmt_suppress_generate(FILE *stream, const struct vmt_verdict *verdict);
/* Is it about maps that suppressed call sites do not count for? */
bool vmt_suppress_is_possible(const struct vmt_finding *finding);
/* Is it, and is there no line for some of these maps that would not suppress all of the program? */
bool vmt_suppress_lacks_line(const struct vmt_finding *finding);
/* Write Markdown for $GITHUB_STEP_SUMMARY. */
void vmt_github_summary(FILE *stream, const struct vmt_verdict *verdict);

#endif
