/* SPDX-License-Identifier: MIT */
/*
 * The malloc door: the library's allocation functions stand in front of the next definitions, and
 * count on the way. A call is counted first and then jumped to, so that the stack has no frame of
 * ours and nothing is left to do after it. Therefore a failed allocation counts as an allocation,
 * and memory that an allocator hands out in other ways (operator new, if the allocator defines that
 * too) is not counted. Only the result of realloc(p, 0) is examined, since allocators differ in
 * whether it frees.
 */
#ifndef VMT_MALLOC_H
#define VMT_MALLOC_H

#include "core/base/base.h"

/* The functions that are wrapped. malloc and free come first: their counters share a cache line. */
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
	/* Further events that are counted: */
	VMT_REALLOC_NEW = VMT_MALLOC_FUNCTIONS, /* realloc of NULL */
	VMT_REALLOC_GONE, /* realloc to size 0 */
	VMT_REALLOCARRAY_NEW,
	VMT_MALLOC_EVENTS,
};

/* Of two addresses the lower halves, which tell them apart from others nearby. */
struct vmt_malloc_freed {
	uint32_t pointer; /* what was given to free last */
	uint32_t caller; /* the address that this call returned to */
};

struct vmt_malloc_count {
	uint64_t calls; /* free(NULL) is not counted as a free */
	union {
		uint64_t bytes; /* bytes requested */
		struct vmt_malloc_freed last; /* of free, by a thread with a block of its own */
	};
};

/*
 * The counts of one thread. After the thread's end, another thread continues with them, since only
 * sums matter.
 */
struct vmt_malloc_block {
	struct vmt_malloc_count count[VMT_MALLOC_EVENTS];
	_Atomic uint32_t owner; /* thread id */
	_Atomic uint64_t own; /* the address of its vmt_malloc_own */
} __attribute__((aligned(64)));

/* The counts of all threads that have no block of their own. */
extern struct vmt_malloc_block vmt_malloc_shared;

/* Shared by malloc_entry.S and malloc.c. */
extern void *(*vmt_malloc_next_malloc)(size_t size);
extern void (*vmt_malloc_next_free)(void *old);
extern __thread struct vmt_malloc_block *vmt_malloc_own; /* NULL: the thread has none */
#define VMT_MALLOC_LOAD_SIZE 9
extern const uint8_t vmt_malloc_load[]; /* the instructions that load the thread's block */
extern const uint8_t vmt_malloc_free_load[];
extern const uint8_t vmt_malloc_jump[]; /* the instruction that jumps to the next definition */
extern const uint8_t vmt_malloc_free_jump[];
void *vmt_malloc_slowly(size_t size);
void vmt_malloc_free_slowly(void *old);

/*
 * Blocks for this many threads at a time; further threads share one block, with atomic additions.
 */
#define VMT_MALLOC_BLOCKS 1024u

/* Look up the next definitions, if no call has needed them before. Called by the constructor. */
void vmt_malloc_resolve(void);

/*
 * Give each thread counters of its own, from blocks[0, VMT_MALLOC_BLOCKS), which must be zero.
 * Counting costs less than testing whether to count; so malloc=0 changes only what is reported.
 */
void vmt_malloc_start(struct vmt_malloc_block *blocks);

/*
 * Calls that the next allocator makes to its own functions will no longer come here; otherwise
 * Electric Fence, whose malloc calls memalign, would be counted twice. Called by the constructor.
 */
void vmt_malloc_look_at_allocator(void);

/* Sums over all threads, since the start or the fork. */
void vmt_malloc_sum(struct vmt_malloc_count ret_sums[VMT_MALLOC_EVENTS]);

/* The blocks are about to be the program's memory: no thread may write there any more. */
void vmt_malloc_give_up(void);

/* In a fork child: the counts of its only thread start at zero. */
void vmt_malloc_start_child(void);

/* Returns the address of the definition that calls go to, or 0 before it is known. */
uint64_t vmt_malloc_next(enum vmt_malloc_function function);

/*
 * Returns the address of a definition of malloc that stands before ours, so that we are never
 * called; 0 if there is none.
 */
uint64_t vmt_malloc_before(void);

/* Does the allocator define operator new as well? Its allocations are not counted. */
bool vmt_malloc_has_new(void);

#endif
