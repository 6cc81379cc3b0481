/* SPDX-License-Identifier: MIT */
/*
 * Unwind rows by pc: found through a table of modules (unwind_modules), read from .eh_frame
 * (core/cfi), and kept in a cache that all threads share.
 *
 * Runs in signal handlers: no lock, no malloc, no system call. Called by unwind.c for every
 * frame of every walk, so that a hit costs two loads.
 */
#include "unwind_rows.h"

#include <stdatomic.h>

#include "shim.h"
#include "unwind_modules.h"

/*
 * The cache: pc -> row, direct-mapped. Its words are written without order, and a
 * reader that sees halves of two writes must notice: check is pc ^ mixed row ^ salt.
 * No salt is an address, so that zeroed memory holds nothing; a new epoch's salt
 * makes all entries invalid at once.
 */
struct entry {
	_Atomic uint64_t check;
	_Atomic uint64_t row;
};

#define MIX UINT64_C(0x9e3779b97f4a7c15)

/* The address of the entries, and in the low six bits by how much a hash is shifted; 0 = none. */
static _Atomic uint64_t cache VMT_DATA = 0;
_Atomic uint64_t vmt_unwind_epoch VMT_DATA = 1;

static struct entry *entry_of(uint64_t pc)
{
	uint64_t table = atomic_load_explicit(&cache, memory_order_acquire);

	if (VMT_UNLIKELY(!table))
		return NULL;
	return (struct entry *)(uintptr_t)(table & ~UINT64_C(63)) + (pc * MIX >> (table & 63));
}

static bool is_cached(const struct entry *entry, uint64_t pc, uint64_t salt,
		      struct vmt_cfi_row *ret_row)
{
	uint64_t check = atomic_load_explicit(&entry->check, memory_order_relaxed);
	uint64_t row = atomic_load_explicit(&entry->row, memory_order_relaxed);

	if ((row * MIX ^ check ^ salt) != pc)
		return false;
	__builtin_memcpy(ret_row, &row, sizeof(row));
	return true;
}

static void remember(struct entry *entry, uint64_t pc, uint64_t salt, const struct vmt_cfi_row *row)
{
	uint64_t word;

	__builtin_memcpy(&word, row, sizeof(word));
	atomic_store_explicit(&entry->check, word * MIX ^ pc ^ salt, memory_order_relaxed);
	atomic_store_explicit(&entry->row, word, memory_order_relaxed);
}

/* Not inlined: its locals would lie on the stack of every walk. */
__attribute__((noinline)) static bool read_row(uint64_t pc, struct vmt_cfi_row *ret_row)
{
	struct vmt_unwind_module module;
	bool is_in_module = vmt_unwind_modules_find(pc, &module);

	if (!is_in_module || !module.tables.hdr || vmt_cfi_row(&module.tables, pc, ret_row) < 0)
		*ret_row = (struct vmt_cfi_row){ .kinds = VMT_CFA_NONE };
	return is_in_module;
}

bool vmt_unwind_rows_find(uint64_t pc, uint64_t salt, struct vmt_cfi_row *ret_row)
{
	struct entry *entry = entry_of(pc);
	bool is_in_module;

	if (VMT_LIKELY(entry && is_cached(entry, pc, salt, ret_row)))
		return true;
	is_in_module = read_row(pc, ret_row);
	if (entry && is_in_module)
		remember(entry, pc, salt, ret_row);
	return is_in_module;
}

void vmt_unwind_forget(void)
{
	atomic_fetch_add_explicit(&vmt_unwind_epoch, 1, memory_order_release);
}

void vmt_unwind_rows_set(void *memory, size_t bytes)
{
	uint64_t start = ((uint64_t)(uintptr_t)memory + 63) & ~UINT64_C(63);
	uint64_t end = (uint64_t)(uintptr_t)memory + bytes;
	uint64_t count = end > start ? (end - start) / sizeof(struct entry) : 0;
	uint64_t bits = count ? 63 - (uint64_t)__builtin_clzll(count) : 0;

	atomic_store_explicit(&cache, bits ? start | (64 - bits) : 0, memory_order_release);
}
