/* SPDX-License-Identifier: MIT */
/*
 * No relocation, no lock and no TLS are needed: chunks are mapped on demand, and a block is taken
 * with one addition. In front of each block stands its size, in glibc's format for a block with a
 * map of its own, where malloc_usable_size, which is not wrapped, finds it. See early.h.
 */
#include "malloc/early.h"

#include <linux/errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "os/shim.h"
#include "os/sys.h"

#define CHUNKS     64u
#define CHUNK_SIZE (UINT64_C(256) * 1024)
#define ALIGNMENT  UINT64_C(16)
#define HEADER     UINT64_C(16)
#define IS_MAPPED  UINT64_C(2)

struct chunk {
	_Atomic uint64_t start; /* 0 = not mapped yet */
	_Atomic uint64_t end;
	_Atomic uint64_t at;
};

static struct chunk chunks[CHUNKS] VMT_DATA = { { .start = 0 } };
static _Atomic uint32_t chunk_count VMT_DATA = 0;

static uint64_t take_from(struct chunk *chunk, uint64_t size, uint64_t alignment)
{
	uint64_t end = atomic_load_explicit(&chunk->end, memory_order_acquire);
	uint64_t at = atomic_load_explicit(&chunk->at, memory_order_relaxed);
	uint64_t block;

	do {
		block = (at + HEADER + alignment - 1) & ~(alignment - 1);
		if (block > end || size > end - block)
			return 0;
	} while (!atomic_compare_exchange_weak(&chunk->at, &at, block + size));
	return block;
}

static bool add_chunk(uint64_t size)
{
	uint32_t index = atomic_fetch_add(&chunk_count, 1);
	long start;

	if (index >= CHUNKS) {
		atomic_fetch_sub(&chunk_count, 1);
		return false;
	}
	size = size > CHUNK_SIZE ? vmt_page_up(size) : CHUNK_SIZE;
	start = vmt_sys6(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vmt_sys_failed(start))
		return false;
	atomic_store(&chunks[index].start, (uint64_t)start);
	atomic_store(&chunks[index].at, (uint64_t)start);
	atomic_store_explicit(&chunks[index].end, (uint64_t)start + size, memory_order_release);
	return true;
}

static uint64_t take(uint64_t size, uint64_t alignment)
{
	uint32_t count = atomic_load(&chunk_count);
	uint64_t block = 0;

	for (uint32_t i = 0; i < count && i < CHUNKS && !block; i++)
		block = take_from(&chunks[i], size, alignment);
	return block;
}

void *vmt_early_get(size_t size, size_t alignment)
{
	uint64_t block;

	if (alignment < ALIGNMENT)
		alignment = ALIGNMENT;
	if (size > UINT64_MAX / 4 || alignment > UINT64_MAX / 4)
		return NULL;
	size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	block = take(size, alignment);
	if (!block && add_chunk(size + alignment + HEADER))
		block = take(size, alignment);
	if (block)
		*(uint64_t *)(uintptr_t)(block - 8) = (size + HEADER) | IS_MAPPED;
	return (void *)(uintptr_t)block;
}

static bool is_early(const void *block)
{
	uint32_t count = atomic_load_explicit(&chunk_count, memory_order_relaxed);

	for (uint32_t i = 0; i < count && i < CHUNKS; i++) {
		struct vmt_range range = {
			atomic_load_explicit(&chunks[i].start, memory_order_relaxed),
			atomic_load_explicit(&chunks[i].end, memory_order_relaxed),
		};

		if (vmt_range_has(range, (uint64_t)(uintptr_t)block))
			return true;
	}
	return false;
}

static void copy(void *block, const void *old, size_t size)
{
	size_t had = (*(const uint64_t *)((uintptr_t)old - 8) & ~UINT64_C(7)) - HEADER;

	__builtin_memcpy(block, old, had < size ? had : size);
}

void *vmt_early_calloc(size_t n, size_t size)
{
	return size && n > SIZE_MAX / size ? NULL : vmt_early_get(n * size, 0);
}

void *vmt_early_realloc(void *old, size_t size)
{
	void *block = vmt_early_get(size, 0);

	if (block && old)
		copy(block, old, size);
	return block;
}

void *vmt_early_reallocarray(void *old, size_t n, size_t size)
{
	return size && n > SIZE_MAX / size ? NULL : vmt_early_realloc(old, n * size);
}

void *vmt_early_memalign(size_t alignment, size_t size)
{
	return vmt_early_get(size, alignment);
}

int vmt_early_posix_memalign(void **ret, size_t alignment, size_t size)
{
	void *block = vmt_early_get(size, alignment);

	if (!block)
		return ENOMEM;
	*ret = block;
	return 0;
}

void *vmt_early_aligned_alloc(size_t alignment, size_t size)
{
	return vmt_early_get(size, alignment);
}

void *vmt_early_valloc(size_t size)
{
	return vmt_early_get(size, VMT_PAGE_SIZE);
}

void *vmt_early_pvalloc(size_t size)
{
	return vmt_early_get(vmt_page_up(size), VMT_PAGE_SIZE);
}

/* The next definitions, for the functions that are put in front of them. */
static struct {
	void *(*malloc)(size_t size);
	void (*free)(void *old);
	void *(*realloc)(void *old, size_t size);
	void *(*reallocarray)(void *old, size_t n, size_t size);
} next VMT_DATA = { .malloc = NULL };

/* Move an early block to the next allocator. */
static void *move(void *old, size_t size)
{
	void *block = size ? next.malloc(size) : NULL;

	if (block)
		copy(block, old, size);
	return block;
}

static void free_any(void *old)
{
	if (!is_early(old))
		next.free(old);
}

static void *realloc_any(void *old, size_t size)
{
	return is_early(old) ? move(old, size) : next.realloc(old, size);
}

/* On overflow, the next definition is called, and sets errno. */
static void *reallocarray_any(void *old, size_t n, size_t size)
{
	size_t bytes;

	if (!is_early(old) || __builtin_mul_overflow(n, size, &bytes))
		return next.reallocarray(old, n, size);
	return move(old, bytes);
}

void vmt_early_take_back(void *(*next_malloc)(size_t size), void (**free)(void *old),
			 void *(**realloc)(void *old, size_t size),
			 void *(**reallocarray)(void *old, size_t n, size_t size))
{
	if (!atomic_load_explicit(&chunk_count, memory_order_relaxed))
		return;
	next.malloc = next_malloc;
	next.free = *free;
	next.realloc = *realloc;
	next.reallocarray = *reallocarray;
	*free = free_any;
	*realloc = realloc_any;
	*reallocarray = reallocarray_any;
}
