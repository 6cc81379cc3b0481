/* SPDX-License-Identifier: MIT */
/*
 * Writes jumps into text so that it stays one map and is not writable afterwards: through
 * /proc/self/mem, or, where the kernel refuses that, by making the whole map writable for a moment.
 */
#ifndef VMT_WRITING_H
#define VMT_WRITING_H

#include "core/base/base.h"

struct vmt_writing {
	int mem; /* a descriptor of /proc/self/mem; -1: the map below was made writable */
	struct vmt_range map; /* writable at the moment, and not executable */
};

/*
 * Find out which way works. Called by the constructor. by_mprotect: pretend that /proc/self/mem
 * does not exist.
 */
void vmt_writing_choose(bool by_mprotect);

/*
 * Why /proc/self/mem cannot be written to: 0 (it can), -ENOENT or another error of open, or
 * -EACCES.
 */
int vmt_writing_mem_error(void);

/*
 * Begin to write into a map of text; file: a descriptor of its file. Until vmt_writing_end() no
 * thread may execute that text, this thread included, so no function of libc may be called. Returns
 * 0, or -errno with nothing changed.
 */
int vmt_writing_begin(struct vmt_writing *writing, struct vmt_range map, int file);

/* Write a jump, like vmt_code_write_jump(). */
int vmt_writing_jump(const struct vmt_writing *writing, uint64_t addr, uint64_t target);

/* Write code into a page that no thread executes. Returns 0 or -errno. */
int vmt_writing_apart(const struct vmt_writing *writing, uint64_t addr, const uint8_t *code,
		      size_t size);

void vmt_writing_end(struct vmt_writing *writing);

#endif
