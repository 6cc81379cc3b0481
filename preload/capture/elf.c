/* SPDX-License-Identifier: MIT */
/*
 * See elf.h. ld.so has checked these tables before it let us in, so they are believed.
 */
#include "elf.h"

#define VERSION_HIDDEN 0x8000u	/* not the default version of the name */
#define VERSION_LOCAL  0u

/* ld.so has made addresses of these, but not in the vdso. */
static const void *at(const struct vmt_elf *elf, const ElfW(Dyn) *entry)
{
	uint64_t address = entry->d_un.d_ptr;

	return (const void *)(address < elf->base ? address + elf->base : address);
}

static void read_entry(struct vmt_elf *elf, const ElfW(Dyn) *entry)
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

bool vmt_elf_open(const struct dl_phdr_info *info, struct vmt_elf *ret_elf)
{
	const ElfW(Dyn) *entry = NULL;

	*ret_elf = (struct vmt_elf){ .base = info->dlpi_addr };
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			entry = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
	for (; entry && entry->d_tag != DT_NULL; entry++)
		read_entry(ret_elf, entry);
	return ret_elf->symbols && ret_elf->strings && (ret_elf->gnu_hash || ret_elf->hash);
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

static uint64_t address_of(const struct vmt_elf *elf, const ElfW(Sym) *symbol)
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
	       !(version & VERSION_HIDDEN) &&
	       ELF64_ST_BIND(symbol->st_info) != STB_LOCAL &&
	       __builtin_strcmp(elf->strings + symbol->st_name, name) == 0;
}

static uint32_t gnu_hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (uint8_t)*name;
	return hash;
}

/* Words: buckets, first symbol, words of the filter, shift; filter, buckets, chain. */
static uint64_t find_by_gnu_hash(const struct vmt_elf *elf, const char *name)
{
	const uint32_t *words = elf->gnu_hash;
	const uint32_t *buckets = words + 4 + words[2] * (sizeof(ElfW(Addr)) / sizeof(*words));
	const uint32_t *chain = buckets + words[0];
	uint32_t hash = gnu_hash_of(name);
	uint32_t index = words[0] ? buckets[hash % words[0]] : 0;

	if (index < words[1] || index == 0)
		return 0;
	for (;; index++) {
		uint32_t other = chain[index - words[1]];

		if ((other | 1) == (hash | 1) && is_wanted(elf, index, name))
			return address_of(elf, &elf->symbols[index]);
		if (other & 1)	/* the last of its bucket */
			return 0;
	}
}

uint64_t vmt_elf_find(const struct vmt_elf *elf, const char *name)
{
	if (elf->gnu_hash)
		return find_by_gnu_hash(elf, name);
	for (uint32_t index = 1; index < elf->hash[1]; index++)
		if (is_wanted(elf, index, name))
			return address_of(elf, &elf->symbols[index]);
	return 0;
}

static bool is_slot(const ElfW(Rela) *rela)
{
#if defined(__x86_64__)
	return ELF64_R_TYPE(rela->r_info) == R_X86_64_JUMP_SLOT ||
	       ELF64_R_TYPE(rela->r_info) == R_X86_64_GLOB_DAT;
#elif defined(__aarch64__)
	return ELF64_R_TYPE(rela->r_info) == R_AARCH64_JUMP_SLOT ||
	       ELF64_R_TYPE(rela->r_info) == R_AARCH64_GLOB_DAT;
#else
	(void)rela;
	return false;
#endif
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
