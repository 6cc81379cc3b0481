/* SPDX-License-Identifier: MIT */
/*
 * Groups mapped files by directory and extension, so that 30,000 segments of an index are one line.
 * The table is bounded; files that do not fit are left out. See explain_files.h.
 */
#include "explain/explain_files.h"
#include "util/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS 4096u /* a power of two */

struct group {
	const struct vmt_explain_map *first;
	uint64_t maps;
	bool has_more_files;
};

struct name {
	const char *text;
	size_t length; /* without " (deleted)" */
	size_t directory; /* length up to and including the last / */
	size_t ending; /* where .ext begins; length = no extension */
};

static struct name name_of(const struct vmt_explain_map *map)
{
	static const char deleted[] = " (deleted)";
	struct name name = { map->name, map->name_length, 0, 0 };

	if (map->kind == VMT_KIND_DELETED && name.length > sizeof(deleted))
		name.length -= sizeof(deleted) - 1;
	for (size_t i = 0; i < name.length; i++) {
		if (name.text[i] == '/')
			name.directory = i + 1;
	}
	name.ending = name.length;
	for (size_t i = name.directory + 1; i < name.length; i++) {
		if (name.text[i] == '.')
			name.ending = i;
	}
	return name;
}

static bool is_same_group(const struct name *a, const struct name *b)
{
	return a->directory == b->directory && !memcmp(a->text, b->text, a->directory) &&
	       a->length - a->ending == b->length - b->ending &&
	       !memcmp(a->text + a->ending, b->text + b->ending, a->length - a->ending);
}

static bool is_same_name(const struct name *a, const struct name *b)
{
	return a->length == b->length && !memcmp(a->text, b->text, a->length);
}

static void add_file(struct group *groups, const struct vmt_explain_map *map)
{
	struct name name = name_of(map), other;
	uint32_t at = vmt_hash_bytes(VMT_HASH_START, name.text, name.directory);

	at = vmt_hash_bytes(at, name.text + name.ending, name.length - name.ending);
	for (uint32_t tries = 0; tries < 64; tries++, at++) {
		struct group *group = &groups[at % GROUPS];

		if (!group->first)
			group->first = map;
		other = name_of(group->first);
		if (!is_same_group(&name, &other))
			continue;
		group->maps++;
		group->has_more_files |= !is_same_name(&name, &other);
		return;
	}
}

static char *pattern_of(const struct group *group)
{
	struct name name = name_of(group->first);
	char *text;
	int n;

	if (!group->has_more_files)
		return strndup(name.text, name.length);
	n = asprintf(&text, "%.*s*%.*s", (int)name.directory, name.text,
		     (int)(name.length - name.ending), name.text + name.ending);
	return n < 0 ? NULL : text;
}

static int by_maps(const void *a, const void *b)
{
	const struct group *one = a, *two = b;

	return (one->maps < two->maps) - (one->maps > two->maps);
}

size_t vmt_explain_top_files(const struct vmt_explain *explain, enum vmt_kind kind,
			     struct vmt_explain_files *ret_files, size_t count)
{
	struct group *groups = calloc(GROUPS, sizeof(*groups));
	size_t n = 0;

	if (!groups)
		return 0;
	for (size_t i = 0; i < explain->count; i++) {
		if (explain->map[i].kind == kind && explain->map[i].name_length)
			add_file(groups, &explain->map[i]);
	}
	qsort(groups, GROUPS, sizeof(*groups), by_maps);
	for (; n < count && groups[n].maps; n++) {
		ret_files[n].maps = groups[n].maps;
		ret_files[n].pattern = pattern_of(&groups[n]);
		if (!ret_files[n].pattern)
			break;
	}
	free(groups);
	return n;
}

void vmt_explain_free_files(struct vmt_explain_files *files, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(files[i].pattern);
}
