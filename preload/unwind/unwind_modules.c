/* SPDX-License-Identifier: MIT */
/*
 * There are two arrays, sorted by address; the lowest bit of the version says which of the two is
 * valid. A change is made in the other array, which then becomes the valid one. A reader that finds
 * the version unchanged has seen a consistent state; otherwise it looks again. A writer that never
 * finishes has changed nothing.
 */
#include "os/elf.h"
#include "unwind/unwind_modules.h"

#include <stdatomic.h>

#include "os/shim.h"

#define READ(place) __atomic_load_n(&(place), __ATOMIC_RELAXED)
#define TRIES       16

static struct vmt_unwind_module *arrays[2] VMT_DATA = { NULL, NULL };
static _Atomic uint32_t counts[2] VMT_DATA = { 0, 0 };
static _Atomic uint64_t version VMT_DATA = 0;

void vmt_unwind_modules_set(void *memory)
{
	arrays[0] = memory;
	arrays[1] = arrays[0] + VMT_UNWIND_MODULES_MAX;
	counts[0] = counts[1] = 0;
}

/* Returns the index of the first module whose text ends above pc. */
static uint32_t search(const struct vmt_unwind_module *array, uint32_t count, uint64_t pc)
{
	uint32_t low = 0;

	while (count) {
		uint32_t half = count / 2;

		if (READ(array[low + half].text.end) <= pc) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return low;
}

static bool look_up(const struct vmt_unwind_module *array, uint32_t count, uint64_t pc,
		    struct vmt_unwind_module *ret_module)
{
	uint32_t i = search(array, count, pc);

	if (i == count || READ(array[i].text.start) > pc)
		return false;
	ret_module->text.start = READ(array[i].text.start);
	ret_module->text.end = READ(array[i].text.end);
	ret_module->tables.hdr = READ(array[i].tables.hdr);
	ret_module->tables.bounds.start = READ(array[i].tables.bounds.start);
	ret_module->tables.bounds.end = READ(array[i].tables.bounds.end);
	ret_module->can_read = READ(array[i].can_read);
	return true;
}

bool vmt_unwind_modules_find(uint64_t pc, struct vmt_unwind_module *ret_module)
{
	for (int i = 0; i < TRIES; i++) {
		uint64_t before = atomic_load_explicit(&version, memory_order_acquire);
		uint32_t count = atomic_load_explicit(&counts[before & 1], memory_order_relaxed);
		bool found = look_up(arrays[before & 1], count, pc, ret_module);

		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&version, memory_order_relaxed) == before)
			return found;
	}
	return false;
}

/* A change in progress: the array to write to, which starts as a copy of the valid one. */
struct change {
	struct vmt_unwind_module *array;
	uint32_t count;
	uint64_t version;
};

static struct change begin(void)
{
	uint64_t now = atomic_load_explicit(&version, memory_order_relaxed);
	struct change change = { arrays[(now + 1) & 1],
				 atomic_load_explicit(&counts[now & 1], memory_order_relaxed),
				 now + 1 };

	/* Readers of the older version must not take the following writes for valid. */
	atomic_thread_fence(memory_order_seq_cst);
	if (change.count)
		__builtin_memcpy(change.array, arrays[now & 1],
				 change.count * sizeof(*change.array));
	return change;
}

static void end(const struct change *change)
{
	atomic_store_explicit(&counts[change->version & 1], change->count, memory_order_relaxed);
	atomic_store_explicit(&version, change->version, memory_order_release);
}

static void remove_at(struct change *change, uint32_t i)
{
	change->count--;
	__builtin_memmove(change->array + i, change->array + i + 1,
			  (change->count - i) * sizeof(*change->array));
}

static bool insert(struct change *change, const struct vmt_unwind_module *module)
{
	uint32_t i = search(change->array, change->count, module->text.start);

	while (i < change->count && vmt_range_meets(change->array[i].text, module->text))
		remove_at(change, i);
	if (change->count == VMT_UNWIND_MODULES_MAX)
		return false;
	__builtin_memmove(change->array + i + 1, change->array + i,
			  (change->count - i) * sizeof(*change->array));
	change->array[i] = *module;
	change->count++;
	return true;
}

static struct vmt_range segment_of(const struct dl_phdr_info *info, const ElfW(Phdr) * segment)
{
	uint64_t start = info->dlpi_addr + segment->p_vaddr;

	return (struct vmt_range){ start, start + segment->p_memsz };
}

/* Tables are trusted inside the segment that contains .eh_frame_hdr; .eh_frame is in it as well. */
static struct vmt_cfi_module tables_of(const struct dl_phdr_info *info)
{
	struct vmt_cfi_module tables = { .hdr = 0 };

	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME)
			tables.hdr = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
	for (int i = 0; i < info->dlpi_phnum && tables.hdr; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_R))
			continue;
		tables.bounds = segment_of(info, segment);
		if (vmt_range_has(tables.bounds, tables.hdr))
			return tables;
	}
	return (struct vmt_cfi_module){ .hdr = 0 };
}

bool vmt_unwind_modules_add(const struct dl_phdr_info *info, uint64_t only)
{
	struct vmt_unwind_module module = { .tables = tables_of(info) };
	struct change change;
	bool has_room = true;

	if (!arrays[0])
		return true;
	change = begin();
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X) || !segment->p_memsz)
			continue;
		module.text = segment_of(info, segment);
		module.can_read = segment->p_flags & PF_R;
		if (!only || vmt_range_has(module.text, only))
			has_room &= insert(&change, &module);
	}
	end(&change);
	return has_room;
}

static int add_one(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size, (void)context;
	vmt_unwind_modules_add(info, 0);
	return 0;
}

void vmt_unwind_modules_load(void)
{
	vmt_unwind_modules_drop((struct vmt_range){ 0, UINT64_MAX });
	vmt_elf_each(add_one, NULL);
}

static bool is_outside(void *context, const struct vmt_unwind_module *module)
{
	const struct vmt_range *range = context;

	return !vmt_range_meets(module->text, *range) &&
	       !vmt_range_meets(module->tables.bounds, *range);
}

void vmt_unwind_modules_drop(struct vmt_range range)
{
	vmt_unwind_modules_sweep(is_outside, &range);
}

/* Nothing is written if all are still there, as after most calls that could have unmapped one. */
void vmt_unwind_modules_sweep(bool (*is_there)(void *context,
					       const struct vmt_unwind_module *module),
			      void *context)
{
	uint64_t now = atomic_load_explicit(&version, memory_order_relaxed);
	uint32_t count = atomic_load_explicit(&counts[now & 1], memory_order_relaxed);
	uint32_t first = 0;
	struct change change;

	while (first < count && is_there(context, &arrays[now & 1][first]))
		first++;
	if (first == count)
		return;
	change = begin();
	remove_at(&change, first);
	for (uint32_t i = first; i < change.count;) {
		if (is_there(context, &change.array[i]))
			i++;
		else
			remove_at(&change, i);
	}
	end(&change);
}
