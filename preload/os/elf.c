/* SPDX-License-Identifier: MIT */
/*
 * ld.so has checked these tables before it ran any of our code, so they are trusted here. See
 * elf.h.
 */
#include "os/elf.h"

#include <sys/auxv.h>
#include <sys/syscall.h>

#include "os/sys.h"

#include "os/auxv.h"

#define VERSION_HIDDEN  0x8000u /* marks a version that is not the name's default */
#define VERSION_LOCAL   0u
#define NOTE_GO_BUILDID 4u /* the type of this note, whose owner is "Go" */
#define NOTES_READ      256u /* bytes; there are few notes, and Go's is the first of its segment */

/* ld.so replaces these values by addresses, except in the vdso. */
static const void *at(const struct vmt_elf *elf, const ElfW(Dyn) * entry)
{
	uint64_t address = entry->d_un.d_ptr;

	return (const void *)(address < elf->base ? address + elf->base : address);
}

static void read_entry(struct vmt_elf *elf, const ElfW(Dyn) * entry)
{
	switch (entry->d_tag) {
	case DT_SYMTAB: elf->symbols = at(elf, entry); break;
	case DT_STRTAB: elf->strings = at(elf, entry); break;
	case DT_VERSYM: elf->versions = at(elf, entry); break;
	case DT_GNU_HASH: elf->gnu_hash = at(elf, entry); break;
	case DT_HASH: elf->hash = at(elf, entry); break;
	case DT_RELA: elf->rela[0] = at(elf, entry); break;
	case DT_RELASZ: elf->rela_count[0] = entry->d_un.d_val / sizeof(ElfW(Rela)); break;
	case DT_JMPREL: elf->rela[1] = at(elf, entry); break;
	case DT_PLTRELSZ: elf->rela_count[1] = entry->d_un.d_val / sizeof(ElfW(Rela)); break;
	default: break;
	}
}

static bool open_dynamic(uint64_t base, const ElfW(Dyn) * entry, struct vmt_elf *ret_elf)
{
	*ret_elf = (struct vmt_elf){ .base = base };
	for (; entry && entry->d_tag != DT_NULL; entry++)
		read_entry(ret_elf, entry);
	return ret_elf->symbols && ret_elf->strings && (ret_elf->gnu_hash || ret_elf->hash);
}

static const ElfW(Phdr) * find_segment(const struct dl_phdr_info *info, uint32_t type)
{
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == type)
			return &info->dlpi_phdr[i];
	return NULL;
}

static const ElfW(Dyn) * find_dynamic(const struct dl_phdr_info *info)
{
	const ElfW(Phdr) *segment = find_segment(info, PT_DYNAMIC);

	return segment ? (const void *)(info->dlpi_addr + segment->p_vaddr) : NULL;
}

bool vmt_elf_open(const struct dl_phdr_info *info, struct vmt_elf *ret_elf)
{
	return open_dynamic(info->dlpi_addr, find_dynamic(info), ret_elf);
}

/* The list of modules that ld.so keeps for debuggers. */
static const struct link_map *first_module(void)
{
	struct dl_phdr_info info = {
		.dlpi_phdr = (const void *)vmt_auxv(AT_PHDR),
		.dlpi_phnum = (ElfW(Half))vmt_auxv(AT_PHNUM),
	};
	const ElfW(Phdr) *own = info.dlpi_phdr ? find_segment(&info, PT_PHDR) : NULL;
	const ElfW(Dyn) * entry;

	if (own)
		info.dlpi_addr = (uint64_t)(uintptr_t)info.dlpi_phdr - own->p_vaddr;
	entry = info.dlpi_phdr ? find_dynamic(&info) : NULL;
	for (; entry && entry->d_tag != DT_NULL; entry++)
		if (entry->d_tag == DT_DEBUG && entry->d_un.d_ptr)
			return ((const struct r_debug *)entry->d_un.d_ptr)->r_map;
	return NULL;
}

/* libc's own dl_iterate_phdr: libc is the last module that defines __libc_start_main. */
static uint64_t find_iterator(void)
{
	const struct link_map *module = first_module();
	struct vmt_elf elf;
	uint64_t found = 0;

	for (; module; module = module->l_next)
		if (open_dynamic(module->l_addr, module->l_ld, &elf) &&
		    vmt_elf_find(&elf, "__libc_start_main") &&
		    vmt_elf_find(&elf, "dl_iterate_phdr"))
			found = vmt_elf_find(&elf, "dl_iterate_phdr");
	return found;
}

void vmt_elf_each(vmt_elf_look *look, void *context)
{
	static int (*iterate)(vmt_elf_look *, void *) VMT_DATA = NULL;
	uint64_t found;

	if (!iterate) {
		found = find_iterator();
		if (!found)
			found = (uint64_t)(uintptr_t)dl_iterate_phdr;
		__builtin_memcpy(&iterate, &found, sizeof(iterate));
	}
	if (iterate)
		iterate(look, context);
}

bool vmt_elf_has(const struct dl_phdr_info *info, uint64_t addr)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type == PT_LOAD &&
		    addr - (info->dlpi_addr + segment->p_vaddr) < segment->p_memsz)
			return true;
	}
	return false;
}

static uint64_t address_of(const struct vmt_elf *elf, const ElfW(Sym) * symbol)
{
	uint64_t address = elf->base + symbol->st_value;
	uint64_t (*choose)(void);

	if (ELF64_ST_TYPE(symbol->st_info) != STT_GNU_IFUNC)
		return address;
	__builtin_memcpy(&choose, &address, sizeof(choose));
	return choose();
}

static bool is_wanted(const struct vmt_elf *elf, uint32_t index, const char *name)
{
	const ElfW(Sym) *symbol = &elf->symbols[index];
	uint32_t version = elf->versions ? elf->versions[index] : VERSION_LOCAL + 1;

	return symbol->st_shndx != SHN_UNDEF && version != VERSION_LOCAL &&
	       !(version & VERSION_HIDDEN) && ELF64_ST_BIND(symbol->st_info) != STB_LOCAL &&
	       __builtin_strcmp(elf->strings + symbol->st_name, name) == 0;
}

static uint32_t gnu_hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (uint8_t)*name;
	return hash;
}

/*
 * The table's words: number of buckets, first symbol, words of the filter, shift; then the filter,
 * the buckets and the chain.
 */
static const ElfW(Sym) * find_by_gnu_hash(const struct vmt_elf *elf, const char *name)
{
	const uint32_t *words = elf->gnu_hash;
	const uint32_t *buckets = words + 4 + words[2] * (sizeof(ElfW(Addr)) / sizeof(*words));
	const uint32_t *chain = buckets + words[0];
	uint32_t hash = gnu_hash_of(name);
	uint32_t index = words[0] ? buckets[hash % words[0]] : 0;

	if (index < words[1] || index == 0)
		return NULL;
	for (;; index++) {
		uint32_t other = chain[index - words[1]];

		if ((other | 1) == (hash | 1) && is_wanted(elf, index, name))
			return &elf->symbols[index];
		if (other & 1) /* this was the last symbol of its bucket */
			return NULL;
	}
}

const ElfW(Sym) * vmt_elf_symbol(const struct vmt_elf *elf, const char *name)
{
	if (elf->gnu_hash)
		return find_by_gnu_hash(elf, name);
	for (uint32_t index = 1; index < elf->hash[1]; index++)
		if (is_wanted(elf, index, name))
			return &elf->symbols[index];
	return NULL;
}

uint64_t vmt_elf_find(const struct vmt_elf *elf, const char *name)
{
	const ElfW(Sym) *symbol = vmt_elf_symbol(elf, name);

	return symbol ? address_of(elf, symbol) : 0;
}

static bool is_slot(const ElfW(Rela) * rela)
{
	return ELF64_R_TYPE(rela->r_info) == R_X86_64_JUMP_SLOT ||
	       ELF64_R_TYPE(rela->r_info) == R_X86_64_GLOB_DAT;
}

bool vmt_elf_next_slot(const struct vmt_elf *elf, size_t *at_index, struct vmt_elf_slot *ret_slot)
{
	size_t first = elf->rela[0] ? elf->rela_count[0] : 0;
	size_t all = first + (elf->rela[1] ? elf->rela_count[1] : 0);

	while (*at_index < all) {
		size_t i = (*at_index)++;
		const ElfW(Rela) *rela = i < first ? &elf->rela[0][i] : &elf->rela[1][i - first];
		const ElfW(Sym) *symbol = &elf->symbols[ELF64_R_SYM(rela->r_info)];

		if (!is_slot(rela) || symbol->st_shndx == SHN_UNDEF ||
		    ELF64_ST_TYPE(symbol->st_info) != STT_FUNC)
			continue;
		*ret_slot = (struct vmt_elf_slot){ elf->strings + symbol->st_name,
						   elf->base + rela->r_offset,
						   elf->base + symbol->st_value };
		return true;
	}
	return false;
}

static bool has_go_note(const unsigned char *bytes, uint64_t size)
{
	ElfW(Nhdr) note;

	for (uint64_t at = 0; at + sizeof(note) + 4 <= size;) {
		__builtin_memcpy(&note, bytes + at, sizeof(note));
		at += sizeof(note);
		if (note.n_namesz == 4 && note.n_type == NOTE_GO_BUILDID &&
		    __builtin_memcmp(bytes + at, "Go\0", 4) == 0)
			return true;
		at += ((uint64_t)note.n_namesz + 3) / 4 * 4 + ((uint64_t)note.n_descsz + 3) / 4 * 4;
	}
	return false;
}

bool vmt_elf_is_go(const struct dl_phdr_info *info)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type == PT_NOTE &&
		    has_go_note((const unsigned char *)info->dlpi_addr + segment->p_vaddr,
				segment->p_filesz))
			return true;
	}
	return false;
}

static bool read_at(int fd, void *buffer, size_t size, uint64_t offset)
{
	return vmt_sys4(SYS_pread64, fd, buffer, size, offset) == (long)size;
}

bool vmt_elf_is_go_file(int fd)
{
	unsigned char notes[NOTES_READ];
	ElfW(Ehdr) header;
	ElfW(Phdr) segment;

	if (!read_at(fd, &header, sizeof(header), 0) || header.e_phentsize != sizeof(segment))
		return false;
	for (unsigned i = 0; i < header.e_phnum; i++) {
		uint64_t size;

		if (!read_at(fd, &segment, sizeof(segment), header.e_phoff + i * sizeof(segment)))
			return false;
		size = segment.p_filesz < sizeof(notes) ? segment.p_filesz : sizeof(notes);
		if (segment.p_type == PT_NOTE && read_at(fd, notes, size, segment.p_offset) &&
		    has_go_note(notes, size))
			return true;
	}
	return false;
}
