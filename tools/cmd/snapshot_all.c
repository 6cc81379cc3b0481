/* SPDX-License-Identifier: MIT */
/*
 * All processes by their number of maps: lines are only counted, not parsed. Processes that vanish
 * meanwhile are left out; unreadable ones of other users are counted. See snapshot_all.h.
 */
#include "cmd/snapshot_all.h"
#include "input/process.h"
#include "util/json_value.h"
#include "util/slurp.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	struct vmt_process process;
	uint64_t maps;
};

struct list {
	struct entry *entry;
	size_t count;
	uint64_t unreadable;
};

/* Count the lines, without the last one, which is [vsyscall]. */
static int count_maps(pid_t pid, uint64_t *ret_maps)
{
	static const char last[] = "[vsyscall]\n";
	size_t size, n = sizeof(last) - 1;
	uint64_t maps = 0;
	char path[64];
	char *text;
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	ret = vmt_slurp(path, &text, &size);
	if (ret)
		return ret;
	for (const char *at = text; (at = memchr(at, '\n', (size_t)(text + size - at))); at++)
		maps++;
	*ret_maps = maps - (size >= n && !memcmp(text + size - n, last, n));
	free(text);
	return 0;
}

static int add_process(struct list *list, pid_t pid)
{
	struct entry entry = { .maps = 0 };
	struct entry *more;
	int ret = vmt_process_read(pid, &entry.process);

	if (!ret && entry.process.is_zombie)
		pid = vmt_process_with_memory(pid);
	if (!ret)
		ret = count_maps(pid, &entry.maps);
	if (ret == -EACCES || ret == -EPERM)
		list->unreadable++;
	if (ret || !entry.maps)
		return 0;
	more = realloc(list->entry, (list->count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	list->entry = more;
	more[list->count++] = entry;
	return 0;
}

static int by_count(const void *a, const void *b)
{
	const struct entry *one = a, *two = b;

	if (one->maps != two->maps)
		return one->maps > two->maps ? -1 : 1;
	return one->process.pid - two->process.pid;
}

static int read_all(struct list *list)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	pid_t pid;
	int ret = 0;

	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir))) {
		if (vmt_process_parse(entry->d_name, &pid))
			ret = add_process(list, pid);
	}
	closedir(dir);
	if (list->count)
		qsort(list->entry, list->count, sizeof(*list->entry), by_count);
	return ret;
}

static void put_lines(struct vmt_lines *lines, const struct list *list, uint64_t limit)
{
	struct vmt_number number;

	vmt_lines_add(lines, 0, "    maps     %%      pid  command   (limit %s)",
		      vmt_lines_number(&number, limit));
	for (size_t i = 0; i < list->count; i++) {
		const struct entry *entry = &list->entry[i];

		vmt_lines_add(lines, 0, "%8s %5.1f %8d  %s", vmt_lines_number(&number, entry->maps),
			      limit ? 100.0 * (double)entry->maps / (double)limit : 0.0,
			      (int)entry->process.pid, entry->process.name);
	}
	if (list->unreadable)
		vmt_lines_add(lines, 0, "and %s of other users, which cannot be read",
			      vmt_lines_number(&number, list->unreadable));
}

static void put_json(json_t *array, const struct list *list, uint64_t limit)
{
	json_t *object;

	for (size_t i = 0; i < list->count; i++) {
		object = json_object();
		vmt_json_add_number(object, "pid", (uint64_t)list->entry[i].process.pid);
		json_object_set_new(object, "name", vmt_json_string(list->entry[i].process.name));
		vmt_json_add_number(object, "maps", list->entry[i].maps);
		json_object_set_new(object, "limit",
				    limit ? json_integer((json_int_t)limit) : json_null());
		json_array_append_new(array, object);
	}
}

int vmt_snapshot_all(struct vmt_lines *lines, json_t *array)
{
	struct list list = { NULL, 0, 0 };
	uint64_t limit = vmt_process_map_limit();
	int ret = read_all(&list);

	if (!ret && lines)
		put_lines(lines, &list, limit);
	else if (!ret)
		put_json(array, &list, limit);
	free(list.entry);
	return ret;
}
