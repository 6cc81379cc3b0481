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

static struct text find_text(void)
{
	struct text text = { 0, 0, 0 };
	FILE *file = fopen("/proc/self/smaps", "r");
	char line[1000];
	int is_inside = 0;

	REQUIRE(file);
	while (fgets(line, sizeof(line), file)) {
		unsigned long start, end;
		char prot[8];

		if (sscanf(line, "%lx-%lx %7s", &start, &end, prot) == 3) {
			is_inside = !text.end && strstr(line, "/libc.so") && !strcmp(prot, "r-xp");
			if (is_inside)
				text = (struct text){ start, end, 0 };
		} else if (is_inside) {
			sscanf(line, "Rss: %ld", &text.resident);
		}
	}
	fclose(file);
	REQUIRE(text.end);
	return text;
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
