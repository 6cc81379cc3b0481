/* SPDX-License-Identifier: MIT */
/*
 * Shared by the parts of model_vs_kernel: the ways of asking the kernel, the model of the program's
 * own maps, and the dice. Nothing may allocate once the model has started: it would not be told of
 * an mmap that libc makes for itself.
 */
#ifndef MODEL_H
#define MODEL_H

#include "core/fast/fast_range.h"
#include "core/fast/fast.h"
#include "core/resolve/effect.h"
#include "core/vma/change_decode.h"
#include "core/vma/merge_rules.h"

#define PAGE        ((uint64_t)4096)
#define ARENA       UINT64_C(0x1000000000) /* 64 GiB: the kernel places nothing there unasked */
#define ARENA_PAGES 64
#define ARENA_END   (ARENA + ARENA_PAGES * PAGE)
#define TEXT_MAX    8192 /* maps in /proc/self/maps */

/* /proc/self/maps, parsed. */
struct text {
	struct vmt_vma vma[TEXT_MAX];
	size_t count;
};

/* WAY_AUTO: as in the library, by PROCMAP_QUERY if there is one, otherwise by WAY_PROBE. */
enum way { WAY_QUERY, WAY_PROBE, WAY_MAPS, WAY_AUTO };

/* Open what the way needs. The answers are about this process, so call this again after a fork. */
void ways_open(enum way way, struct vmt_kernel_ops *ret_ops);

/* Can PROCMAP_QUERY be used? Call after ways_open(), for whichever way. */
bool ways_can_query(void);

/* Read the text without [vsyscall]; ends the program if it cannot be read. */
void text_read(struct text *text);

struct figures {
	unsigned long calls;
	unsigned long failed;
	unsigned long nothing;
	unsigned long derived;
	unsigned long asked;
	unsigned long questions; /* calls of boundary() */
	unsigned long walks;
};

extern struct figures figures;

/*
 * Start with the present maps. reasons: rely on hidden attributes (merge_rules.h); stacks: some
 * maps may grow between calls.
 */
void model_start(enum way way, bool reasons, bool stacks, const char *label);

/* The process is now a fork child: drop maps that it did not inherit. */
void model_forked(void);

/*
 * Make system call nr, bring the model up to date, and compare it with the kernel; ends the program
 * with a description at the first difference. Returns the kernel's result.
 */
long model_call(long nr, long a, long b, long c, long d, long e, long f);

uint64_t dice(uint64_t bound);

/*
 * Make one random call, and perhaps a few accesses. Call steps_open() first; stacks: include
 * growing maps; alloc: only calls of allocators.
 */
void steps_open(uint64_t seed, bool stacks, bool alloc);
void steps_make_alloc(int zero, const int library[2]);
void steps_make(void);

#endif
