/* SPDX-License-Identifier: MIT */
/*
 * What the merge rules have to go by: what this kernel does, as far as it is known, whether what is
 * known may be relied on, and the numbers given out so far. One for each table (space.h).
 */
#ifndef VMT_RULES_H
#define VMT_RULES_H

#include "core/base/base.h"
#include "core/vma/vma.h"

/*
 * Does MAP_STACK make a map differ? It depends on the kernel, and shows at the first that meets
 * another.
 */
enum vmt_stack_class {
	VMT_STACK_CLASS_UNKNOWN,
	VMT_STACK_CLASS_EQUAL,
	VMT_STACK_CLASS_OTHER,
};

/* Does a new map of an opened file merge with another of the same, on this device? */
struct vmt_files {
	uint32_t dev;
	enum vmt_answer merge;
};

/* The file that ld.so is mapping: all of it first, then piece by piece on top of that. */
struct vmt_loaded {
	struct vmt_range range;
	int fd;
	uint32_t vma_class;
};

struct vmt_unlike {
	uint32_t a;
	uint32_t b;
};

/* What is MAP_NORESERVE? vm.overcommit_memory says it. */
enum vmt_noreserve {
	VMT_NORESERVE_UNKNOWN,
	VMT_NORESERVE_KEPT,
	VMT_NORESERVE_IGNORED,
};

struct vmt_rules {
	bool reasons; /* what is known of hidden attributes may be relied on (merge_rules.h) */
	bool is_sample; /* the kernel is asked about this call although the answer seems known… */
	bool is_refuted; /* …and once said something else */
	bool knows_anon_vmas; /* the kernel's rules are those of anon_vma.h */
	enum vmt_stack_class stack_class;
	enum vmt_noreserve noreserve;
	struct vmt_files files;
	struct vmt_loaded loaded;
	uint32_t last_class; /* the last number given out */
	uint32_t last_anon;
	uint32_t last_anon_cut; /* the last number given to a cut, see anon_vma.h */
	unsigned next_unlike;
	struct vmt_unlike
		unlike[64]; /* numbers of anon_vmas that are not the same; the last so many */
};

#endif
