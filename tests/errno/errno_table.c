/* SPDX-License-Identifier: MIT */
/*
 * Every memory call with good, bad and boundary arguments: prints result, errno and the effect
 * on this program's own /proc/self/maps. An ordinary program; tests/shim/errno.sh runs it with
 * and without the library and compares what it prints. It allocates nothing, so that no call but
 * the tried one changes maps between two looks.
 */
#include "errno_table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define UNTOUCHED 77 /* errno before each call */
#define TEXT_MAX  (256 * 1024)

struct table {
	char area[4096]; /* the area's lines, in words */
	long lines; /* of all maps */
};

struct files files;
long area = AREA;
static unsigned long break_at_start;

static void die(const char *what)
{
	perror(what);
	exit(3);
}

/* "0-8 rw-p 0" for each line that lies in the area. */
static void add_line(struct table *table, const char *line)
{
	unsigned long start, end, offset;
	char access[5];
	size_t used = strlen(table->area);

	if (strstr(line, "[vsyscall]"))
		return;
	table->lines++;
	if (sscanf(line, "%lx-%lx %4s %lx", &start, &end, access, &offset) != 4)
		die("/proc/self/maps");
	if (end <= (unsigned long)area || start >= (unsigned long)(area + AREA_PAGES * PAGE))
		return;
	snprintf(table->area + used, sizeof(table->area) - used, " %ld-%ld:%s:%lx",
		 ((long)start - area) / PAGE, ((long)end - area) / PAGE, access, offset / PAGE);
}

static void look_at(struct table *table)
{
	static char text[TEXT_MAX];
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	ssize_t used = 0, got;
	char *rest = text;

	if (fd < 0)
		die("/proc/self/maps");
	while ((got = read(fd, text + used, sizeof(text) - 1 - (size_t)used)) > 0)
		used += got;
	text[used] = '\0';
	close(fd);
	*table = (struct table){ .lines = 0 };
	for (char *line = strtok_r(rest, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		add_line(table, line);
}

static void place(long at, long pages, int prot, int flags, int fd)
{
	if (mmap((void *)at, (size_t)(pages * PAGE), prot, flags | MAP_FIXED, fd, 0) != (void *)at)
		die("lay out");
}

static void lay_out(void)
{
	const int private = MAP_PRIVATE | MAP_ANONYMOUS;

	if (munmap((void *)area, AREA_PAGES * PAGE))
		die("munmap");
	place(WRITTEN, 8, PROT_READ | PROT_WRITE, private, -1);
	memset((void *)WRITTEN, 1, 8 * PAGE);
	place(FILE_MAP, 4, PROT_READ, MAP_PRIVATE, files.good);
	place(SHARED, 4, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	place(NO_ACCESS, 4, PROT_NONE, private, -1);
	place(PLAIN, 8, PROT_READ | PROT_WRITE, private, -1);
}

static long mapped_by_libc(long nr, const long a[6])
{
	void *at = (void *)a[0];

	switch (nr) {
	case SYS_mmap: return (long)mmap(at, (size_t)a[1], (int)a[2], (int)a[3], (int)a[4], a[5]);
	case SYS_mremap:
		return (long)mremap(at, (size_t)a[1], (size_t)a[2], (int)a[3], (void *)a[4]);
	case SYS_shmat: return (long)shmat((int)a[0], (void *)a[1], (int)a[2]);
	case SYS_shmdt: return shmdt(at);
	case SYS_brk: return brk(at);
	case SYS_remap_file_pages:
		return remap_file_pages(at, (size_t)a[1], (int)a[2], (size_t)a[3], (int)a[4]);
	case SYS_process_madvise:
		return process_madvise((int)a[0], (void *)a[1], (size_t)a[2], (int)a[3],
				       (unsigned)a[4]);
	case SYS_prctl: return prctl((int)a[0], a[1], a[2], a[3], a[4]);
	case SYS_ioctl: return ioctl((int)a[0], (unsigned long)a[1], a[2]);
	default: return syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	}
}

static long made_by_libc(long nr, const long a[6])
{
	void *at = (void *)a[0];
	size_t length = (size_t)a[1];

	switch (nr) {
	case SYS_munmap: return munmap(at, length);
	case SYS_mprotect: return mprotect(at, length, (int)a[2]);
	case SYS_pkey_mprotect: return pkey_mprotect(at, length, (int)a[2], (int)a[3]);
	case SYS_madvise: return madvise(at, length, (int)a[2]);
	case SYS_mlock: return mlock(at, length);
	case SYS_mlock2: return mlock2(at, length, (unsigned)a[2]);
	case SYS_munlock: return munlock(at, length);
	case SYS_mlockall: return mlockall((int)a[0]);
	case SYS_munlockall: return munlockall();
	default: return mapped_by_libc(nr, a);
	}
}

static const char *name_of(long nr)
{
	static const struct {
		long nr;
		const char *name;
	} names[] = {
		{ SYS_mmap, "mmap" },
		{ SYS_munmap, "munmap" },
		{ SYS_mprotect, "mprotect" },
		{ SYS_pkey_mprotect, "pkey_mprotect" },
		{ SYS_mremap, "mremap" },
		{ SYS_madvise, "madvise" },
		{ SYS_brk, "brk" },
		{ SYS_process_madvise, "process_madvise" },
		{ SYS_mlock, "mlock" },
		{ SYS_mlock2, "mlock2" },
		{ SYS_munlock, "munlock" },
		{ SYS_mlockall, "mlockall" },
		{ SYS_munlockall, "munlockall" },
		{ SYS_mbind, "mbind" },
		{ SYS_shmat, "shmat" },
		{ SYS_shmdt, "shmdt" },
		{ SYS_remap_file_pages, "remap_file_pages" },
		{ SYS_prctl, "prctl" },
		{ SYS_io_setup, "io_setup" },
		{ SYS_io_destroy, "io_destroy" },
		{ SYS_ioctl, "ioctl" },
		{ SYS_arch_prctl, "arch_prctl" },
		{ 450, "set_mempolicy_home_node" },
		{ 453, "map_shadow_stack" },
		{ 462, "mseal" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].nr == nr)
			return names[i].name;
	return "?";
}

static int is_address(long value)
{
	/* a processor with page tables of five levels has addresses of 56 bits */
	return value > (1L << 20) && value < 1L << 56;
}

/* Addresses that differ from run to run are printed as what contains them. */
static void put_value(long value)
{
	long from_break = value - (long)break_at_start;

	if (value >= AREA && value <= AREA + (1L << 36))
		printf(" A+%lx", value - AREA);
	else if (from_break >= 0 && from_break < 64 * PAGE)
		printf(" B+%lx", from_break);
	else if (is_address(value))
		printf(" address");
	else
		printf(" %lx", value);
}

static void put_effect(const struct table *before, const struct table *after)
{
	if (before->lines != after->lines)
		printf(" maps %+ld", after->lines - before->lines);
	if (strcmp(before->area, after->area) != 0)
		printf(" |%s", after->area);
	putchar('\n');
}

void trial_as_is(int by_libc, long nr, const long args[6])
{
	static struct table before, after;
	long result;
	int error;

	look_at(&before);
	errno = UNTOUCHED;
	if (by_libc)
		result = made_by_libc(nr, args);
	else
		result = syscall(nr, args[0], args[1], args[2], args[3], args[4], args[5]);
	error = errno;
	look_at(&after);
	printf("%s%s(", by_libc ? "" : "syscall:", name_of(nr));
	for (int i = 0; i < 6; i++)
		if (i == 0 && nr == SYS_shmat && args[i] == files.segment)
			printf(" segment"); /* the kernel counts these from 0 on */
		else
			put_value(args[i]);
	printf(" ) =");
	put_value(result);
	printf(" errno %d", error);
	put_effect(&before, &after);
	if ((nr == SYS_mmap || nr == SYS_mremap) && is_address(result) &&
	    (result < AREA || result > AREA + (1L << 36)))
		munmap((void *)result, (size_t)args[nr == SYS_mmap ? 1 : 2]);
}

void trial(long nr, long a, long b, long c, long d, long e, long f)
{
	const long args[6] = { a, b, c, d, e, f };

	for (int by_libc = 0; by_libc < 2; by_libc++) {
		lay_out();
		trial_as_is(by_libc, nr, args);
	}
}

/*
 * Returns the id of a new segment of shared memory. The first one of a machine or a container has
 * the id 0, which other trials pass as one that does not exist.
 */
static int new_segment(void)
{
	int id = shmget(IPC_PRIVATE, 4 * PAGE, IPC_CREAT | 0600);
	int other;

	if (id != 0)
		return id;
	other = shmget(IPC_PRIVATE, 4 * PAGE, IPC_CREAT | 0600);
	shmctl(id, IPC_RMID, NULL);
	return other;
}

static void open_files(void)
{
	char path[] = "/tmp/errno_table.XXXXXX";
	int ends[2];

	files.good = mkostemp(path, O_CLOEXEC);
	if (files.good < 0 || ftruncate(files.good, 32 * PAGE) || pipe(ends))
		die(path);
	files.read_only = open(path, O_RDONLY | O_CLOEXEC);
	files.write_only = open(path, O_WRONLY | O_CLOEXEC);
	files.folder = open("/", O_RDONLY | O_CLOEXEC);
	files.null = open("/dev/null", O_RDWR | O_CLOEXEC);
	files.zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
	files.pipe = ends[0];
	files.closed = 12345;
	files.segment = new_segment();
	files.userfault = (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */);
	if (files.userfault < 0 && errno == EINVAL) /* before Linux 5.11 */
		files.userfault = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	files.self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	unlink(path);
	if (files.read_only < 0 || files.write_only < 0 || files.folder < 0 || files.null < 0 ||
	    files.zero < 0 || files.segment < 0 || files.userfault < 0 || files.self < 0)
		die("a file");
	/* Attached once, far from everything else; otherwise it would be gone before the trials. */
	if (shmat(files.segment, (void *)(AREA + (1L << 37)), 0) == (void *)-1)
		die("shmat");
	shmctl(files.segment, IPC_RMID, NULL);
}

int main(void)
{
	static char out[1 << 16];

	setvbuf(stdout, out, _IOFBF, sizeof(out));
	open_files();
	break_at_start = (unsigned long)sbrk(0);
	try_ranges();
	try_new_maps();
	try_rare();
	try_seals();
	return 0;
}
