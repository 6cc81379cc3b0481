/* SPDX-License-Identifier: MIT */
/*
 * A uprobe is put on the entry of each function of libc that makes a memory call, as bpftrace and
 * perf do, and is removed again. The function must work before, meanwhile and afterwards. This
 * needs privileges. Without them, or with `by_hand`, the program does what the kernel does when it
 * removes a uprobe: it writes the first byte of the entry as it is in libc's file. Prints the calls
 * that failed.
 */
#include <fcntl.h>
#include <link.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "target.h"

static const char *const names[] = { "mmap", "munmap", "mprotect", "madvise", "mremap",
				     "brk",  "sbrk",   "mlock",    "munlock", "shmdt",
				     "fork", "execve", "_exit" };
static int failed;

static const struct link_map *find_libc(void)
{
	extern struct r_debug _r_debug;

	for (const struct link_map *map = _r_debug.r_map; map; map = map->l_next)
		if (strstr(map->l_name, "/libc.so.6"))
			return map;
	REQUIRE(!"there is a libc");
	return NULL;
}

static const void *dynamic(const struct link_map *map, ElfW(Sxword) tag)
{
	const ElfW(Dyn) *entry = map->l_ld;

	while (entry->d_tag != tag)
		entry++;
	return (const void *)entry->d_un.d_ptr;
}

/* Find the function in libc itself, since dlsym() would find that of another interposer. */
static uint64_t offset_of(const struct link_map *libc, const char *name)
{
	const ElfW(Sym) *symbol = dynamic(libc, DT_SYMTAB);
	const char *strings = dynamic(libc, DT_STRTAB);

	for (; (const char *)symbol < strings; symbol++)
		if (symbol->st_shndx && strcmp(strings + symbol->st_name, name) == 0)
			return symbol->st_value;
	REQUIRE(!"libc has it");
	return 0;
}

static void check(const char *what, int ok)
{
	if (ok)
		return;
	printf("%s failed: %s\n", what, strerror(errno));
	failed++;
}

static void execute(void)
{
	char name[] = "true";
	char *arguments[] = { name, NULL };
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		execve("/bin/true", arguments, NULL);
		_exit(5);
	}
	check("fork, execve", child > 0 && waitpid(child, &status, 0) == child && status == 0);
	child = fork();
	if (child == 0)
		_exit(7);
	check("_exit",
	      child > 0 && waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
}

static void use_all(void)
{
	char *at = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *end = sbrk((intptr_t)PAGE);

	check("mmap", at != MAP_FAILED);
	check("sbrk", end != (void *)-1);
	check("use of the break", (*end = 1));
	check("brk", brk(end) == 0 && sbrk(0) == end);
	check("mlock", mlock(at, PAGE) == 0 && munlock(at, PAGE) == 0);
	check("mprotect", mprotect(at, PAGE, PROT_NONE) == 0);
	check("madvise", madvise(at, PAGE, MADV_DONTNEED) == 0);
	check("mremap", mremap(at, 4 * PAGE, 3 * PAGE, 0) == at);
	check("munmap", munmap(at, 3 * PAGE) == 0);
	check("use of memory", malloc(1 << 20) && malloc(100));
	execute();
}

static long probe(const char *file, uint64_t offset)
{
	struct perf_event_attr event = { .size = sizeof(event) };
	FILE *type = fopen("/sys/bus/event_source/devices/uprobe/type", "r");
	int number;
	int ok = type && fscanf(type, "%d", &number) == 1;

	if (type)
		fclose(type);
	if (!ok)
		return -1;
	event.type = (unsigned)number;
	event.uprobe_path = (uintptr_t)file;
	event.probe_offset = offset;
	return syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);
}

static void write_as_in_file(const struct link_map *libc, uint64_t offset)
{
	int file = open(libc->l_name, O_RDONLY);
	int memory = open("/proc/self/mem", O_WRONLY);
	const char *entry = (const char *)(libc->l_addr + offset);
	char byte;

	REQUIRE(pread(file, &byte, 1, (off_t)offset) == 1);
	/* Linux 7 may refuse the write; then check that it would have changed nothing. */
	if (pwrite(memory, &byte, 1, (off_t)(uintptr_t)entry) != 1)
		check("the entry's first byte", *entry == byte);
	close(memory);
	close(file);
}

int main(int argc, char **argv)
{
	const struct link_map *libc = find_libc();
	int by_hand = argc > 1 && strcmp(argv[1], "by_hand") == 0;

	use_all();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t offset = offset_of(libc, names[i]);
		long event = by_hand ? -1 : probe(libc->l_name, offset);

		if (event >= 0)
			use_all();
		else
			write_as_in_file(libc, offset);
		close((int)event);
		use_all();
	}
	printf("%d failed\n", failed);
	return failed != 0;
}
