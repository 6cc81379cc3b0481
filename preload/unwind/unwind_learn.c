/* SPDX-License-Identifier: MIT */
/*
 * ld.so first maps the whole file and then the module's code over that. So when the code appears,
 * the file's beginning, with the headers that ld.so has just read, is mapped below it. A file that
 * does not begin like an ELF file is no module, and rbp is followed in its code. See
 * unwind_learn.h.
 */
#include "unwind/unwind_learn.h"

#include <elf.h>
#include <linux/errno.h>
#include <sys/syscall.h>

#include "os/peek.h"
#include "os/sys.h"
#include "unwind/unwind_epoch.h"
#include "unwind/unwind_modules.h"

#define MAPS_BEFORE 16 /* maps of one file between its headers and its code */

/* Find the map of the file's first page: below this map, of the same file, and readable. */
static const struct vmt_vma *find_headers(struct vmt_map *map)
{
	const struct vmt_vma *code = &map->vma;
	uint64_t next = code->end;

	for (int i = 0; map && i < MAPS_BEFORE; i++, map = vmt_space_prev(map)) {
		const struct vmt_vma *vma = &map->vma;

		if (vma->end != next && vma != code)
			return NULL;
		if (!vmt_vma_same_file(vma, code) || !(vma->flags & VMT_MAP_READ))
			return NULL;
		if (vma->offset == 0)
			return vma;
		next = vma->start;
	}
	return NULL;
}

/*
 * A map that looks like a file's may lack the page: huge pages without a reservation, or a file
 * that is shorter than its map. So the kernel is asked first, unless a filter forbids that, or the
 * file is known to have it (new_text.c).
 */
static bool has_page(const struct vmt_state *state, const ElfW(Ehdr) * header)
{
	ElfW(Ehdr) copy;

	return vmt_peek(state->process.pid, (uint64_t)(uintptr_t)header, &copy, sizeof(copy)) !=
	       -EFAULT;
}

/* Only the first page is read, since the file is known to have that. */
static bool is_module(const ElfW(Ehdr) * header)
{
	return __builtin_memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
	       header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_ident[EI_DATA] == ELFDATA2LSB &&
	       header->e_phentsize == sizeof(ElfW(Phdr)) && header->e_phoff % 8 == 0 &&
	       header->e_phoff <= VMT_PAGE_SIZE &&
	       header->e_phnum <= (VMT_PAGE_SIZE - header->e_phoff) / sizeof(ElfW(Phdr));
}

/* Find the load bias: the segment with the first page tells where that was meant to be. */
static bool find_bias(const ElfW(Ehdr) * header, struct dl_phdr_info *info)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type != PT_LOAD || segment->p_offset >= VMT_PAGE_SIZE)
			continue;
		info->dlpi_addr = (uint64_t)(uintptr_t)header - vmt_page_down(segment->p_vaddr);
		return true;
	}
	return false;
}

static void learn(struct vmt_state *state, struct vmt_map *map)
{
	const struct vmt_vma *first = find_headers(map);
	const ElfW(Ehdr) *header = first ? (const void *)(uintptr_t)first->start : NULL;
	struct dl_phdr_info info = { .dlpi_addr = 0 };

	if (!header || (map->vma.flags & VMT_MAP_SHARED) ||
	    (map->vma.start != state->code_place.headers_of && !has_page(state, header)) ||
	    !is_module(header))
		return;
	info.dlpi_phdr = (const void *)((uintptr_t)header + header->e_phoff);
	info.dlpi_phnum = header->e_phnum;
	if (find_bias(header, &info) && !vmt_unwind_modules_add(&info, map->vma.start))
		vmt_state_note(state, VMT_NOTE_MODULES_FULL);
}

void vmt_unwind_learn_none(struct vmt_state *state)
{
	state->code.mapped = 0;
	state->code.is_many = false;
	state->code_place.headers_of = 0;
}

void vmt_unwind_learn_note_gone(struct vmt_state *state, struct vmt_range code)
{
	struct vmt_range *gone = &state->code_place.gone;

	if (!state->code.is_gone)
		*gone = code;
	if (code.start < gone->start)
		gone->start = code.start;
	if (code.end > gone->end)
		gone->end = code.end;
	state->code.is_gone = true;
}

void vmt_unwind_learn_new(struct vmt_state *state)
{
	struct vmt_map *map = vmt_space_at(&state->space, state->code.mapped);

	if (state->code.is_many)
		map = vmt_space_first(&state->space);
	for (; map; map = state->code.is_many ? vmt_space_next(map) : NULL)
		if (vmt_vma_is_code(&map->vma))
			learn(state, map);
	vmt_unwind_learn_none(state);
}

/* A program that moves its code to huge pages leaves the tables where they were. */
static bool is_there(void *context, const struct vmt_unwind_module *module)
{
	struct vmt_state *state = context;
	uint64_t at = module->tables.hdr ? module->tables.hdr : module->text.start;
	const struct vmt_map *map = vmt_space_find(&state->space, at);

	if (map && (map->vma.flags & VMT_MAP_READ) &&
	    (map->vma.inode || map->vma.start == state->image.vdso))
		return true;
	vmt_unwind_learn_note_gone(state, module->text);
	return false;
}

bool vmt_unwind_learn_gone(struct vmt_state *state)
{
	vmt_unwind_modules_sweep(is_there, state);
	state->code.is_gone = false;
	if (!vmt_unwind_has_met(state->code_place.gone))
		return false;
	vmt_unwind_forget_in(state->code_place.gone);
	return true;
}

void vmt_unwind_learn_before(const struct vmt_done *done)
{
	uint64_t start = (uint64_t)done->args[0];
	uint64_t length = (uint64_t)done->args[1];
	uint64_t end;

	if (!__builtin_add_overflow(start, length, &end))
		vmt_unwind_modules_drop((struct vmt_range){ start, end });
}
