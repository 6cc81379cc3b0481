/* SPDX-License-Identifier: MIT */
/* Reads the dynamic section by libelf, which checks offsets; see libraries.h. */
#include "naming/libraries.h"
#include "util/must.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define FOLDERS_MAX 32u
#define ENTRIES_MAX 4096 /* of the dynamic section */

struct reader {
	struct vmt_libraries *found;
	char *folder; /* the file's own, with the slash */
	char *folders[FOLDERS_MAX];
	size_t folder_count;
};

/* "$ORIGIN/../lib:/opt/lib": $ORIGIN is the folder of the file. */
static void add_folders(struct reader *reader, const char *list)
{
	static const char *const origins[] = { "$ORIGIN", "${ORIGIN}" };

	for (; *list; list += strcspn(list, ":"), list += *list == ':') {
		size_t length = strcspn(list, ":"), skip = 0;

		if (reader->folder_count == FOLDERS_MAX)
			return;
		for (size_t i = 0; i < 2 && !skip; i++) {
			if (!strncmp(list, origins[i], strlen(origins[i])))
				skip = strlen(origins[i]);
		}
		reader->folders[reader->folder_count++] = vmt_must_format(
			"%s%.*s", skip ? reader->folder : "", (int)(length - skip), list + skip);
	}
}

static void add_library(struct reader *reader, const char *name)
{
	struct vmt_libraries *found = reader->found;

	for (size_t i = 0; i < reader->folder_count; i++) {
		char *path = vmt_must_format("%s/%s", reader->folders[i], name);

		if (!access(path, R_OK)) {
			found->path =
				vmt_must_grow(found->path, found->count, sizeof(*found->path));
			found->path[found->count++] = path;
			return;
		}
		free(path);
	}
}

/* RUNPATH and RPATH come first, whatever their order in the file. */
static void read_dynamic(struct reader *reader, Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Dyn entry;

	for (int round = 0; data && round < 2; round++) {
		for (int i = 0;
		     i < ENTRIES_MAX && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL;
		     i++) {
			bool is_path = entry.d_tag == DT_RUNPATH || entry.d_tag == DT_RPATH;
			const char *text =
				is_path || entry.d_tag == DT_NEEDED ?
					elf_strptr(elf, header->sh_link, entry.d_un.d_val) :
					NULL;

			if (text && is_path && !round)
				add_folders(reader, text);
			else if (text && !is_path && round && !strchr(text, '/'))
				add_library(reader, text);
		}
	}
}

static void read_file(struct reader *reader, int fd)
{
	Elf *elf = elf_version(EV_CURRENT) == EV_NONE ? NULL : elf_begin(fd, ELF_C_READ_MMAP, NULL);
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while (elf && (section = elf_nextscn(elf, section))) {
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_DYNAMIC)
			read_dynamic(reader, elf, section, &header);
	}
	elf_end(elf);
}

void vmt_libraries_read(struct vmt_libraries *ret_libraries, const char *path)
{
	const char *slash = strrchr(path, '/');
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct reader reader = {
		.found = ret_libraries,
		.folder = vmt_must_format("%.*s", slash ? (int)(slash - path) : 1,
					  slash ? path : "."),
	};

	*ret_libraries = (struct vmt_libraries){ NULL, 0 };
	/* Found through LD_LIBRARY_PATH, as in a build tree; the system's files are not asked. */
	reader.folders[reader.folder_count++] = vmt_must_copy(reader.folder);
	if (fd >= 0) {
		read_file(&reader, fd);
		close(fd);
	}
	for (size_t i = 0; i < reader.folder_count; i++)
		free(reader.folders[i]);
	free(reader.folder);
}

void vmt_libraries_free(struct vmt_libraries *libraries)
{
	for (size_t i = 0; i < libraries->count; i++)
		free(libraries->path[i]);
	free(libraries->path);
	*libraries = (struct vmt_libraries){ NULL, 0 };
}
