/* SPDX-License-Identifier: MIT */
/*
 * Many recordings of a program, from any number of machines, as one: call sites are the same if
 * their normalised stacks are (naming/stack.h, as in check and diff). Frames without a name count by
 * module, build-id and offset, never by address. One recording is open at a time.
 */
#ifndef VMT_COMBINE_H
#define VMT_COMBINE_H

#include "export/export.h"
#include "naming/stack.h"

#include <stdio.h>

#define HASH_NONFATAL_OOM 0
#include <uthash.h>

/* How many different stacks are kept; of later ones only the maps are counted. */
#define VMT_COMBINE_SITES_MAX 65536u

struct vmt_combine_site {
	char *key;
	uint32_t call;
	struct vmt_stack stack; /* from the first recording that has the site */
	uint64_t live; /* maps now or at the end, over all recordings */
	uint64_t peak; /* maps at each recording's peak, likewise */
	uint64_t calls;
	uint64_t recordings; /* how many recordings it had maps in, now or at the peak */
	uint64_t most; /* the most that it had in one recording, now or at the peak */
	uint64_t current; /* likewise, in the recording that is being read */
	UT_hash_handle hh;
};

/* One recording. */
struct vmt_combine_run {
	uint64_t maps;
	uint64_t peak;
};

struct vmt_combine_program {
	char *name; /* base name of the executable */
	struct vmt_combine_run *run;
	size_t runs;
	uint64_t became; /* recordings that ended by becoming another program; not in runs */
	uint64_t builds; /* different build-ids of the executable */
	uint64_t near; /* recordings whose peak was at 80 % of the limit or more */
	uint64_t refused; /* recordings in which calls failed because of the limit */
	uint64_t inexact;
	uint64_t limit; /* the lowest; 0 = unknown */
	uint64_t other; /* maps whose stacks came after VMT_COMBINE_SITES_MAX others */
	char *highest; /* the recording with the highest peak */
	struct vmt_combine_run top; /* its values */
	struct vmt_combine_site *sites; /* hash table */
	UT_hash_handle hh;
};

struct vmt_combine {
	struct vmt_combine_program *programs; /* hash table */
	size_t read; /* recordings that could be read */
	size_t bad;
	/* Private to combine.c: */
	struct vmt_combine_known *known;
	struct vmt_combine_module *modules;
	struct vmt_symbols *symbols;
};

/* Read all recordings that paths name. Returns 0 or -errno, after a message for each bad one. */
int vmt_combine_read(struct vmt_combine *ret_combine, char **path, size_t count,
		     const char *symbols);
void vmt_combine_free(struct vmt_combine *combine);

/*
 * Returns the program of this name, or NULL if there is none. name NULL: the program that had the
 * most maps.
 */
const struct vmt_combine_program *vmt_combine_find(const struct vmt_combine *combine,
						   const char *name);

/*
 * top: how many sites are shown; depth: how many lines of each stack. 0 = default. Return 0 or
 * -errno.
 */
int vmt_combine_text(FILE *stream, const struct vmt_combine *combine,
		     const struct vmt_combine_program *program, uint64_t top, uint32_t depth);
/* "schema": "vmatrace.merged/1" */
int vmt_combine_json(FILE *stream, const struct vmt_combine *combine);
/* program: NULL = all. value: live or peak; the others are not kept. */
int vmt_combine_folded(FILE *stream, const struct vmt_combine *combine, const char *program,
		       enum vmt_export_value value);

#endif
