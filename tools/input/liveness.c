/* SPDX-License-Identifier: MIT */
/*
 * See liveness.h.
 */
#include "input/liveness.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

uint64_t vmt_liveness_now(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* When the process began, ns since 1970 and a clock tick exact; 0 = unknown. */
static uint64_t begin_of(uint32_t pid)
{
	char text[1024];
	unsigned long long ticks = 0;
	const char *end;
	FILE *file;
	size_t n;

	snprintf(text, sizeof(text), "/proc/%u/stat", pid);
	file = fopen(text, "re");
	if (!file)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	end = strrchr(text, ')'); /* the name before it may hold anything */
	if (!end || sscanf(end + 1,
			   " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
			   " %*s %*s %*s %*s %*s %llu",
			   &ticks) != 1)
		return 0;
	return vmt_liveness_now(CLOCK_REALTIME) - vmt_liveness_now(CLOCK_BOOTTIME) +
	       ticks * (1000000000 / (unsigned long long)sysconf(_SC_CLK_TCK));
}

bool vmt_liveness_is_gone(const struct vmt_view *view)
{
	const struct vmt_rec_header *header = &view->header;

	if (kill((pid_t)header->pid, 0) && errno == ESRCH)
		return true;
	/* Two seconds: clocks may have been set meanwhile. */
	return begin_of(header->pid) > header->start_realtime + 2000000000;
}
