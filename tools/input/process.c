/* SPDX-License-Identifier: MIT */
/*
 * Nothing here waits for a process or stops it. A process may vanish at any moment; a fact is
 * unknown then, which is no error. See process.h.
 */
#include "input/process.h"
#include "util/must.h"
#include "util/slurp.h"
#include "util/sorted.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t read_file(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t n;

	if (!file)
		return 0;
	n = fread(text, 1, size - 1, file);
	fclose(file);
	text[n] = '\0';
	return n;
}

static const char *field_of(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	return at ? at + strlen(name) : NULL;
}

static void read_name(struct vmt_process *process)
{
	char path[64];
	char *end;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)process->pid);
	if (!read_file(path, process->name, sizeof(process->name)))
		strcpy(process->name, "?");
	/* The name itself may contain a newline, but the last one is not part of it. */
	end = strrchr(process->name, '\n');
	if (end && !end[1])
		*end = '\0';
}

#define PF_KTHREAD 0x00200000u

/* Read /proc/PID/stat. Returns what follows the name, which may contain anything; or NULL. */
static const char *read_stat(pid_t pid, char *text, size_t size)
{
	char path[64];
	const char *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	at = read_file(path, text, size) ? strrchr(text, ')') : NULL;
	return at ? at + 1 : NULL;
}

bool vmt_process_stat(pid_t pid, struct vmt_process_stat *ret_stat)
{
	char text[2048];
	const char *at = read_stat(pid, text, sizeof(text));

	return at && sscanf(at,
			    " %c %*s %*s %*s %*s %*s %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
			    " %" SCNu64 " %*s %" SCNu64,
			    &ret_stat->state, &ret_stat->flags, &ret_stat->threads,
			    &ret_stat->ticks) == 4;
}

/* By its flags (field 9 of proc(5)), since a process that is exiting has no memory either. */
static bool is_kernel_thread(pid_t pid)
{
	struct vmt_process_stat stat;

	return vmt_process_stat(pid, &stat) && stat.flags & PF_KTHREAD;
}

char *vmt_process_variable(pid_t pid, const char *name)
{
	const size_t length = strlen(name);
	char *text = NULL, *value = NULL;
	size_t size = 0;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	if (!vmt_slurp(path, &text, &size)) {
		for (size_t at = 0; at < size && !value; at += strlen(text + at) + 1)
			if (!strncmp(text + at, name, length) && text[at + length] == '=')
				value = vmt_must_copy(text + at + length + 1);
	}
	free(text);
	return value;
}

bool vmt_process_is_proc_mounted(void)
{
	return !access("/proc/version", F_OK);
}

int vmt_process_read(pid_t pid, struct vmt_process *ret_process)
{
	struct vmt_process process = { .pid = pid };
	char status[8192];
	char path[64];
	const char *at;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (!read_file(path, status, sizeof(status)))
		return -ESRCH;
	/* The kernel escapes a newline in the name here, so a name cannot forge a field. */
	at = field_of(status, "\nThreads:");
	process.threads = at ? strtoull(at, NULL, 10) : 0;
	at = field_of(status, "\nPPid:");
	process.parent = at ? (pid_t)strtol(at, NULL, 10) : 0;
	at = field_of(status, "\nState:");
	process.is_zombie = at && (at[1] == 'Z' || at[1] == 'X');
	at = field_of(status, "\nUid:");
	process.user = at ? (uid_t)strtoul(at, NULL, 10) : (uid_t)-1;
	process.is_kernel_thread = !field_of(status, "\nVmSize:") && is_kernel_thread(pid);
	read_name(&process);
	*ret_process = process;
	return 0;
}

static bool has_memory(const char *path)
{
	char text[128];

	return read_file(path, text, sizeof(text)) && strtoull(text, NULL, 10) > 0;
}

pid_t vmt_process_with_memory(pid_t pid)
{
	pid_t found = pid;
	struct dirent *entry;
	char path[320];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	if (has_memory(path))
		return pid;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && found == pid && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%d/task/%s/statm", (int)pid, entry->d_name);
		if (isdigit((unsigned char)entry->d_name[0]) && has_memory(path))
			found = (pid_t)strtol(entry->d_name, NULL, 10);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* The text is "NR ARGUMENTS SP PC", "-1 SP PC", or "running", which tells nothing. */
static uint64_t pointer_of(const char *text)
{
	const char *last = strrchr(text, ' ');

	if (!last || last == text)
		return 0;
	while (last > text && last[-1] != ' ')
		last--;
	return strtoull(last, NULL, 16);
}

size_t vmt_process_stack_pointers(pid_t pid, size_t limit, uint64_t **ret_pointers)
{
	char path[320], text[256];
	struct dirent *entry;
	uint64_t *pointers = calloc(limit, sizeof(*pointers));
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = pointers ? opendir(path) : NULL;
	while (dir && n < limit && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/syscall", (int)pid, entry->d_name);
		/* If one thread may not be examined, none may. */
		if (!read_file(path, text, sizeof(text)) && errno != ENOENT && errno != ESRCH)
			break;
		pointers[n] = pointer_of(text);
		n += pointers[n] != 0;
	}
	if (dir)
		closedir(dir);
	if (n)
		qsort(pointers, n, sizeof(*pointers), vmt_sorted_by_number);
	*ret_pointers = pointers;
	return n;
}

static bool is_same_program(pid_t a, pid_t b)
{
	struct stat one, two;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)a);
	if (stat(path, &one))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)b);
	return !stat(path, &two) && one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

/* startstack and the like: each exec places them at random, fork keeps them. */
static bool read_places(pid_t pid, unsigned long long place[3])
{
	char text[2048];
	const char *at = read_stat(pid, text, sizeof(text));

	/* fields 26 (startcode), 28 (startstack) and 47 (start_brk) of proc(5) */
	return at &&
	       sscanf(at,
		      " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
		      " %*s %*s %*s %*s %llu %*s %llu %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
		      " %*s %*s %*s %*s %*s %*s %*s %llu",
		      &place[0], &place[1], &place[2]) == 3;
}

bool vmt_process_is_fork(const struct vmt_process *process)
{
	unsigned long long own[3], parent[3];
	char text[16];

	/* Without randomisation every image lies at the same place, so this proves nothing. */
	if (process->parent <= 0 ||
	    !read_file("/proc/sys/kernel/randomize_va_space", text, sizeof(text)) ||
	    text[0] == '0' || !is_same_program(process->pid, process->parent))
		return false;
	return read_places(process->pid, own) && read_places(process->parent, parent) &&
	       own[1] > 1 && own[0] == parent[0] && own[1] == parent[1] && own[2] == parent[2];
}

uint64_t vmt_process_resident(pid_t pid)
{
	char path[64], text[128], *rest;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	if (!read_file(path, text, sizeof(text)))
		return 0;
	strtoull(text, &rest, 10);
	return strtoull(rest, NULL, 10) * 4096;
}

uint64_t vmt_process_map_limit(void)
{
	char text[32];

	return read_file("/proc/sys/vm/max_map_count", text, sizeof(text)) ?
		       strtoull(text, NULL, 10) :
		       0;
}

bool vmt_process_parse(const char *text, pid_t *ret_pid)
{
	unsigned long value;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || value == 0 || value > 0x7fffffff)
		return false;
	*ret_pid = (pid_t)value;
	return true;
}
