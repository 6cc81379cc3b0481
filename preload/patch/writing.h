/* SPDX-License-Identifier: MIT */
/*
 * Writing jumps into text, so that it stays one map and is not writable afterwards. Through
 * /proc/self/mem, or, where the kernel refuses that, by making all of the map writable for a
 * moment.
 */
#ifndef VMT_WRITING_H
#define VMT_WRITING_H

#include "core/base/base.h"

struct vmt_writing {
	int mem; /* -1: by what follows */
	struct vmt_range map; /* it is writable, and cannot be executed meanwhile */
};

/*
 * Find out which way is open. By the constructor; by_mprotect: as if /proc/self/mem were not there.
 */
void vmt_writing_choose(bool by_mprotect);

/* Why /proc/self/mem is not written to: 0, -ENOENT and the like (it cannot be opened), -EACCES. */
int vmt_writing_mem_error(void);

/*
 * Begin to write into a map of text, which is read from file: a descriptor. No thread may be in it
 * until the end, this one included, so no function of libc's may be called. Returns 0, or -errno:
 * nothing is changed then.
 */
int vmt_writing_begin(struct vmt_writing *writing, struct vmt_range map, int file);

/* As vmt_code_write_jump(). */
int vmt_writing_jump(const struct vmt_writing *writing, uint64_t addr, uint64_t target);

/* Write a leap (code.h) into a page that nothing else is in, and no thread. */
int vmt_writing_leap(const struct vmt_writing *writing, uint64_t addr, uint64_t target);

void vmt_writing_end(struct vmt_writing *writing);

#endif
