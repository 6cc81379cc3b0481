/* SPDX-License-Identifier: MIT */
/*
 * Symbols of a loaded module, read from its own tables in memory: unlike dlsym this takes no
 * lock, allocates nothing, and works before any constructor has run. Knows nothing of what is
 * looked for.
 */
#ifndef VMT_ELF_H
#define VMT_ELF_H

#include <link.h>

#include "core/base/base.h"
#include "os/shim.h"

struct vmt_elf {
	uint64_t base;
	const ElfW(Sym) * symbols;
	const char *strings;
	const uint16_t *versions; /* NULL = none */
	const uint32_t *gnu_hash; /* one of the two is there */
	const uint32_t *hash;
	const ElfW(Rela) * rela[2]; /* ordinary relocations, those of calls */
	size_t rela_count[2];
};

/*
 * As dl_iterate_phdr(3), but always libc's: a sanitizer stands in front of it, and may not have
 * started yet when we do.
 */
typedef int vmt_elf_look(struct dl_phdr_info *info, size_t size, void *context);
void vmt_elf_each(vmt_elf_look *look, void *context);

/* False for a module without symbols. What is read stays the module's. */
bool vmt_elf_open(const struct dl_phdr_info *info, struct vmt_elf *ret_elf);

/* Is addr inside one of the module's segments? */
bool vmt_elf_has(const struct dl_phdr_info *info, uint64_t addr);

/*
 * Was the module, or any part of it, made by Go's compiler? By its loaded notes, or by those in its
 * file.
 */
bool vmt_elf_is_go(const struct dl_phdr_info *info);
bool vmt_elf_is_go_file(int fd);

/*
 * Address of the function that the module exports under this name, in its default version; 0 if
 * none.
 */
uint64_t vmt_elf_find(const struct vmt_elf *elf, const char *name);

/*
 * The next slot from *at on through which the module calls, or takes the address of, a function
 * that it defines itself. *at begins with 0 and moves on. False when there are no more.
 */
struct vmt_elf_slot {
	const char *name;
	uint64_t slot; /* address of the pointer */
	uint64_t function; /* the module's own definition */
};

bool vmt_elf_next_slot(const struct vmt_elf *elf, size_t *at, struct vmt_elf_slot *ret_slot);

#endif
