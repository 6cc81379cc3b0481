/* SPDX-License-Identifier: MIT */
/*
 * Finds the ELF file of a recorded module, on this machine or elsewhere. Files of any content may
 * be found; only the build-id tells which one is right. See modulefile.h.
 */
#include "input/debuginfod.h"
#include "symbols/modulefile.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool has_build_id(const struct vmt_modulefile *module, int fd)
{
	Elf *elf;
	const void *id;
	bool is_same;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF) {
		elf_end(elf);
		return false;
	}
	is_same = !module->build_id_length ||
		  (dwelf_elf_gnu_build_id(elf, &id) == (ssize_t)module->build_id_length &&
		   !memcmp(id, module->build_id, module->build_id_length));
	elf_end(elf);
	return is_same;
}

/* Returns an open descriptor of the file that was traced, or -1 if path is another file. */
static int open_same(const struct vmt_modulefile *module, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd >= 0 && has_build_id(module, fd))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int open_by_build_id(const struct vmt_modulefile *module, const char *directory)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/.build-id/", directory);

	if (module->build_id_length < 2 || n < 0 || (size_t)n + 160 > sizeof(path))
		return -1;
	n += snprintf(path + n, 4, "%02x/", module->build_id[0]);
	for (size_t i = 1; i < module->build_id_length; i++)
		n += snprintf(path + n, 3, "%02x", module->build_id[i]);
	strcpy(path + n, ".debug");
	return open_same(module, path);
}

/*
 * The directory may be a tree of .build-id/, a copy of the other machine's root, or hold all files
 * itself.
 */
static int open_in_directory(const struct vmt_modulefile *module, const char *directory)
{
	const char *base = strrchr(module->path, '/');
	const char *const names[] = { module->path, base ? base + 1 : module->path };
	char path[4096];
	int fd = open_by_build_id(module, directory);

	/* Without a build-id, a file of the same name may be a different one. */
	for (size_t i = 0; fd < 0 && module->build_id_length && i < 4; i++) {
		int n = snprintf(path, sizeof(path), "%s/%s%s", directory, names[i / 2],
				 i % 2 ? ".debug" : "");

		if (n > 0 && (size_t)n < sizeof(path))
			fd = open_same(module, path);
	}
	return fd;
}

/* The file is not on this machine: libdw asks the servers, if the user has allowed that. */
static int open_from_server(const struct vmt_modulefile *module, const Dwfl_Callbacks *callbacks)
{
	Dwfl *dwfl = vmt_debuginfod_is_allowed() && module->build_id_length ?
			     dwfl_begin(callbacks) :
			     NULL;
	Dwfl_Module *wanted = dwfl ? dwfl_report_module(dwfl, module->path, 0, 1) : NULL;
	char *name = NULL;
	Elf *elf = NULL;
	int fd = -1;

	if (wanted &&
	    !dwfl_module_report_build_id(wanted, module->build_id, module->build_id_length, 0)) {
		fd = vmt_debuginfod_find_elf(wanted, NULL, module->path, 0, &name, &elf);
		if (fd < 0)
			fd = vmt_debuginfod_find_debuginfo(wanted, NULL, module->path, 0, NULL,
							   NULL, 0, &name);
	}
	elf_end(elf);
	free(name);
	dwfl_end(dwfl);
	if (fd >= 0 && !has_build_id(module, fd)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int vmt_modulefile_open(const struct vmt_modulefile *module, const char *directory,
			const Dwfl_Callbacks *callbacks)
{
	int fd = open_same(module, module->path);

	if (fd < 0 && directory)
		fd = open_in_directory(module, directory);
	if (fd < 0)
		fd = open_by_build_id(module, "/usr/lib/debug");
	return fd < 0 ? open_from_server(module, callbacks) : fd;
}

/* 0: no table of all symbols; 1: that; 2: debug information, too. */
static int richness(int fd)
{
	Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ_MMAP, NULL);
	Elf_Scn *section = NULL;
	size_t names = 0;
	int found = 0;

	if (!elf || elf_getshdrstrndx(elf, &names)) {
		elf_end(elf);
		return 0;
	}
	while ((section = elf_nextscn(elf, section)) != NULL) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header))
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (name && !strcmp(name, ".debug_info"))
			found = 2;
		else if (header.sh_type == SHT_SYMTAB && !found)
			found = 1;
	}
	elf_end(elf);
	return found;
}

int vmt_modulefile_better(int fd, const struct vmt_modulefile *module, const char *path)
{
	int other;

	elf_version(EV_CURRENT);
	if (!strcmp(path, module->path))
		return fd;
	other = open_same(module, path);
	if (other >= 0 && richness(other) > richness(fd)) {
		if (fd >= 0)
			close(fd);
		return other;
	}
	if (other >= 0)
		close(other);
	return fd;
}

/*
 * A file with debug information only (objcopy --only-keep-debug) has no code, and its program
 * headers do not tell where that was. Linkers put each segment at the first offset, after the
 * previous segment, that fits its address.
 */
static void restore_place(GElf_Phdr *header, uint64_t end_before)
{
	uint64_t align = header->p_align > 1 ? header->p_align : 1;

	if (header->p_filesz || !header->p_memsz || !(header->p_flags & PF_X))
		return;
	header->p_filesz = header->p_memsz;
	header->p_offset = end_before + (header->p_vaddr - end_before) % align;
}

/* Find the segment that contains an offset of the file, or with with_address an address. */
static bool find_segment(Elf *elf, uint64_t place, bool with_address, GElf_Phdr *ret_header)
{
	uint64_t end_before = 0;
	GElf_Phdr header;
	size_t count = 0;
	uint64_t start;

	if (!elf || elf_getphdrnum(elf, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_LOAD)
			continue;
		restore_place(&header, end_before);
		start = with_address ? header.p_vaddr : header.p_offset;
		if (place >= start && place - start < header.p_filesz) {
			*ret_header = header;
			return true;
		}
		end_before = header.p_offset + header.p_memsz;
	}
	return false;
}

bool vmt_modulefile_address(Elf *elf, uint64_t offset, uint64_t *ret_address)
{
	GElf_Phdr header;

	if (!find_segment(elf, offset, false, &header))
		return false;
	*ret_address = offset - header.p_offset + header.p_vaddr;
	return true;
}

bool vmt_modulefile_offset(Elf *elf, uint64_t address, uint64_t *ret_offset)
{
	GElf_Phdr header;

	if (!find_segment(elf, address, true, &header))
		return false;
	*ret_offset = address - header.p_vaddr + header.p_offset;
	return true;
}
