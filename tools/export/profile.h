/* SPDX-License-Identifier: MIT */
/*
 * One process in the form that viewers of profiles use: a sample for each call site with its values
 * and its stack, and the locations that stacks share. All text is UTF-8 without control characters;
 * each writer escapes quotes and separators itself.
 */
#ifndef VMT_PROFILE_H
#define VMT_PROFILE_H

#include "export/export.h"

/* A function, or a substitute for its name: "libc.so.6+0x1139", "[startup]". */
struct vmt_profile_line {
	char *function;
	char *file; /* NULL = unknown */
	uint32_t line; /* 0 = unknown */
};

enum vmt_profile_kind {
	VMT_PROFILE_CODE,
	VMT_PROFILE_TAIL, /* a function that ended in a jump, known from its caller's code */
	VMT_PROFILE_CALL, /* the system call, which is always innermost */
	VMT_PROFILE_MARKER, /* no real location: "[startup]", "[truncated]" */
};

struct vmt_profile_location {
	enum vmt_profile_kind kind;
	uint32_t module; /* VMT_NO_INDEX = none */
	uint64_t offset; /* in the module's file */
	struct vmt_profile_line *line; /* the functions inlined there, innermost first */
	uint32_t lines; /* at least 1 */
};

struct vmt_profile_sample {
	uint64_t index; /* the site's index */
	struct vmt_rec_site site;
	uint64_t value[VMT_EXPORT_VALUES];
	uint32_t *location; /* indices of locations, innermost first */
	uint32_t count; /* at least 1 */
};

struct vmt_profile {
	const struct vmt_view *view;
	char *program; /* the base name of its file */
	struct vmt_profile_location *location;
	uint32_t locations;
	struct vmt_profile_sample *sample; /* in the order of the sites */
	size_t samples;
};

/* Free with vmt_profile_free(). */
void vmt_profile_read(struct vmt_profile *ret_profile, const struct vmt_view *view,
		      struct vmt_symbols *symbols);
void vmt_profile_free(struct vmt_profile *profile);

/* Does the call site stand for a system call, rather than for start-up or unseen changes? */
static inline bool vmt_profile_is_call(const struct vmt_profile_sample *sample)
{
	return sample->index >= VMT_SITE_FIRST;
}

/* Returns the sample of a site; NULL if it has none. */
const struct vmt_profile_sample *vmt_profile_find(const struct vmt_profile *profile, uint64_t site);

/*
 * Find the call sites with the highest values, at most `most`. Sites with the value 0, and sites
 * that are no system call, are left out. Returns their number; the caller frees the array.
 */
size_t vmt_profile_top(const struct vmt_profile *profile, enum vmt_export_value value,
		       uint64_t most, const struct vmt_profile_sample ***ret_top);

/* Returns the place of a call site as in the text report: "guard pool.c:6". The caller frees it. */
char *vmt_profile_where(const struct vmt_profile *profile, const struct vmt_profile_sample *sample,
			struct vmt_symbols *symbols);

#endif
