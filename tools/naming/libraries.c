/* SPDX-License-Identifier: MIT */
/* See libraries.h. */
#include "naming/libraries.h"
#include "util/dynamic.h"
#include "util/must.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDERS_MAX 64u

struct reader {
	struct vmt_libraries *found;
	char *folder; /* the file's own, with the slash */
	char *folders[FOLDERS_MAX];
	size_t folder_count;
	size_t guessed; /* folders before this one are guesses */
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
		bool is_guess = i < reader->guessed;

		if (access(path, R_OK)) {
			free(path);
			continue;
		}
		found->item = vmt_must_grow(found->item, found->count, sizeof(*found->item));
		found->item[found->count++] = (struct vmt_library){ path, is_guess };
		/* The loader takes the first one that there is. */
		if (!is_guess)
			return;
	}
}

static bool note_folders(void *context, long tag, const char *text)
{
	if (tag != DT_NEEDED)
		add_folders(context, text);
	return true;
}

static bool note_library(void *context, long tag, const char *text)
{
	if (tag == DT_NEEDED && !strchr(text, '/'))
		add_library(context, text);
	return true;
}

void vmt_libraries_read(struct vmt_libraries *ret_libraries, const char *path)
{
	const char *variable = getenv("LD_LIBRARY_PATH");
	const char *slash = strrchr(path, '/');
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct reader reader = {
		.found = ret_libraries,
		.folder = vmt_must_format("%.*s", slash ? (int)(slash - path) : 1,
					  slash ? path : "."),
	};

	*ret_libraries = (struct vmt_libraries){ NULL, 0 };
	/*
	 * The variable is known if it is still set, as in the report at exit. Otherwise it has most
	 * often named a folder near the file; the system's folders are not asked.
	 */
	add_folders(&reader, variable ? variable : "");
	add_folders(&reader, "$ORIGIN/lib:$ORIGIN/../lib:$ORIGIN/../lib64");
	reader.guessed = reader.folder_count;
	add_folders(&reader, "$ORIGIN");
	if (fd >= 0) {
		/* the folders first, wherever they stand in the file */
		vmt_dynamic_read(fd, note_folders, &reader);
		vmt_dynamic_read(fd, note_library, &reader);
		close(fd);
	}
	for (size_t i = 0; i < reader.folder_count; i++)
		free(reader.folders[i]);
	free(reader.folder);
}

void vmt_libraries_free(struct vmt_libraries *libraries)
{
	for (size_t i = 0; i < libraries->count; i++)
		free(libraries->item[i].path);
	free(libraries->item);
	*libraries = (struct vmt_libraries){ NULL, 0 };
}
