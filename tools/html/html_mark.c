/* SPDX-License-Identifier: MIT */
/* See html_mark.h. Pure. */
#include "html/html_mark.h"

#include "core/base/calls.h"

#include <stdio.h>
#include <string.h>

/* Its own among the flags that differ, or else that it lacks the first of these. */
static void put_flags(const struct vmt_explain_map *map, enum vmt_apart why, uint64_t differs,
		      char *text, size_t size)
{
	char words[120];
	uint64_t own = map->vm_flags & differs;
	bool is_state = why == VMT_APART_LOCK || why == VMT_APART_ACCOUNTING;

	vmt_explain_detail(why, own ? own : differs & -differs, true, words, sizeof(words));
	snprintf(text, size, "%s%s", own ? "" : is_state ? "not " : "no ", words);
}

static void put_name(const struct vmt_explain_map *map, char *text, size_t size)
{
	const char *name = map->name;
	size_t length = map->name_length;
	const char *slash = memrchr(name, '/', length);

	if (slash && slash + 1 < name + length) {
		length -= (size_t)(slash + 1 - name);
		name = slash + 1;
	}
	snprintf(text, size, "%.*s", (int)(length < size ? length : size), name);
}

/* A recording has the numbers of files; their names are known while the process lives. */
static void put_file(const struct vmt_explain_map *map, char *text, size_t size)
{
	if (map->inode && map->name && map->name_length)
		put_name(map, text, size);
	else if (map->inode)
		snprintf(text, size, "inode %llu", (unsigned long long)map->inode);
	else
		snprintf(text, size, "no file");
}

static void put_one(const struct vmt_explain_map *map, enum vmt_apart why, uint64_t differs,
		    char *text, size_t size)
{
	switch (why) {
	case VMT_APART_FILE: put_file(map, text, size); break;
	case VMT_APART_NAME:
		if (vmt_explain_has_own_name(map))
			put_name(map, text, size);
		else
			snprintf(text, size, "no name");
		break;
	case VMT_APART_ADVICE:
	case VMT_APART_LOCK:
	case VMT_APART_ACCOUNTING:
	case VMT_APART_USERFAULTFD:
	case VMT_APART_FLAGS: put_flags(map, why, differs, text, size); break;
	case VMT_APART_POLICY:
		if (map->policy == 1)
			snprintf(text, size, "default policy");
		else
			snprintf(text, size, "policy %u", map->policy);
		break;
	case VMT_APART_KEY: snprintf(text, size, "key %u", map->key); break;
	case VMT_APART_UNKNOWN:
		if (map->put_call)
			snprintf(text, size, "by %s", vmt_calls_name(map->put_call));
		break;
	default: break;
	}
}

void vmt_html_mark(const struct vmt_explain_map *below, const struct vmt_explain_map *map,
		   const struct vmt_explain_map *above, char *text, size_t size)
{
	char one[128] = "", two[128] = "";
	uint64_t differs;
	enum vmt_apart why;

	if (below) {
		why = vmt_explain_apart(below, map, &differs);
		put_one(map, why, differs, one, sizeof(one));
	}
	if (above) {
		why = vmt_explain_apart(map, above, &differs);
		put_one(map, why, differs, two, sizeof(two));
	}
	if (!strcmp(one, two))
		*two = '\0';
	snprintf(text, size, "%s%s%s", one, *one && *two ? ", " : "", two);
}
