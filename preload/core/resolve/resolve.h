/* SPDX-License-Identifier: MIT */
/*
 * Finding out what the maps are after a call: derived from the table and the call
 * where there is no doubt, asked of the kernel otherwise. The table is not changed.
 */
#ifndef VMT_RESOLVE_H
#define VMT_RESOLVE_H

#include "core/vma/change.h"
#include "core/vma/outcome.h"

/* The kernel, as far as it can be asked. */
struct vmt_kernel_ops {
	/*
	 * Append every map that intersects range, in order, to outcome. Returns 0 or
	 * -errno (then the outcome is to be thrown away).
	 */
	int (*walk)(void *context, struct vmt_range range, struct vmt_outcome *outcome);
	/*
	 * Two maps are expected to touch at addr, the right one looking like right: are they
	 * two (1) or has the kernel made them one (0)? -ESTALE: the kernel's map there is another
	 * one. Otherwise negative: cannot be told this way; walk.
	 */
	int (*boundary)(void *context, const struct vmt_vma *right);
	/*
	 * Which file does the new map look, of descriptor fd, show? Sets inode and device. 1: one
	 * of a file system that maps files as they are; 0: any other. Negative: cannot be told this
	 * way; walk. May be NULL.
	 */
	int (*file)(void *context, int fd, struct vmt_vma *vma);
	/*
	 * Is there nobody whose call may have come between this call and the answers to it? Only
	 * then do they tell more than what is there now. NULL: nobody.
	 */
	bool (*is_alone)(void *context);
	void *context;
};

enum vmt_resolved {
	VMT_RESOLVED_DERIVED, /* without the kernel */
	VMT_RESOLVED_ASKED, /* the kernel answered */
	VMT_RESOLVED_GUESSED, /* it could not be asked: the likeliest outcome */
};

struct vmt_resolution {
	struct vmt_range span[2]; /* what outcome tells about, whole maps; ascending */
	unsigned span_count;
	struct vmt_outcome outcome;
};

/*
 * change: may be completed (the end of a new map, growth that became a map of its own). The
 * maps of the table that lie in the spans are to be replaced by resolution->outcome.
 */
enum vmt_resolved vmt_resolve(struct vmt_space *space, struct vmt_change *change,
			      const struct vmt_kernel_ops *kernel,
			      struct vmt_resolution *resolution);

#endif
