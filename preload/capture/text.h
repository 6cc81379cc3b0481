/* SPDX-License-Identifier: MIT */
/*
 * Machine code as bytes: finding system call sites and writing jumps over
 * them (x86-64). Knows nothing of modules or of what is to be caught.
 */
#ifndef VMT_TEXT_H
#define VMT_TEXT_H

#include "core/base.h"

#define VMT_TEXT_SITE_SIZE 7	/* mov $nr, %eax; syscall */
#define VMT_TEXT_JUMP_SIZE 5

struct vmt_text_site {
	uint64_t addr;
	uint32_t nr;
	bool is_exact;	/* can be patched */
};

/*
 * The next system call in [*from, end) whose number can be told. Exact: the
 * seven bytes `mov $nr, %eax; syscall`. Otherwise there is a similar mov a few
 * instructions before, which is a guess and good for a warning. Moves *from on. Returns
 * false, with *from = end, if there is none. The text must be readable.
 */
bool vmt_text_next_site(uint64_t *from, uint64_t end, struct vmt_text_site *ret_site);

/* Do the bytes that a jump needs lie in one cache line, so that threads see all or none? */
static inline bool vmt_text_is_in_one_line(uint64_t addr)
{
	return addr % 64 + VMT_TEXT_JUMP_SIZE <= 64;
}

/* Open the calling process's memory for writing. Returns a descriptor or -errno. */
int vmt_text_open(void);

/*
 * Write `jmp target` at addr through that descriptor, in one call, exactly
 * VMT_TEXT_JUMP_SIZE bytes. Returns 0, -ERANGE (target is too far) or -errno.
 */
int vmt_text_write_jump(int mem, uint64_t addr, uint64_t target);

#endif
