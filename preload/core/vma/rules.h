/* SPDX-License-Identifier: MIT */
/*
 * The facts and settings that the merge rules depend on: what is known of this kernel's behaviour,
 * whether hidden attributes may be relied on, and the last numbers given out. There is one for each
 * table (space.h).
 */
#ifndef VMT_RULES_H
#define VMT_RULES_H

#include "core/base/base.h"
#include "core/vma/vma.h"

/*
 * Does MAP_STACK keep maps from merging? That depends on the kernel, and shows when the first such
 * map touches another.
 */
enum vmt_stack_class {
	VMT_STACK_CLASS_UNKNOWN,
	VMT_STACK_CLASS_EQUAL,
	VMT_STACK_CLASS_OTHER,
};

/* Does a new map of an open file merge with another map of that file, on this device? */
struct vmt_files {
	uint32_t dev;
	enum vmt_answer merge;
};

/* The file that ld.so is mapping. It maps the whole file first, then piece by piece over that. */
struct vmt_loaded {
	struct vmt_range range;
	int fd;
	uint32_t vma_class;
};

struct vmt_unlike {
	uint32_t a;
	uint32_t b;
};

/* Whether MAP_NORESERVE has an effect, which depends on vm.overcommit_memory. */
enum vmt_noreserve {
	VMT_NORESERVE_UNKNOWN,
	VMT_NORESERVE_KEPT,
	VMT_NORESERVE_IGNORED,
};

struct vmt_rules {
	bool reasons; /* the rules may rely on hidden attributes (merge_rules.h) */
	/* the kernel is asked about this call as a sample, although the rules know the answer */
	bool is_sample;
	bool is_refuted; /* a sample contradicted the rules once */
	bool knows_anon_vmas; /* this kernel follows the rules of anon_vma.h */
	enum vmt_stack_class stack_class;
	enum vmt_noreserve noreserve;
	struct vmt_files files;
	struct vmt_loaded loaded;
	uint32_t last_class; /* the last class number given out */
	uint32_t last_anon;
	uint32_t last_anon_cut; /* the last number given to a cut (anon_vma.h) */
	unsigned next_unlike;
	struct vmt_unlike unlike[64]; /* the latest pairs of numbers of anon_vmas that differ */
};

#endif
