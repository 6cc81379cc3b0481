/* SPDX-License-Identifier: MIT */
/*
 * Finds one symbol of one ELF file in either symbol table. The file is not trusted: every offset is
 * checked. Prints nothing. See defaults.h.
 */
#include "check/defaults.h"
#include "util/must.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <unistd.h>

static const char name[] = "vmatrace_default_suppressions";

/* Returns the symbol's bytes up to its size or a NUL, or NULL. */
static char *read_bytes(Elf *elf, const GElf_Sym *symbol)
{
	Elf_Scn *section = elf_getscn(elf, symbol->st_shndx);
	GElf_Shdr header;
	Elf_Data *data;
	uint64_t at;

	if (!section || !gelf_getshdr(section, &header) || header.sh_type != SHT_PROGBITS)
		return NULL;
	data = elf_rawdata(section, NULL);
	at = symbol->st_value - header.sh_addr;
	if (!data || !data->d_buf || at >= data->d_size || symbol->st_size > data->d_size - at)
		return NULL;
	return vmt_must(strndup((const char *)data->d_buf + at, symbol->st_size));
}

static char *find_in_table(Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	const char *found;
	GElf_Sym symbol;

	if (!data)
		return NULL;
	for (int i = 0; gelf_getsym(data, i, &symbol); i++) {
		if (GELF_ST_TYPE(symbol.st_info) != STT_OBJECT)
			continue;
		found = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (found && !strcmp(found, name))
			return read_bytes(elf, &symbol);
	}
	return NULL;
}

static char *find(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	char *text = NULL;

	while (!text && (section = elf_nextscn(elf, section))) {
		if (gelf_getshdr(section, &header) &&
		    (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM))
			text = find_in_table(elf, section, &header);
	}
	return text;
}

char *vmt_defaults_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char *text = NULL;
	Elf *elf;

	if (fd < 0)
		return NULL;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		text = find(elf);
	elf_end(elf);
	close(fd);
	return text;
}
