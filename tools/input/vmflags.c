/* SPDX-License-Identifier: MIT */
/*
 * The letters are those of fs/proc/task_mmu.c (show_smap_vma_flags) up to Linux 6.18; the groups
 * follow what the kernel compares for a merge. See vmflags.h.
 */
#include "input/vmflags.h"

static const struct {
	char letters[3];
	uint8_t group;
	const char *word; /* what sets it; NULL: the letters have to do */
} flags[] = {
	{ "rd", VMT_VMFLAGS_IGNORED, NULL },
	{ "wr", VMT_VMFLAGS_IGNORED, NULL },
	{ "ex", VMT_VMFLAGS_IGNORED, NULL },
	{ "sh", VMT_VMFLAGS_IGNORED, NULL },
	{ "mr", VMT_VMFLAGS_OTHER, "may be read" },
	{ "mw", VMT_VMFLAGS_OTHER, "may be written" },
	{ "me", VMT_VMFLAGS_OTHER, "may be executed" },
	{ "ms", VMT_VMFLAGS_OTHER, "may be shared" },
	{ "gd", VMT_VMFLAGS_OTHER, "MAP_GROWSDOWN" },
	{ "pf", VMT_VMFLAGS_SPECIAL, NULL },
	{ "lo", VMT_VMFLAGS_LOCK, "locked" },
	{ "lf", VMT_VMFLAGS_LOCK, "MLOCK_ONFAULT" },
	{ "io", VMT_VMFLAGS_SPECIAL, NULL },
	{ "de", VMT_VMFLAGS_SPECIAL, NULL },
	{ "mm", VMT_VMFLAGS_SPECIAL, NULL },
	{ "ht", VMT_VMFLAGS_SPECIAL, NULL },
	{ "sr", VMT_VMFLAGS_ADVICE, "MADV_SEQUENTIAL" },
	{ "rr", VMT_VMFLAGS_ADVICE, "MADV_RANDOM" },
	{ "dc", VMT_VMFLAGS_ADVICE, "MADV_DONTFORK" },
	{ "wf", VMT_VMFLAGS_ADVICE, "MADV_WIPEONFORK" },
	{ "dd", VMT_VMFLAGS_ADVICE, "MADV_DONTDUMP" },
	{ "hg", VMT_VMFLAGS_ADVICE, "MADV_HUGEPAGE" },
	{ "nh", VMT_VMFLAGS_ADVICE, "MADV_NOHUGEPAGE or MAP_STACK" },
	{ "mg", VMT_VMFLAGS_ADVICE, "MADV_MERGEABLE" },
	{ "ac", VMT_VMFLAGS_ACCOUNTING, "accounted" },
	{ "nr", VMT_VMFLAGS_ACCOUNTING, "MAP_NORESERVE" },
	{ "um", VMT_VMFLAGS_USERFAULTFD, "missing pages" },
	{ "uw", VMT_VMFLAGS_USERFAULTFD, "write protection" },
	{ "ui", VMT_VMFLAGS_USERFAULTFD, "minor faults" },
	{ "sf", VMT_VMFLAGS_OTHER, "MAP_SYNC" },
	{ "nl", VMT_VMFLAGS_OTHER, NULL },
	{ "ar", VMT_VMFLAGS_OTHER, NULL },
	{ "bt", VMT_VMFLAGS_OTHER, NULL },
	{ "mt", VMT_VMFLAGS_OTHER, NULL },
	{ "ss", VMT_VMFLAGS_OTHER, "shadow stack" },
	{ "sl", VMT_VMFLAGS_OTHER, "mseal" },
	{ "dp", VMT_VMFLAGS_OTHER, "MAP_DROPPABLE" },
	{ "sd", VMT_VMFLAGS_IGNORED, NULL },
	/* guard regions; a merge ignores them since they exist (6.13) */
	{ "gu", VMT_VMFLAGS_IGNORED, NULL },
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

const char *vmt_vmflags_word(uint32_t bit)
{
	if (bit >= VMT_COUNT(flags))
		return NULL;
	return flags[bit].word ? flags[bit].word : flags[bit].letters;
}
