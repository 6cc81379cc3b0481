/* SPDX-License-Identifier: MIT */
/*
 * Reads the event counters of the tool's control groups, in version 1 (a tree for each controller)
 * and 2 (one tree). They are expected where systemd and container runtimes mount them. See
 * cgroup.h.
 */
#include "run/cgroup.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns the number after the word at the start of a line of the file; 0 = there is none. */
static uint64_t read_counter(const char *folder, const char *file, const char *word)
{
	size_t length = strlen(word);
	char path[PATH_MAX], line[256];
	uint64_t number = 0;
	FILE *stream;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, file) >= sizeof(path))
		return 0;
	stream = fopen(path, "re");
	if (!stream)
		return 0;
	while (fgets(line, sizeof(line), stream)) {
		if (!strncmp(line, word, length) && line[length] == ' ')
			number = strtoull(line + length, NULL, 10);
	}
	fclose(stream);
	return number;
}

/* In a container, the path may be that of the host, while the tree is mounted from the group on. */
static void put_folder(char *folder, size_t size, const char *mount, const char *path)
{
	FILE *stream;

	snprintf(folder, size, "%s%s/cgroup.procs", mount, path);
	stream = fopen(folder, "re");
	snprintf(folder, size, "%s%s", mount, stream ? path : "");
	if (stream)
		fclose(stream);
}

static void read_tasks(struct vmt_cgroup *cgroup, const char *mount, const char *path)
{
	size_t root = strlen(mount);
	char folder[PATH_MAX];
	char *slash;

	put_folder(folder, sizeof(folder), mount, path);
	for (size_t i = 0; i < VMT_CGROUP_LEVELS; i++) {
		cgroup->refused[i] += read_counter(folder, "pids.events", "max");
		slash = strrchr(folder, '/');
		if (!slash || (size_t)(slash - folder) < root)
			return;
		*slash = '\0';
	}
}

static void read_kills(struct vmt_cgroup *cgroup, const char *mount, const char *path,
		       const char *file)
{
	char folder[PATH_MAX];

	put_folder(folder, sizeof(folder), mount, path);
	cgroup->killed += read_counter(folder, file, "oom_kill");
}

static bool has_controller(const char *list, const char *name)
{
	size_t length = strlen(name);
	const char *at = strstr(list, name);

	return at && (at == list || at[-1] == ',') && (!at[length] || at[length] == ',');
}

/* A line of /proc/self/cgroup: "4:memory:/path", or "0::/path" in version 2. */
static void read_line(struct vmt_cgroup *cgroup, char *line)
{
	char *list = strchr(line, ':');
	char *path = list ? strchr(list + 1, ':') : NULL;

	if (!path)
		return;
	*path++ = '\0';
	list++;
	path[strcspn(path, "\n")] = '\0';
	if (has_controller(list, "pids")) {
		read_tasks(cgroup, "/sys/fs/cgroup/pids", path);
	} else if (has_controller(list, "memory")) {
		read_kills(cgroup, "/sys/fs/cgroup/memory", path, "memory.oom_control");
	} else if (!*list) {
		read_tasks(cgroup, "/sys/fs/cgroup", path);
		read_kills(cgroup, "/sys/fs/cgroup", path, "memory.events");
	}
}

void vmt_cgroup_read(struct vmt_cgroup *ret_cgroup)
{
	FILE *stream = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX];

	*ret_cgroup = (struct vmt_cgroup){ .killed = 0 };
	if (!stream)
		return;
	while (fgets(line, sizeof(line), stream))
		read_line(ret_cgroup, line);
	fclose(stream);
}

/* Whether a group counts what a limit above it refused depends on the kernel: so not their sum. */
uint64_t vmt_cgroup_refused(const struct vmt_cgroup *before, const struct vmt_cgroup *after)
{
	uint64_t most = 0;

	for (size_t i = 0; i < VMT_CGROUP_LEVELS; i++) {
		if (after->refused[i] > before->refused[i] + most)
			most = after->refused[i] - before->refused[i];
	}
	return most;
}
