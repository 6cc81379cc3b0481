/* SPDX-License-Identifier: MIT */
/*
 * The plain cause of what no pattern explains: whose calls made how many maps each, out of what,
 * and what part of them was given back. Every place in the program that holds more than a
 * twentieth of the growth has a cause. Of recordings only.
 */
#ifndef VMT_EXPLAIN_PLAIN_H
#define VMT_EXPLAIN_PLAIN_H

#include "explain/explain_record.h"
#include "report/explain_text.h"

/* told: the patterns that lines already tell of, a bit for each. */
void vmt_explain_plain(struct vmt_lines *lines, struct vmt_explain_record *record,
		       const struct vmt_explain_names *names, uint64_t told);

/* The most maps that one place holds and no pattern told tells of. */
uint64_t vmt_explain_plain_most(const struct vmt_explain_record *record, uint64_t told);

/* For struct vmt_explain_names, context being the record. */
const char *vmt_explain_plain_given_back(void *context, uint32_t site, char *text, size_t size);

#endif
