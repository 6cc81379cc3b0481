/* SPDX-License-Identifier: MIT */
/*
 * Finds symbols of a loaded module in the module's own tables in memory. Unlike dlsym, this takes
 * no lock, allocates nothing, and works before any constructor has run.
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
	const uint32_t *gnu_hash; /* a module has at least one of these two */
	const uint32_t *hash;
	const ElfW(Rela) * rela[2]; /* ordinary relocations, and those of calls */
	size_t rela_count[2];
};

/*
 * Call libc's own dl_iterate_phdr(3). A sanitizer that interposes it may not have started yet when
 * this library does.
 */
typedef int vmt_elf_look(struct dl_phdr_info *info, size_t size, void *context);
void vmt_elf_each(vmt_elf_look *look, void *context);

/* Returns false for a module without symbols. The result points into the module. */
bool vmt_elf_open(const struct dl_phdr_info *info, struct vmt_elf *ret_elf);

/* Does addr lie in one of the module's segments? */
bool vmt_elf_has(const struct dl_phdr_info *info, uint64_t addr);

/*
 * Was any part of the module compiled by Go? Decided by the loaded notes, or by the notes in its
 * file.
 */
bool vmt_elf_is_go(const struct dl_phdr_info *info);
bool vmt_elf_is_go_file(int fd);

/*
 * Returns the address of the function that the module exports under this name in its default
 * version, or 0.
 */
uint64_t vmt_elf_find(const struct vmt_elf *elf, const char *name);

/* The same; returns the whole symbol, or NULL. Its address is elf->base + st_value. */
const ElfW(Sym) * vmt_elf_symbol(const struct vmt_elf *elf, const char *name);

/*
 * Find the next slot, from *at on, through which the module calls (or takes the address of) a
 * function that it defines itself. *at starts at 0 and is advanced. False when there are no more.
 */
struct vmt_elf_slot {
	const char *name;
	uint64_t slot; /* address of the pointer */
	uint64_t function; /* the module's own definition */
};

bool vmt_elf_next_slot(const struct vmt_elf *elf, size_t *at, struct vmt_elf_slot *ret_slot);

#endif
