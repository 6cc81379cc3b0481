/* SPDX-License-Identifier: MIT */
/*
 * The first thread ends while another one goes on: the kernel calls the process a zombie, and its
 * /proc/PID/maps is empty. The process stays until its input ends.
 */
#include "pattern.h"

#include <pthread.h>

/* "PID (NAME) Z" means that the kernel, too, has ended the first thread. */
static int has_ended(void)
{
	char path[64], text[256];
	FILE *stat;
	size_t n;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)getpid());
	stat = fopen(path, "r");
	REQUIRE(stat);
	n = fread(text, 1, sizeof(text) - 1, stat);
	fclose(stat);
	text[n] = '\0';
	return strstr(text, ") Z ") != NULL;
}

static void *go_on(void *unused)
{
	while (!has_ended())
		usleep(1000);
	stay();
	return unused;
}

int main(void)
{
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, go_on, NULL) == 0);
	pthread_exit(NULL);
}
