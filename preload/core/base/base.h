/* SPDX-License-Identifier: MIT */
/*
 * Attributes, limits and half-open ranges for every file of the core. The core is pure: it makes no
 * system calls, allocates nothing, prints nothing and has no global state. It therefore behaves
 * alike in the preloaded library, in the tools and in the tests.
 */
#ifndef VMT_BASE_H
#define VMT_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VMT_MUST_CHECK  __attribute__((warn_unused_result))
#define VMT_LIKELY(x)   __builtin_expect(!!(x), 1)
#define VMT_UNLIKELY(x) __builtin_expect(!!(x), 0)
/* Nearly every call runs these functions; the linker places them together, on few pages. */
#define VMT_HOT          __attribute__((hot))
#define VMT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define VMT_PAGE_SIZE UINT64_C(4096)
/* where addresses of programs end: page tables have four levels, or five if a program asks for it */
#define VMT_ADDRESS_END   UINT64_C(0x7ffffffff000)
#define VMT_ADDRESS_END_5 (UINT64_C(1) << 56)
#define VMT_FRAMES_MAX    64 /* frames kept of one stack; deeper stacks are cut and marked */

/* 2^64 divided by the golden ratio: multiplied by it, a number has well-mixed upper bits. */
#define VMT_HASH_FACTOR UINT64_C(0x9e3779b97f4a7c15)

/*
 * A stack's hash is computed pc by pc, starting from 0. Two stacks one after the other hash to
 * hash(first) * VMT_STACK_HASH_SCALE^(length of second) + hash(second).
 */
#define VMT_STACK_HASH_SCALE VMT_HASH_FACTOR

static inline uint64_t vmt_pc_hash(uint64_t hash, uint64_t pc)
{
	return hash * VMT_STACK_HASH_SCALE + pc;
}

/* Bytes [start, end), page-aligned unless said otherwise; empty when start == end. */
struct vmt_range {
	uint64_t start;
	uint64_t end;
};

static inline bool vmt_range_is_empty(struct vmt_range range)
{
	return range.start >= range.end;
}

static inline bool vmt_range_has(struct vmt_range range, uint64_t addr)
{
	return addr >= range.start && addr < range.end;
}

static inline bool vmt_range_meets(struct vmt_range a, struct vmt_range b)
{
	return a.start < b.end && b.start < a.end;
}

static inline uint64_t vmt_page_down(uint64_t addr)
{
	return addr & ~(VMT_PAGE_SIZE - 1);
}

/* Round up. An address within the last page of 2^64 wraps to 0, as in the kernel. */
static inline uint64_t vmt_page_up(uint64_t addr)
{
	return (addr + VMT_PAGE_SIZE - 1) & ~(VMT_PAGE_SIZE - 1);
}

/* Does text begin with start? */
static inline bool vmt_begins_with(const char *text, const char *start)
{
	while (*start && *text == *start) {
		text++;
		start++;
	}
	return !*start;
}

/*
 * For a fork child: a store copies the page that it goes to, unless that has happened before. Most
 * of what a child resets has the value already.
 */
#define VMT_RESET(variable, value)            \
	do {                                  \
		if ((variable) != (value))    \
			(variable) = (value); \
	} while (0)

#endif
