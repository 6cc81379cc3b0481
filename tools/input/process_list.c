/* SPDX-License-Identifier: MIT */
/*
 * All processes by their number of maps: lines are only counted, not parsed. Processes that vanish
 * meanwhile are left out; unreadable ones of other users are counted. See process_list.h.
 */
#include "input/process_list.h"
#include "util/slurp.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Count the lines, without the last one, which is [vsyscall]. */
static int count_maps(pid_t pid, struct vmt_process_entry *entry)
{
	static const char last[] = "[vsyscall]\n", library[] = "/libvmatrace.so";
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
	entry->maps = maps - (size >= n && !memcmp(text + size - n, last, n));
	entry->is_traced = memmem(text, size, library, sizeof(library) - 1) != NULL;
	free(text);
	return 0;
}

int vmt_process_list_entry(pid_t pid, struct vmt_process_entry *ret_entry)
{
	int ret;

	*ret_entry = (struct vmt_process_entry){ .maps = 0 };
	ret = vmt_process_read(pid, &ret_entry->process);
	if (ret)
		return ret;
	return count_maps(ret_entry->process.is_zombie ? vmt_process_with_memory(pid) : pid,
			  ret_entry);
}

static int add_process(struct vmt_process_list *list, pid_t pid)
{
	struct vmt_process_entry entry;
	struct vmt_process_entry *more;
	int ret = vmt_process_list_entry(pid, &entry);

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
	const struct vmt_process_entry *one = a, *two = b;

	if (one->maps != two->maps)
		return one->maps > two->maps ? -1 : 1;
	return one->process.pid - two->process.pid;
}

int vmt_process_list_read(struct vmt_process_list *ret_list)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	pid_t pid;
	int ret = 0;

	*ret_list = (struct vmt_process_list){ .count = 0 };
	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir))) {
		if (vmt_process_parse(entry->d_name, &pid))
			ret = add_process(ret_list, pid);
	}
	closedir(dir);
	if (ret_list->count)
		qsort(ret_list->entry, ret_list->count, sizeof(*ret_list->entry), by_count);
	return ret;
}

void vmt_process_list_free(struct vmt_process_list *list)
{
	free(list->entry);
	*list = (struct vmt_process_list){ .count = 0 };
}
