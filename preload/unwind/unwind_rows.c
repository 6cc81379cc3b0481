/* SPDX-License-Identifier: MIT */
/*
 * Unwind rows by pc: found through the list of modules (unwind_modules), read from .eh_frame
 * (core/stack/cfi), and cached for all threads.
 *
 * This runs in signal handlers: no lock, no malloc, no system call. unwind.c calls it for every
 * frame of every walk, so a hit costs only two loads.
 */
#include "unwind/unwind_rows.h"

#include "os/shim.h"
#include "unwind/unwind_epoch.h"
#include "unwind/unwind_modules.h"

/*
 * The cache maps a pc to its row and is direct-mapped. The two words of an entry are written
 * without any order, and a reader that sees halves of two writes must notice: check is pc ^ mixed
 * row ^ salt. No salt looks like an address, so zeroed memory matches nothing. With the salt of a
 * new epoch no entry matches; one of an earlier epoch is taken over if its code is still there.
 */
struct entry {
	_Atomic uint64_t check;
	_Atomic uint64_t row;
};

/*
 * The address of the entries; the low six bits say by how much a hash is shifted. 0 = none. At
 * first the entries in use lie on one page: most processes and fork children need no more, and each
 * page costs them a fault. Once as many were overwritten as there are, more memory is used; entries
 * whose place is another one then are made again.
 */
static _Atomic uint64_t cache VMT_DATA = 0;
static _Atomic uint32_t overwritten VMT_DATA = 0;
static uint64_t least_shift VMT_DATA = 0; /* all of the memory is in use */

#define FIRST_BITS 8u
#define MORE_BITS  3u

static struct entry *entry_of(uint64_t pc)
{
	uint64_t table = atomic_load_explicit(&cache, memory_order_acquire);

	if (VMT_UNLIKELY(!table))
		return NULL;
	return (struct entry *)(uintptr_t)(table & ~UINT64_C(63)) +
	       (pc * VMT_HASH_FACTOR >> (table & 63));
}

static bool is_cached(const struct entry *entry, uint64_t pc, uint64_t salt,
		      struct vmt_cfi_row *ret_row)
{
	uint64_t check = atomic_load_explicit(&entry->check, memory_order_relaxed);
	uint64_t row = atomic_load_explicit(&entry->row, memory_order_relaxed);

	if ((row * VMT_HASH_FACTOR ^ check ^ salt) != pc)
		return false;
	__builtin_memcpy(ret_row, &row, sizeof(row));
	return true;
}

__attribute__((noinline)) static void grow(uint64_t table)
{
	uint64_t shift = table & 63;
	uint64_t less = shift > least_shift + MORE_BITS ? shift - MORE_BITS : least_shift;

	atomic_compare_exchange_strong_explicit(&cache, &table, (table & ~UINT64_C(63)) | less,
						memory_order_release, memory_order_relaxed);
}

static void count_overwritten(const struct entry *entry)
{
	uint64_t table = atomic_load_explicit(&cache, memory_order_relaxed);
	uint64_t count = UINT64_C(1) << (64 - (table & 63));

	if ((table & 63) > least_shift &&
	    atomic_load_explicit(&entry->check, memory_order_relaxed) &&
	    atomic_fetch_add_explicit(&overwritten, 1, memory_order_relaxed) >= count)
		grow(table);
}

static void remember(struct entry *entry, uint64_t pc, uint64_t salt, const struct vmt_cfi_row *row)
{
	uint64_t word;

	count_overwritten(entry);

	__builtin_memcpy(&word, row, sizeof(word));
	atomic_store_explicit(&entry->check, word * VMT_HASH_FACTOR ^ pc ^ salt,
			      memory_order_relaxed);
	atomic_store_explicit(&entry->row, word, memory_order_relaxed);
}

/* The row that was cached in one of the last epochs, if pc has not been unmapped since. */
__attribute__((noinline)) static bool take_over(struct entry *entry, uint64_t pc, uint64_t salt,
						struct vmt_cfi_row *ret_row)
{
	uint64_t epoch = atomic_load_explicit(&vmt_unwind_epoch, memory_order_relaxed);
	struct vmt_unwind_gone gone;

	for (uint64_t i = 1; i < VMT_EPOCHS_KEPT && i < epoch; i++) {
		uint64_t was = vmt_unwind_salt_of(epoch - i);

		if (is_cached(entry, pc, was, ret_row))
			return vmt_unwind_gone_since(was, salt, &gone) &&
			       !vmt_unwind_gone_has(&gone, pc);
	}
	return false;
}

/* noinline, so that its locals do not lie on the stack of every walk. */
__attribute__((noinline)) static bool read_row(uint64_t pc, struct vmt_cfi_row *ret_row)
{
	struct vmt_unwind_module module;
	bool is_in_module = vmt_unwind_modules_find(pc, &module);

	if (!is_in_module || !module.tables.hdr || vmt_cfi_row(&module.tables, pc, ret_row) < 0)
		*ret_row = (struct vmt_cfi_row){ .kinds = VMT_CFA_NONE };
	return is_in_module;
}

static struct vmt_range libc VMT_DATA = { 0, 0 };

bool vmt_unwind_rows_are_missing(uint64_t function)
{
	struct vmt_unwind_module module;
	struct vmt_cfi_row row;

	if (!read_row(function, &row) || vmt_cfi_row_cfa(&row) != VMT_CFA_NONE)
		return false;
	if (vmt_unwind_modules_find(function, &module))
		libc = module.text;
	return true;
}

bool vmt_unwind_rows_is_in_libc(uint64_t pc)
{
	return vmt_range_has(libc, pc);
}

/*
 * Is this an entry of a table of jumps into other modules: jmp *x(%rip), perhaps after an endbr64?
 */
static bool is_jump_out(uint64_t at)
{
	const uint32_t endbr64 = 0xfa1e0ff3;
	const uint8_t *p = (const uint8_t *)(uintptr_t)at;
	struct vmt_unwind_module module;
	uint32_t first;

	if (!vmt_unwind_modules_find(at, &module) || !module.can_read || module.text.end - at < 16)
		return false;
	__builtin_memcpy(&first, p, sizeof(first));
	p += first == endbr64 ? sizeof(first) : 0;
	p += *p == 0xf2; /* bnd prefix */
	return p[0] == 0xff && p[1] == 0x25;
}

/*
 * Does the call rel32 before this word lead to such a jump? libc is another module, so a call into
 * it does.
 */
static bool leads_out(uint64_t word)
{
	int32_t distance;

	__builtin_memcpy(&distance, (const void *)(uintptr_t)(word - sizeof(distance)),
			 sizeof(distance));
	return is_jump_out(word + (uint64_t)(int64_t)distance);
}

/*
 * Is there a call instruction before p: call rel32; call *register; call *displacement(register),
 * with or without an index, with a displacement of 8 or 32 bits?
 */
static bool is_behind_call(const uint8_t *p)
{
	if (p[-5] == 0xe8 && leads_out((uint64_t)(uintptr_t)p))
		return true;
	if ((p[-2] == 0xff && (p[-1] & 0xf8) == 0xd0) ||
	    (p[-3] == 0xff && (p[-2] & 0xf8) == 0x50) || (p[-2] == 0xff && (p[-1] & 0xf8) == 0x10))
		return true;
	return (p[-6] == 0xff && ((p[-5] & 0xf8) == 0x90 || p[-5] == 0x15)) ||
	       (p[-4] == 0xff && p[-3] == 0x54) || (p[-7] == 0xff && p[-6] == 0x94);
}

bool vmt_unwind_rows_is_return(uint64_t word)
{
	const uint64_t longest = 7;
	struct vmt_unwind_module module;
	struct vmt_cfi_row row;

	if (!vmt_unwind_modules_find(word, &module) || !module.can_read ||
	    vmt_range_has(libc, word))
		return false;
	if (module.tables.hdr && vmt_cfi_row(&module.tables, word - 1, &row) < 0)
		return false;
	return word - module.text.start >= longest &&
	       is_behind_call((const uint8_t *)(uintptr_t)word);
}

bool vmt_unwind_rows_find(uint64_t pc, uint64_t salt, struct vmt_cfi_row *ret_row)
{
	struct entry *entry = entry_of(pc);
	bool is_in_module;

	if (VMT_LIKELY(entry && is_cached(entry, pc, salt, ret_row)))
		return true;
	is_in_module = entry && take_over(entry, pc, salt, ret_row);
	if (!is_in_module) {
		vmt_unwind_note_met(pc);
		is_in_module = read_row(pc, ret_row);
	}
	if (entry && is_in_module)
		remember(entry, pc, salt, ret_row);
	return is_in_module;
}

void vmt_unwind_rows_set(void *memory, size_t bytes)
{
	uint64_t start = ((uint64_t)(uintptr_t)memory + 63) & ~UINT64_C(63);
	uint64_t end = (uint64_t)(uintptr_t)memory + bytes;
	uint64_t count = end > start ? (end - start) / sizeof(struct entry) : 0;
	uint64_t bits = count ? 63 - (uint64_t)__builtin_clzll(count) : 0;
	uint64_t first = bits < FIRST_BITS ? bits : FIRST_BITS;

	least_shift = 64 - bits;
	atomic_store_explicit(&overwritten, 0, memory_order_relaxed);
	atomic_store_explicit(&cache, bits ? start | (64 - first) : 0, memory_order_release);
}
