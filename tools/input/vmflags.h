/* SPDX-License-Identifier: MIT */
/*
 * The VmFlags line of /proc/PID/smaps (proc(5)), which has two letters for each flag. Pure. Used
 * where maps are read and where neighbours are compared.
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
	VMT_VMFLAGS_SPECIAL, /* a map with such a flag never merges */
	VMT_VMFLAGS_OTHER,
	VMT_VMFLAGS_IGNORED, /* also visible in maps, or without effect on merges */
};

/* Parse the flags in text. VMT_VMFLAGS_KNOWN is set in the result; unknown letters are skipped. */
uint64_t vmt_vmflags_parse(const char *text, size_t length);

/* Returns all flags of a group. */
uint64_t vmt_vmflags_of(enum vmt_vmflags_group group);

/* Returns the two letters of a bit, or NULL. */
const char *vmt_vmflags_letters(uint32_t bit);

/* Returns what sets the flag, as "MADV_DONTFORK", or NULL if it has no letters. */
const char *vmt_vmflags_word(uint32_t bit);

#endif
