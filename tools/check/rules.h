/* SPDX-License-Identifier: MIT */
/* The rules of check, and the limits that options set. */
#ifndef VMT_RULES_H
#define VMT_RULES_H

#include "core/base/base.h"

enum vmt_rule {
	VMT_RULE_MAX_MAPS,
	VMT_RULE_MAX_PEAK,
	VMT_RULE_MAX_GROWTH,
	VMT_RULE_PER_SITE,
	VMT_RULE_UNSEEN,
	VMT_RULE_UNCOMPARED,
	VMT_RULE_REQUIRE_BASELINE,
	VMT_RULE_COUNT,
};

struct vmt_limit {
	bool is_set;
	bool is_percent; /* a percentage of the baseline's value, or of the maps at the start */
	uint64_t value;
};

/* Parse "N" or "N%"; false for anything else. */
bool vmt_rules_parse_limit(const char *text, struct vmt_limit *ret_limit);

/* Returns the largest value that passes, given the base value. */
int64_t vmt_rules_allowed(const struct vmt_limit *limit, int64_t base);

/* The rule's name, such as "per-site"; its title; and what it means and what to do. */
const char *vmt_rules_name(enum vmt_rule rule);
const char *vmt_rules_title(enum vmt_rule rule);
const char *vmt_rules_help(enum vmt_rule rule);

#endif
