/* SPDX-License-Identifier: MIT */
/*
 * At a fork, little of libc's text is mapped, whoever has read all of it before; and what somebody
 * has written into it, as debuggers do for a breakpoint, is there afterwards, in both processes.
 */
#include <fcntl.h>
#include <sys/wait.h>

#include "target.h"

struct text {
	unsigned long start;
	unsigned long end;
	long resident; /* KiB */
};

/* Without stdio, which would map much of libc's text by itself. */
static struct text find_text(void)
{
	static char smaps[1 << 17];
	int fd = open("/proc/self/smaps", O_RDONLY);
	size_t used = 0;
	ssize_t got;
	char *at, *line;

	REQUIRE(fd >= 0);
	while ((got = read(fd, smaps + used, sizeof(smaps) - 1 - used)) > 0)
		used += (size_t)got;
	close(fd);
	REQUIRE(got == 0 && used < sizeof(smaps) - 1);
	smaps[used] = '\0';
	at = strstr(smaps, " r-xp ");
	for (; at; at = strstr(at + 1, " r-xp ")) {
		char *end = strchr(at, '\n');
		char *name = strstr(at, "/libc.so");

		if (end && name && name < end)
			break;
	}
	REQUIRE(at);
	for (line = at; line > smaps && line[-1] != '\n';)
		line--;
	return (struct text){
		.start = strtoul(line, &line, 16),
		.end = strtoul(line + 1, NULL, 16),
		.resident = strtol(strstr(at, "\nRss:") + 5, NULL, 10),
	};
}

/* The last byte of the map lies behind the last function. */
static volatile unsigned char *last_of(struct text text)
{
	return (volatile unsigned char *)text.end - 1;
}

static void write_last(struct text text, unsigned char byte)
{
	int mem = open("/proc/self/mem", O_RDWR);

	REQUIRE(mem >= 0);
	REQUIRE(pwrite(mem, &byte, 1, (off_t)text.end - 1) == 1);
	close(mem);
}

int main(void)
{
	struct text text = find_text();
	unsigned char byte = *last_of(text) ^ 0xcc;
	int status;
	pid_t pid;

	write_last(text, byte);
	for (int i = 0; i < 2; i++) {
		pid = fork();
		REQUIRE(pid >= 0);
		if (pid == 0)
			_exit(*last_of(text) == byte ? 7 : 8);
		REQUIRE(waitpid(pid, &status, 0) == pid);
		REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
		REQUIRE(*last_of(text) == byte);
	}
	text = find_text();
	REQUIRE(text.resident * 1024 < (long)(text.end - text.start) / 4 * 3);
	puts("little was mapped, and what was written is there");
	return 0;
}
