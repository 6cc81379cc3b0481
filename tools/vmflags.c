/* SPDX-License-Identifier: MIT */
/*
 * See vmflags.h. The letters are those of fs/proc/task_mmu.c (show_smap_vma_flags) up to
 * Linux 6.18; the groups follow what the kernel compares when it merges.
 */
#include "vmflags.h"

static const struct {
	char letters[3];
	uint8_t group;
} flags[] = {
	{ "rd", VMT_VMFLAGS_IGNORED }, { "wr", VMT_VMFLAGS_IGNORED },
	{ "ex", VMT_VMFLAGS_IGNORED }, { "sh", VMT_VMFLAGS_IGNORED },
	{ "mr", VMT_VMFLAGS_OTHER },   { "mw", VMT_VMFLAGS_OTHER },
	{ "me", VMT_VMFLAGS_OTHER },   { "ms", VMT_VMFLAGS_OTHER },
	{ "gd", VMT_VMFLAGS_OTHER },   { "pf", VMT_VMFLAGS_SPECIAL },
	{ "lo", VMT_VMFLAGS_LOCK },    { "lf", VMT_VMFLAGS_LOCK },
	{ "io", VMT_VMFLAGS_SPECIAL }, { "de", VMT_VMFLAGS_SPECIAL },
	{ "mm", VMT_VMFLAGS_SPECIAL }, { "ht", VMT_VMFLAGS_SPECIAL },
	{ "sr", VMT_VMFLAGS_ADVICE },  { "rr", VMT_VMFLAGS_ADVICE },
	{ "dc", VMT_VMFLAGS_ADVICE },  { "wf", VMT_VMFLAGS_ADVICE },
	{ "dd", VMT_VMFLAGS_ADVICE },  { "hg", VMT_VMFLAGS_ADVICE },
	{ "nh", VMT_VMFLAGS_ADVICE },  { "mg", VMT_VMFLAGS_ADVICE },
	{ "ac", VMT_VMFLAGS_ACCOUNTING }, { "nr", VMT_VMFLAGS_ACCOUNTING },
	{ "um", VMT_VMFLAGS_USERFAULTFD }, { "uw", VMT_VMFLAGS_USERFAULTFD },
	{ "ui", VMT_VMFLAGS_USERFAULTFD }, { "sf", VMT_VMFLAGS_OTHER },
	{ "nl", VMT_VMFLAGS_OTHER },   { "ar", VMT_VMFLAGS_OTHER },
	{ "bt", VMT_VMFLAGS_OTHER },   { "mt", VMT_VMFLAGS_OTHER },
	{ "ss", VMT_VMFLAGS_OTHER },   { "sl", VMT_VMFLAGS_OTHER },
	{ "dp", VMT_VMFLAGS_OTHER },   { "sd", VMT_VMFLAGS_IGNORED },
	{ "gu", VMT_VMFLAGS_IGNORED },	/* guard regions, ignored since they exist in 6.13 */
};

static uint64_t bit_of(char first, char second)
{
	for (uint32_t i = 0; i < VMT_COUNT(flags); i++) {
		if (flags[i].letters[0] == first && flags[i].letters[1] == second)
			return UINT64_C(1) << i;
	}
	return 0;
}

uint64_t vmt_vmflags_parse(const char *text, size_t length)
{
	uint64_t set = VMT_VMFLAGS_KNOWN;

	for (size_t i = 0; i + 1 < length; i++) {
		if (text[i] == ' ')
			continue;
		set |= bit_of(text[i], text[i + 1]);
		while (i + 1 < length && text[i + 1] != ' ')
			i++;
	}
	return set;
}

uint64_t vmt_vmflags_of(enum vmt_vmflags_group group)
{
	uint64_t set = 0;

	for (uint32_t i = 0; i < VMT_COUNT(flags); i++) {
		if (flags[i].group == group)
			set |= UINT64_C(1) << i;
	}
	return set;
}

const char *vmt_vmflags_letters(uint32_t bit)
{
	return bit < VMT_COUNT(flags) ? flags[bit].letters : NULL;
}
