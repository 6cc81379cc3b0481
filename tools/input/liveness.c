/* SPDX-License-Identifier: MIT */
/* Finds the process of a recording; see liveness.h. */
#include "core/report/report.h"
#include "input/liveness.h"
#include "input/process.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

uint64_t vmt_liveness_now(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t vmt_liveness_clock(const struct vmt_view *view)
{
	return vmt_liveness_is_gone(view) ? 0 : vmt_liveness_now(CLOCK_MONOTONIC);
}

static uint64_t begin_of(const struct vmt_process_stat *stat)
{
	return vmt_liveness_now(CLOCK_REALTIME) - vmt_liveness_now(CLOCK_BOOTTIME) +
	       stat->ticks * (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK));
}

uint64_t vmt_liveness_begin(uint32_t pid)
{
	struct vmt_process_stat stat;

	return vmt_process_stat((pid_t)pid, &stat) ? begin_of(&stat) : 0;
}

static uint32_t namespace_of(const char *process)
{
	char path[300];
	struct stat of;

	snprintf(path, sizeof(path), "/proc/%s/ns/pid", process);
	return stat(path, &of) ? 0 : (uint32_t)of.st_ino;
}

bool vmt_liveness_calls_itself(pid_t here, uint32_t pid)
{
	char line[512];
	unsigned long innermost = (unsigned long)here;
	FILE *file;

	snprintf(line, sizeof(line), "/proc/%d/status", (int)here);
	file = fopen(line, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "NSpid:", 6))
			continue;
		line[strcspn(line, "\n")] = '\0';
		innermost = strtoul(strrchr(line, '\t') ? strrchr(line, '\t') : line + 6, NULL, 10);
		break;
	}
	fclose(file);
	return innermost == pid;
}

/*
 * May this be the recorded process, and has it not ended? With two seconds of tolerance, since clocks
 * may have been set meanwhile. A process that nobody has waited for yet has ended; if only its first
 * thread has, it lives.
 */
static bool may_be_it(pid_t pid, const struct vmt_rec_header *header)
{
	struct vmt_process_stat stat;

	if (!vmt_process_stat(pid, &stat))
		return true;
	return begin_of(&stat) <= header->start_realtime + 2000000000 &&
	       ((stat.state != 'Z' && stat.state != 'X') || stat.threads > 1);
}

/* Search all visible processes: those of other namespaces have a pid in ours, too. */
static pid_t search(const struct vmt_rec_header *header)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;
	pid_t pid;

	while (proc && !found && (entry = readdir(proc))) {
		pid = (pid_t)strtoul(entry->d_name, NULL, 10);
		if (pid && namespace_of(entry->d_name) == header->pid_namespace &&
		    vmt_liveness_calls_itself(pid, header->pid) && may_be_it(pid, header))
			found = pid;
	}
	if (proc)
		closedir(proc);
	return found;
}

static bool is_in_other_namespace(const struct vmt_rec_header *header)
{
	uint32_t own = namespace_of("self");

	return own && header->pid_namespace && header->pid_namespace != own;
}

pid_t vmt_liveness_pid(const struct vmt_view *view)
{
	const struct vmt_rec_header *header = &view->header;

	if (is_in_other_namespace(header)) /* if it has ended, there is nothing to find */
		return header->end == VMT_END_RUNNING ? search(header) : 0;
	if ((kill((pid_t)header->pid, 0) && errno == ESRCH) ||
	    !may_be_it((pid_t)header->pid, header))
		return 0;
	return (pid_t)header->pid;
}

bool vmt_liveness_is_gone(const struct vmt_view *view)
{
	return vmt_liveness_pid(view) == 0;
}

void vmt_liveness_end(const struct vmt_view *view, char *text, size_t size)
{
	const struct vmt_rec_header *header = &view->header;
	const char *name = vmt_report_signal((uint32_t)header->status);

	if (header->end == VMT_END_EXIT)
		snprintf(text, size, "exit %d", header->status & 255);
	else if (header->end == VMT_END_SIGNAL && name)
		snprintf(text, size, "%s", name);
	else if (header->end == VMT_END_SIGNAL)
		snprintf(text, size, "signal %d", header->status);
	else if (header->end == VMT_END_EXEC)
		snprintf(text, size, "exec");
	else
		snprintf(text, size, vmt_liveness_is_gone(view) ? "killed?" : "running");
}
