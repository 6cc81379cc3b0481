/* SPDX-License-Identifier: MIT */
#include "util/dynamic.h"

#include <gelf.h>
#include <libelf.h>
#include <stddef.h>

#define ENTRIES_MAX 4096 /* of the dynamic section */

static bool has_text(const GElf_Dyn *entry)
{
	return entry->d_tag == DT_NEEDED || entry->d_tag == DT_RPATH || entry->d_tag == DT_RUNPATH;
}

/* Returns whether to go on. */
static bool read_section(Elf *elf, Elf_Scn *section, vmt_dynamic_entry *each, void *context)
{
	Elf_Data *data;
	GElf_Shdr header;
	GElf_Dyn entry;

	if (!gelf_getshdr(section, &header) || header.sh_type != SHT_DYNAMIC)
		return true;
	data = elf_getdata(section, NULL);
	for (int i = 0;
	     data && i < ENTRIES_MAX && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL;
	     i++) {
		const char *text =
			has_text(&entry) ? elf_strptr(elf, header.sh_link, entry.d_un.d_val) : NULL;

		if (text && !each(context, (long)entry.d_tag, text))
			return false;
	}
	return true;
}

void vmt_dynamic_read(int fd, vmt_dynamic_entry *each, void *context)
{
	Elf *elf = elf_version(EV_CURRENT) == EV_NONE ? NULL : elf_begin(fd, ELF_C_READ_MMAP, NULL);
	Elf_Scn *section = NULL;

	while (elf && (section = elf_nextscn(elf, section))) {
		if (!read_section(elf, section, each, context))
			break;
	}
	elf_end(elf);
}
