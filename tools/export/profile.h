/* SPDX-License-Identifier: MIT */
/*
 * One process as viewers of profiles take it: a sample for each call site, with its numbers and its
 * stack, and the places that the stacks share. All text is UTF-8 without control
 * characters; quotes and separators are each writer's to escape.
 */
#ifndef VMT_PROFILE_H
#define VMT_PROFILE_H

#include "export/export.h"

/* A function, or what there is instead of a name: "libc.so.6+0x1139", "[startup]". */
struct vmt_profile_line {
	char *function;
	char *file; /* or NULL */
	uint32_t line; /* 0 = unknown */
};

enum vmt_profile_kind {
	VMT_PROFILE_CODE,
	VMT_PROFILE_TAIL, /* a function that ended in a jump, known from its caller's code */
	VMT_PROFILE_CALL, /* the system call, always the innermost */
	VMT_PROFILE_MARKER, /* no place at all: "[startup]", "[truncated]" */
};

struct vmt_profile_location {
	enum vmt_profile_kind kind;
	uint32_t module; /* VMT_NO_INDEX = none */
	uint64_t offset; /* in the module's file */
	struct vmt_profile_line *line; /* inlined functions first, each in the next */
	uint32_t lines; /* at least 1 */
};

struct vmt_profile_sample {
	uint64_t index; /* of the site */
	struct vmt_rec_site site;
	uint64_t value[VMT_EXPORT_VALUES];
	uint32_t *location; /* indices, innermost first */
	uint32_t count; /* at least 1 */
};

struct vmt_profile {
	const struct vmt_view *view;
	char *program; /* the name of its file */
	struct vmt_profile_location *location;
	uint32_t locations;
	struct vmt_profile_sample *sample; /* by index */
	size_t samples;
};

/* Free with vmt_profile_free(). */
void vmt_profile_read(struct vmt_profile *ret_profile, const struct vmt_view *view,
		      struct vmt_symbols *symbols);
void vmt_profile_free(struct vmt_profile *profile);

/* Whether the call site stands for a system call, and is not startup or unseen. */
static inline bool vmt_profile_is_call(const struct vmt_profile_sample *sample)
{
	return sample->index >= VMT_SITE_FIRST;
}

/* The sample of a site; NULL if it has none. */
const struct vmt_profile_sample *vmt_profile_find(const struct vmt_profile *profile, uint64_t site);

/*
 * The call sites with the highest values, at most `most`, and none without any; those that are no
 * system call left out. Returns how many there are; the caller frees the array.
 */
size_t vmt_profile_top(const struct vmt_profile *profile, enum vmt_export_value value,
		       uint64_t most, const struct vmt_profile_sample ***ret_top);

/* Where a call site is, as the text report has it: "guard pool.c:6". The caller frees it. */
char *vmt_profile_where(const struct vmt_profile *profile, const struct vmt_profile_sample *sample,
			struct vmt_symbols *symbols);

#endif
