/* SPDX-License-Identifier: MIT */
/*
 * The VmFlags line of /proc/PID/smaps (proc(5)): two letters a flag. Pure.
 * Used where maps are read and where neighbours are compared.
 */
#ifndef VMT_VMFLAGS_H
#define VMT_VMFLAGS_H

#include "core/base/base.h"

#define VMT_VMFLAGS_KNOWN (UINT64_C(1) << 63)

/* Groups of flags that are set in the same way. */
enum vmt_vmflags_group {
	VMT_VMFLAGS_ADVICE, /* madvise, and MAP_STACK since 6.7 */
	VMT_VMFLAGS_LOCK,
	VMT_VMFLAGS_ACCOUNTING,
	VMT_VMFLAGS_USERFAULTFD,
	VMT_VMFLAGS_SPECIAL, /* a map with one of these never merges */
	VMT_VMFLAGS_OTHER,
	VMT_VMFLAGS_IGNORED, /* shown in maps as well, or of no effect */
};

/* The flags in text, VMT_VMFLAGS_KNOWN among them; unknown letters are left out. */
uint64_t vmt_vmflags_parse(const char *text, size_t length);

/* All flags of a group. */
uint64_t vmt_vmflags_of(enum vmt_vmflags_group group);

/* Two letters of bit number bit, or NULL. */
const char *vmt_vmflags_letters(uint32_t bit);

/* What it stands for: "MADV_DONTFORK"; NULL like the letters. */
const char *vmt_vmflags_word(uint32_t bit);

#endif
