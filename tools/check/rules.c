/* SPDX-License-Identifier: MIT */
/* The rules of check: their names, what they mean, and the limits that options set. See rules.h. */
#include "check/rules.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

static const struct {
	const char *name;
	const char *title;
	const char *help;
} rules[VMT_RULE_COUNT] = {
	[VMT_RULE_MAX_MAPS] = {
		"max-maps", "A process ended with too many memory maps",
		"A process may have vm.max_map_count memory maps, 65,530 unless it was raised; at "
		"that limit mmap, mprotect, munmap, malloc and thread creation fail with ENOMEM. "
		"The call site named holds most of the maps of this process at its end.",
	},
	[VMT_RULE_MAX_PEAK] = {
		"max-peak", "A process had too many memory maps at one time",
		"A process may have vm.max_map_count memory maps, 65,530 unless it was raised; a "
		"burst that reaches the limit fails with ENOMEM even if the maps are gone a moment "
		"later. The call site named held most of them at that moment.",
	},
	[VMT_RULE_MAX_GROWTH] = {
		"max-growth", "The memory maps of a process grew too much",
		"The number of memory maps grew since the process started, or since the mark that "
		"growth is counted from, by more than is allowed. Growth that shows in a test of "
		"seconds reaches vm.max_map_count in a service that runs for days. The call site "
		"named grew "
		"most.",
	},
	[VMT_RULE_PER_SITE] = {
		"per-site", "A call site holds more memory maps than before",
		"The calls made from this stack left more memory maps behind than the baseline or "
		"the limit allows. mprotect, munmap and madvise on part of a map split it, which "
		"adds maps as well. Unmap or merge the maps, save a new baseline if the growth is "
		"intended, or suppress the call site.",
	},
	[VMT_RULE_UNSEEN] = {
		"allow-unseen", "Memory maps were changed by calls that were not seen",
		"System calls that bypass libc, such as those of generated code, changed memory "
		"maps. No call site can be named for them, and the other figures of this process "
		"are not exact.",
	},
	[VMT_RULE_UNCOMPARED] = {
		"allow-uncompared", "A process was not compared with the kernel's table at its end",
		"At the end of a process vmatrace compares its recorded maps with the kernel's "
		"table. It cannot do so if the process is killed, ends in a way that vmatrace does "
		"not know, or becomes a program that is not traced; and the comparison may find a "
		"difference. Such a process can have more maps than its recording says. Let it end "
		"by itself, or allow as many such processes as there are.",
	},
	[VMT_RULE_REQUIRE_BASELINE] = {
		"require-baseline", "A program has no baseline",
		"A program that is not in the baseline is compared with nothing, so that no growth "
		"of its memory maps would be noticed. Save the baseline again with a run that "
		"includes this program, or exclude the program.",
	},
};

const char *vmt_rules_name(enum vmt_rule rule)
{
	return rules[rule].name;
}

const char *vmt_rules_title(enum vmt_rule rule)
{
	return rules[rule].title;
}

const char *vmt_rules_help(enum vmt_rule rule)
{
	return rules[rule].help;
}

bool vmt_rules_parse_limit(const char *text, struct vmt_limit *ret_limit)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || errno || value > UINT64_C(1) << 40)
		return false;
	*ret_limit = (struct vmt_limit){
		.is_set = true,
		.is_percent = *end == '%',
		.value = value,
	};
	return !end[*end == '%'];
}

int64_t vmt_rules_allowed(const struct vmt_limit *limit, int64_t base)
{
	uint64_t value = limit->value;

	if (limit->is_percent)
		value = base > 0 ? (uint64_t)((__uint128_t)(uint64_t)base * value / 100) : 0;
	return base + (int64_t)value;
}
