/* SPDX-License-Identifier: MIT */
/*
 * What the parts of model_vs_kernel share: the ways of asking the kernel, the model of the
 * program's own maps, and the dice. Nothing here may allocate once the model has started: an
 * mmap that libc makes for itself would be one that the model was not told of.
 */
#ifndef MODEL_H
#define MODEL_H

#include "core/fast/fast_range.h"
#include "core/fast/fast_simple.h"
#include "core/resolve/effect.h"
#include "core/vma/merge_rules.h"

#define PAGE        ((uint64_t)4096)
#define ARENA       UINT64_C(0x1000000000) /* 64 GiB: nothing comes there unasked */
#define ARENA_PAGES 64
#define ARENA_END   (ARENA + ARENA_PAGES * PAGE)
#define TEXT_MAX    8192 /* maps in /proc/self/maps */

/* /proc/self/maps, parsed. */
struct text {
	struct vmt_vma vma[TEXT_MAX];
	size_t count;
};

/* WAY_AUTO: as the library does, by PROCMAP_QUERY where there is one and by WAY_PROBE elsewhere. */
enum way { WAY_QUERY, WAY_PROBE, WAY_MAPS, WAY_AUTO };

/* Opens what the way needs; the answers are those of this process, so again after a fork. */
void ways_open(enum way way, struct vmt_kernel_ops *ret_ops);

/* Can PROCMAP_QUERY be used? After ways_open, whatever way that was for. */
bool ways_can_query(void);

/* Without [vsyscall]; ends the program when the text cannot be read. */
void text_read(struct text *text);

struct figures {
	unsigned long calls;
	unsigned long failed;
	unsigned long nothing;
	unsigned long derived;
	unsigned long asked;
	unsigned long questions; /* of boundary */
	unsigned long walks;
};

extern struct figures figures;

/*
 * Start with the maps as they are now. reasons: hidden attributes are reasoned about
 * (merge_rules.h); stacks: some maps may grow between calls.
 */
void model_start(enum way way, bool reasons, bool stacks, const char *label);

/* The process is a fork child now: maps that it did not inherit are dropped. */
void model_forked(void);

/*
 * Make system call nr, bring the model up to date and compare it with the kernel; ends the
 * program with a description at the first difference. Returns the kernel's result.
 */
long model_call(long nr, long a, long b, long c, long d, long e, long f);

uint64_t dice(uint64_t bound);

/*
 * Make one random call and perhaps a few accesses. steps_open first; stacks: also growing ones;
 * alloc: only those of allocators.
 */
void steps_open(uint64_t seed, bool stacks, bool alloc);
void steps_make_alloc(int zero, const int library[2]);
void steps_make(void);

#endif
