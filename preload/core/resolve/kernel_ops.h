/* SPDX-License-Identifier: MIT */
/*
 * How resolve.c, predict.c and merge.c ask the kernel, and how far they had to. The functions are
 * arguments, so that tests can stand in for the kernel.
 */
#ifndef VMT_KERNEL_OPS_H
#define VMT_KERNEL_OPS_H

#include "core/vma/outcome.h"

/* The questions that can be put to the kernel. */
struct vmt_kernel_ops {
	/*
	 * Append every map that intersects range, in order, to outcome. Returns 0 or -errno; the
	 * outcome must be discarded on failure.
	 */
	int (*walk)(void *context, struct vmt_range range, struct vmt_outcome *outcome);
	/*
	 * Right is expected to be a map, and to touch another map at its start. Returns 1 if the
	 * two are still separate, 0 if the kernel has merged them, and -ESTALE if the kernel has
	 * some other map there. Any other negative number means that this question cannot be
	 * answered: walk instead.
	 */
	int (*boundary)(void *context, const struct vmt_vma *right);
	/*
	 * Set the inode and device of vma, a new map of descriptor fd. Returns 1 if the file system
	 * is known to add no attributes to its maps, 0 if it is not. A negative number means that
	 * the question cannot be answered: walk instead. The function may be NULL.
	 */
	int (*file)(void *context, int fd, struct vmt_vma *vma);
	/*
	 * Is it certain that no other call came between this call and the kernel's answers? Only
	 * then do the answers tell something about this call. NULL: it is always certain.
	 */
	bool (*is_alone)(void *context);
	void *context;
};

enum vmt_resolved {
	VMT_RESOLVED_DERIVED, /* derived without the kernel */
	VMT_RESOLVED_ASKED, /* the kernel answered */
	VMT_RESOLVED_GUESSED, /* the kernel could not be asked: this is the likeliest outcome */
};

#endif
