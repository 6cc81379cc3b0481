/* SPDX-License-Identifier: MIT */
/* Reads DT_NEEDED; see needed.h. Used by target.c before a program is started. */
#include "run/needed.h"

#include <gelf.h>
#include <libelf.h>
#include <string.h>

static bool section_has(Elf *elf, Elf_Scn *section, const char *part)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Shdr header;
	GElf_Dyn entry;

	if (!data || !gelf_getshdr(section, &header))
		return false;
	for (int i = 0; gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++) {
		const char *name = entry.d_tag == DT_NEEDED ?
					   elf_strptr(elf, header.sh_link, entry.d_un.d_val) :
					   NULL;

		if (name && strstr(name, part))
			return true;
	}
	return false;
}

bool vmt_needed_has(int fd, const char *part)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	bool found = false;
	Elf *elf;

	if (elf_version(EV_CURRENT) == EV_NONE || !(elf = elf_begin(fd, ELF_C_READ_MMAP, NULL)))
		return false;
	while (!found && (section = elf_nextscn(elf, section))) {
		found = gelf_getshdr(section, &header) && header.sh_type == SHT_DYNAMIC &&
			section_has(elf, section, part);
	}
	elf_end(elf);
	return found;
}
