/* SPDX-License-Identifier: MIT */
/*
 * The plain cause of maps that no pattern explains: whose calls made how many maps each, out of
 * what, and what share was given back. Every place in the program with more than a twentieth of the
 * growth gets one. For recordings only.
 */
#ifndef VMT_CAUSE_PLAIN_H
#define VMT_CAUSE_PLAIN_H

#include "explain/explain_record.h"
#include "report/cause_text.h"

#define VMT_CAUSE_PLACES 6u /* so many places are told */

/* What the lines so far have told. */
struct vmt_cause_told {
	uint64_t mentioned; /* a bit for each pattern */
	uint32_t place[VMT_CAUSE_PLACES];
	unsigned count;
	unsigned causes; /* lines of causes, whether of places or of patterns */
};

/*
 * Add the cause of the place with most maps that none so far covers. Returns false, and adds
 * nothing, if there is none. start: "  cause   ", or "     and  ".
 */
bool vmt_cause_plain(struct vmt_lines *lines, struct vmt_explain_record *record,
		     const struct vmt_cause_names *names, struct vmt_cause_told *told,
		     const char *start);

/* Returns the most maps of one place that no pattern in `mentioned` covers. */
uint64_t vmt_cause_plain_most(const struct vmt_explain_record *record, uint64_t mentioned);

/* A callback for struct vmt_cause_names; context is the record. */
const char *vmt_cause_plain_given_back(void *context, uint32_t site, char *text, size_t size);

#endif
