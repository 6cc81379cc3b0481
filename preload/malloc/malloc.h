/* SPDX-License-Identifier: MIT */
/*
 * The malloc door: the allocation functions stand in front of whatever definitions come next and
 * count on the way. A call is counted before it is made and then jumped to, so that there is no
 * frame of ours on the stack and nothing to do on the way back. Hence an allocation that fails is
 * counted as one, and what an allocator does without these functions (operator new, where it
 * defines that as well) is not counted. Only of realloc(p, 0) the result is looked at: whether that
 * frees is the allocator's choice.
 */
#ifndef VMT_MALLOC_H
#define VMT_MALLOC_H

#include "core/base/base.h"

/* The functions wrapped. malloc and free first: they share a cache line of the counters. */
enum vmt_malloc_function {
	VMT_MALLOC,
	VMT_FREE,
	VMT_CALLOC,
	VMT_REALLOC,
	VMT_REALLOCARRAY,
	VMT_MEMALIGN,
	VMT_POSIX_MEMALIGN,
	VMT_ALIGNED_ALLOC,
	VMT_VALLOC,
	VMT_PVALLOC,
	VMT_MALLOC_FUNCTIONS,
	/* What else is counted: */
	VMT_REALLOC_NEW = VMT_MALLOC_FUNCTIONS, /* of NULL */
	VMT_REALLOC_GONE, /* to nothing */
	VMT_REALLOCARRAY_NEW,
	VMT_MALLOC_EVENTS,
};

struct vmt_malloc_count {
	uint64_t calls; /* free: those not of NULL */
	uint64_t bytes; /* asked for */
};

/* One thread's counts, and after its end another's: the sums go on. */
struct vmt_malloc_block {
	struct vmt_malloc_count count[VMT_MALLOC_EVENTS];
	_Atomic uint32_t owner; /* thread id */
} __attribute__((aligned(64)));

/* What malloc_entry.S and malloc.c share. */
extern void *(*vmt_malloc_next_malloc)(size_t size);
extern void (*vmt_malloc_next_free)(void *old);
extern __thread struct vmt_malloc_block *vmt_malloc_own;
#define VMT_MALLOC_LOAD_SIZE 11
extern const uint8_t vmt_malloc_load[]; /* what loads the thread's block */
extern const uint8_t vmt_malloc_free_load[];
extern const uint8_t vmt_malloc_jump[]; /* the instruction that leaves for the next definition */
extern const uint8_t vmt_malloc_free_jump[];
void *vmt_malloc_slowly(size_t size);
void vmt_malloc_free_slowly(void *old);

/* For so many threads at a time; more share one, with atomic adds. */
#define VMT_MALLOC_BLOCKS 1024u

/* Look the next definitions up, if that was not necessary before. By the constructor. */
void vmt_malloc_resolve(void);

/*
 * Give each thread counters of its own, of blocks[0, VMT_MALLOC_BLOCKS), which are zero. To count
 * costs less than to ask whether to count: malloc=0 changes what is reported only.
 */
void vmt_malloc_start(struct vmt_malloc_block *blocks);

/*
 * Calls that the next allocator makes to its own functions will no longer come here, or Electric
 * Fence, whose malloc calls memalign, would be counted twice. By the constructor.
 */
void vmt_malloc_look_at_allocator(void);

/* Sums over all threads since the start, or since the fork. */
void vmt_malloc_sum(struct vmt_malloc_count ret_sums[VMT_MALLOC_EVENTS]);

/* Calls of malloc and calloc by this thread, as far as they are known without looking elsewhere. */
uint64_t vmt_malloc_of_thread(void);

/* A fork child: its only thread begins at zero. */
void vmt_malloc_start_child(void);

/* The definition that calls go to; 0 before it is known. */
uint64_t vmt_malloc_next(enum vmt_malloc_function function);

/*
 * The definition of malloc that stands before ours, so that we are not asked; 0 if there is none.
 */
uint64_t vmt_malloc_before(void);

/* Does the allocator define operator new as well? That is not counted then. */
bool vmt_malloc_has_new(void);

#endif
