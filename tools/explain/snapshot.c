/* SPDX-License-Identifier: MIT */
/*
 * The text of /proc/PID/maps is read first and alone, which is quick and disturbs nobody. smaps
 * walks the page tables, so it is read only if there are few maps, or on demand. See snapshot.h.
 */
#include "explain/snapshot.h"
#include "core/base/tunables.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FEW_MAPS    1000u
#define FEW_BYTES   (UINT64_C(8) << 30) /* memory in use; smaps takes 18 ms for each GiB */
#define THREADS_MAX 8192u
#define DELETED_MAX 2000u

static int explain_problem(const struct vmt_snapshot *snapshot, int error, char *problem,
			   size_t size)
{
	const struct vmt_process *process = &snapshot->process;

	if (snapshot->file && error == -EBADMSG)
		snprintf(problem, size,
			 "%s: line %zu is not a line of /proc/PID/maps; save a copy with cat "
			 "/proc/PID/maps.",
			 snapshot->file, snapshot->maps.bad_line);
	else if (snapshot->file)
		snprintf(problem, size, "%s: %s", snapshot->file, strerror(-error));
	else if (!vmt_process_is_proc_mounted())
		snprintf(problem, size, "/proc is not mounted, so no process can be looked at.");
	else if (error == -ESRCH || error == -ENOENT)
		snprintf(problem, size, "there is no process %d (any more).", (int)process->pid);
	else if ((error == -EACCES || error == -EPERM) && process->user == getuid())
		snprintf(problem, size,
			 "%s (%d) does not allow inspection (prctl PR_SET_DUMPABLE, or a setuid or "
			 "otherwise privileged program): try as root.",
			 process->name, (int)process->pid);
	else if (error == -EACCES || error == -EPERM)
		snprintf(problem, size,
			 "%s (%d) belongs to somebody else: try as that user, or as "
			 "root.",
			 process->name, (int)process->pid);
	else
		snprintf(problem, size, "the maps of %s (%d) cannot be read: %s", process->name,
			 (int)process->pid, strerror(-error));
	return error;
}

/* The process has no maps: it has just ended, or it never had any. */
static int explain_none(const struct vmt_snapshot *snapshot, char *problem, size_t size)
{
	const struct vmt_process *process = &snapshot->process;

	if (snapshot->file)
		snprintf(problem, size, "%s holds no maps.", snapshot->file);
	else
		snprintf(problem, size, "%s (%d) %s.", process->name, (int)process->pid,
			 process->is_kernel_thread ? "is a kernel thread, which has no maps" :
			 process->is_zombie ? "has ended and waits for its parent: it has no maps" :
					      "has no maps: it is ending");
	return -ESRCH;
}

/* Read the flags if possible; otherwise keep what was read before. */
static void read_flags(struct vmt_snapshot *snapshot, pid_t reader, enum vmt_snapshot_flags when)
{
	struct vmt_procmaps maps;

	if (when == VMT_SNAPSHOT_FLAGS_NEVER ||
	    (when == VMT_SNAPSHOT_FLAGS_FEW &&
	     (snapshot->maps.count > FEW_MAPS || vmt_process_resident(reader) > FEW_BYTES)))
		return;
	if (vmt_procmaps_read_process(reader, true, &maps) || !maps.count) {
		vmt_procmaps_free(&maps);
		return;
	}
	vmt_procmaps_free(&snapshot->maps);
	snapshot->maps = maps;
}

/* The kernel writes a newline in a path as \012, and escapes nothing else. */
static bool is_file_there(const struct vmt_explain_map *map)
{
	char path[8192];
	struct stat file;
	size_t n = 0;

	for (size_t i = 0; i < map->name_length && n + 1 < sizeof(path); i++) {
		if (map->name_length - i >= 4 && !memcmp(map->name + i, "\\012", 4)) {
			path[n++] = '\n';
			i += 3;
		} else {
			path[n++] = map->name[i];
		}
	}
	path[n] = '\0';
	return !stat(path, &file) && file.st_ino == map->inode &&
	       major(file.st_dev) == map->dev_major && minor(file.st_dev) == map->dev_minor;
}

/* A file named "x (deleted)" looks like a removed file. Only a few are looked up. */
static void look_up_deleted(struct vmt_snapshot *snapshot)
{
	size_t tries = 0;

	for (size_t i = 0; i < snapshot->maps.count && tries < DELETED_MAX; i++) {
		struct vmt_explain_map *map = &snapshot->maps.map[i];

		if (!map->inode || !vmt_explain_ends_deleted(map) || map->name[0] != '/')
			continue;
		tries++;
		if (is_file_there(map))
			map->hint = VMT_HINT_EXISTS;
	}
}

static int read_process(struct vmt_snapshot *snapshot, const struct vmt_snapshot_options *options)
{
	struct vmt_process *process = &snapshot->process;
	int ret = vmt_process_read(process->pid, process);
	pid_t reader = process->pid;

	if (ret)
		return ret;
	if (process->is_zombie)
		reader = vmt_process_with_memory(reader);
	ret = vmt_procmaps_read_process(reader, false, &snapshot->maps);
	if (ret || !snapshot->maps.count)
		return ret;
	snapshot->limit = vmt_process_map_limit();
	read_flags(snapshot, reader, options->flags);
	look_up_deleted(snapshot);
	if (process->threads > 1)
		snapshot->stack_pointer_count = vmt_process_stack_pointers(
			process->pid, THREADS_MAX, &snapshot->stack_pointers);
	return 0;
}

static uint32_t tunables_of(const struct vmt_snapshot *snapshot)
{
	char *text = snapshot->file ? NULL :
				      vmt_process_variable(snapshot->process.pid, "GLIBC_TUNABLES");
	uint32_t tunables = vmt_tunables_read(text);

	free(text);
	return tunables;
}

int vmt_snapshot_take(const char *what, const struct vmt_snapshot_options *options,
		      struct vmt_snapshot *ret_snapshot, char *ret_problem, size_t size)
{
	struct vmt_snapshot *snapshot = ret_snapshot;
	struct vmt_explain_facts facts = { .sites = 0 };
	int ret;

	memset(snapshot, 0, sizeof(*snapshot));
	if (vmt_process_parse(what, &snapshot->process.pid)) {
		ret = read_process(snapshot, options);
	} else {
		snapshot->file = strcmp(what, "-") ? what : "standard input";
		ret = vmt_procmaps_read(what, &snapshot->maps);
	}
	if (ret)
		return explain_problem(snapshot, ret, ret_problem, size);
	if (!snapshot->maps.count)
		return explain_none(snapshot, ret_problem, size);
	facts.stack_pointers = snapshot->stack_pointers;
	facts.stack_pointer_count = snapshot->stack_pointer_count;
	facts.threads = facts.threads_left = snapshot->process.threads;
	facts.tunables = tunables_of(snapshot);
	/* Without the flags, maps that look alike may still differ. */
	facts.is_fork_child = !snapshot->file && snapshot->maps.map[0].vm_flags &&
			      vmt_process_is_fork(&snapshot->process);
	ret = vmt_explain(snapshot->maps.map, snapshot->maps.count, &facts, &snapshot->explain);
	return ret ? explain_problem(snapshot, ret, ret_problem, size) : 0;
}

void vmt_snapshot_free(struct vmt_snapshot *snapshot)
{
	vmt_explain_free(&snapshot->explain);
	vmt_procmaps_free(&snapshot->maps);
	free(snapshot->stack_pointers);
	snapshot->stack_pointers = NULL;
}

/* As in the report: to the nearest, but 100 only if the limit is reached. */
static unsigned percent_of(uint64_t maps, uint64_t limit)
{
	uint64_t percent = limit ? (maps * 100 + limit / 2) / limit : 0;

	return percent == 100 && maps < limit ? 99 : (unsigned)percent;
}

/* A traced process has some ten maps more, which its report leaves out. */
static bool is_traced(const struct vmt_snapshot *snapshot)
{
	static const char library[] = "/libvmatrace.so";

	for (size_t i = 0; i < snapshot->maps.count; i++) {
		const struct vmt_explain_map *map = &snapshot->maps.map[i];

		if (map->name && memmem(map->name, map->name_length, library, sizeof(library) - 1))
			return true;
	}
	return false;
}

void vmt_snapshot_headline(struct vmt_lines *lines, const struct vmt_snapshot *snapshot)
{
	const char *s = snapshot->explain.count == 1 ? "" : "s";
	struct vmt_number maps, limit, threads;
	char rest[160] = "";

	if (snapshot->limit)
		snprintf(rest, sizeof(rest), ", %u %% of vm.max_map_count (%s)",
			 percent_of(snapshot->explain.count, snapshot->limit),
			 vmt_lines_number(&limit, snapshot->limit));
	if (snapshot->maps.is_cut)
		snprintf(rest, sizeof(rest), ", the last line is cut off");
	if (snapshot->process.threads > 1)
		snprintf(rest + strlen(rest), sizeof(rest) - strlen(rest), ", %s threads",
			 vmt_lines_number(&threads, snapshot->process.threads));
	vmt_lines_number(&maps, snapshot->explain.count);
	if (is_traced(snapshot))
		snprintf(rest + strlen(rest), sizeof(rest) - strlen(rest),
			 "; it is traced, and some are vmatrace's own");
	if (snapshot->file)
		vmt_lines_add(lines, 2, "%s: %s map%s%s", snapshot->file, maps.text, s, rest);
	else
		vmt_lines_add(lines, 2, "%s (%d): %s map%s%s", snapshot->process.name,
			      (int)snapshot->process.pid, maps.text, s, rest);
}
