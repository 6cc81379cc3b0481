/* SPDX-License-Identifier: MIT */
/*
 * Stands in for libvmatrace.so in tests of the tool alone: its constructor writes a valid recording
 * of a running process, and does nothing else.
 */
#include "../unit/sample_recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static struct sample sample;

__attribute__((constructor)) static void record(void)
{
	const char *options = getenv("VMATRACE_OPTIONS");
	const char *directory = options ? strstr(options, "dir=") : NULL;
	struct timespec now;
	char path[4096];
	FILE *file;

	if (!directory)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	sample_demo(&sample);
	sample.header->pid = (uint32_t)getpid();
	sample.header->end = VMT_END_RUNNING;
	sample.header->start_realtime = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	clock_gettime(CLOCK_MONOTONIC, &now);
	sample.header->start_monotonic = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	sample.header->end_monotonic = 0;
	snprintf(path, sizeof(path), "%s/%s.%d.vmt", directory + 4, program_invocation_short_name,
		 getpid());
	file = fopen(path, "w");
	if (!file)
		return;
	fwrite(sample.data, sizeof(sample.data), 1, file);
	fclose(file);
}
