/* SPDX-License-Identifier: MIT */
/*
 * Finds out what the maps are after a call: they are derived from the table and the call where
 * there is no doubt, and read from the kernel otherwise. The table is not changed here.
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
	 * A map like right is expected, and another one that touches its start: are they still two
	 * (1), or has the kernel merged them (0)? -ESTALE: the kernel has another map there. Any
	 * other negative number: this way gives no answer; walk instead.
	 */
	int (*boundary)(void *context, const struct vmt_vma *right);
	/*
	 * Set inode and device of the new map vma, which was mapped from descriptor fd. 1: its file
	 * system maps files as they are; 0: another file system. Negative: this way gives no
	 * answer; walk instead. The function may be NULL.
	 */
	int (*file)(void *context, int fd, struct vmt_vma *vma);
	/*
	 * Can no other call have come between this call and the kernel's answers? Only then do the
	 * answers say something about this call. NULL: none can.
	 */
	bool (*is_alone)(void *context);
	void *context;
};

enum vmt_resolved {
	VMT_RESOLVED_DERIVED, /* without the kernel */
	VMT_RESOLVED_ASKED, /* the kernel answered */
	VMT_RESOLVED_GUESSED, /* the kernel could not be asked: the likeliest outcome */
};

struct vmt_resolution {
	struct vmt_range span[2]; /* the addresses that outcome covers, in whole maps; ascending */
	unsigned span_count;
	struct vmt_outcome outcome;
};

/*
 * change may be completed (the end of a new map, growth that became a map of its own). The caller
 * replaces the maps of the table that lie in the spans by resolution->outcome.
 */
enum vmt_resolved vmt_resolve(struct vmt_space *space, struct vmt_change *change,
			      const struct vmt_kernel_ops *kernel,
			      struct vmt_resolution *resolution);

#endif
