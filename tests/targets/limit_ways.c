/* SPDX-License-Identifier: MIT */
/*
 * Every way to reach vm.max_map_count: the process is brought to each number of maps from eight
 * below the limit to the last that fits, and at each number every call that may need one more map
 * is tried. The program prints errno and the effect on /proc/self/maps, also when a failed call has
 * split a map.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "target.h"

#define TRIALS      ((char *)0x3000000000)
#define TRIAL_PAGES 64L /* the distance between two trials */
#define MAP_PAGES   6L /* the length of a trial's map, which begins at page 8 */
#define AREA        ((char *)0x2000000000)
#define AREA_PAGES  70000L
#define SLACKS      9L
#define RW          (PROT_READ | PROT_WRITE)
#define PRIVATE     (MAP_PRIVATE | MAP_ANONYMOUS)

static long limit, lines; /* lines: of /proc/self/maps now */
static char *fillers[70000];
static size_t filler_count;
static int userfault, segment;
static char layout[400]; /* the maps around the current trial */

/* Count the lines, and put what lies in [from, from + TRIAL_PAGES) into words. */
static void vma(const char *from)
{
	static char text[1 << 16], line[4200];
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, end;
	char access[5];
	int used = 0;

	REQUIRE(maps);
	REQUIRE(setvbuf(maps, text, _IOFBF, sizeof(text)) == 0);
	layout[0] = '\0';
	for (lines = 0; fgets(line, sizeof(line), maps); lines++)
		if (line[0] == '3' && sscanf(line, "%lx-%lx %4s", &start, &end, access) == 3 &&
		    start >= (unsigned long)from &&
		    start < (unsigned long)(from + TRIAL_PAGES * PAGE))
			used += snprintf(layout + used, sizeof(layout) - (size_t)used, " %lu-%lu%s",
					 (start - (unsigned long)from) / PAGE,
					 (end - (unsigned long)from) / PAGE, access);
	lines--; /* [vsyscall] */
	fclose(maps);
}

static bool fill_one(void)
{
	char *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return false;
	fillers[filler_count++] = at;
	lines++;
	return true;
}

/* Make nearly all maps by cutting one map in pieces, and the rest one by one. */
static void fill(void)
{
	char *area = mmap(AREA, AREA_PAGES * PAGE, PROT_NONE, PRIVATE | MAP_FIXED, -1, 0);

	REQUIRE(area == AREA);
	vma(TRIALS);
	for (long page = 1; lines < limit - 500; page += 2, lines += 2)
		REQUIRE(mprotect(area + page * PAGE, PAGE, PROT_READ) == 0);
	while (fill_one())
		;
	vma(TRIALS);
}

static void adjust(long wanted)
{
	while (lines > wanted) {
		REQUIRE(filler_count > 0);
		REQUIRE(munmap(fillers[--filler_count], PAGE) == 0);
		lines--;
	}
	while (lines < wanted)
		REQUIRE(fill_one());
}

static long new_map(char *at)
{
	return (long)mmap(at + 30 * PAGE, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static long mapping_that_joins(char *at)
{
	return (long)mmap(at + MAP_PAGES * PAGE, PAGE, RW, PRIVATE | MAP_FIXED, -1, 0);
}

static long map_over_whole(char *at)
{
	return (long)mmap(at, MAP_PAGES * PAGE, PROT_READ, PRIVATE | MAP_FIXED, -1, 0);
}

static long map_over_middle(char *at)
{
	return (long)mmap(at + 2 * PAGE, PAGE, PROT_READ, PRIVATE | MAP_FIXED, -1, 0);
}

static long unmap_edge(char *at)
{
	return munmap(at, PAGE);
}

static long unmap_middle(char *at)
{
	return munmap(at + 2 * PAGE, PAGE);
}

static long protect_edge(char *at)
{
	return mprotect(at, PAGE, PROT_READ);
}

static long protect_middle(char *at)
{
	return mprotect(at + 2 * PAGE, PAGE, PROT_READ);
}

static long advise_edge(char *at)
{
	return madvise(at, PAGE, MADV_DONTDUMP);
}

static long advise_middle(char *at)
{
	return madvise(at + 2 * PAGE, PAGE, MADV_DONTDUMP);
}

static long lock_middle(char *at)
{
	return mlock(at + 2 * PAGE, PAGE);
}

static long bind_middle(char *at)
{
	unsigned long node = 1;

	return syscall(SYS_mbind, at + 2 * PAGE, PAGE, 2, &node, 64UL, 0UL);
}

static long seal_middle(char *at)
{
	return syscall(462, at + 2 * PAGE, PAGE, 0UL);
}

static long register_middle(char *at)
{
	struct uffdio_register request = { .range = { (unsigned long)(at + 2 * PAGE), PAGE },
					   .mode = UFFDIO_REGISTER_MODE_MISSING };

	return ioctl(userfault, UFFDIO_REGISTER, &request);
}

static long move(char *at)
{
	return (long)mremap(at, MAP_PAGES * PAGE, MAP_PAGES * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			    at + 30 * PAGE);
}

static long move_middle(char *at)
{
	return (long)mremap(at + 2 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			    at + 30 * PAGE);
}

static long move_a_copy(char *at)
{
	return (long)mremap(at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
			    at + 30 * PAGE);
}

static long grow_in_place(char *at)
{
	return (long)mremap(at, MAP_PAGES * PAGE, (MAP_PAGES + 2) * PAGE, 0);
}

static long shrink(char *at)
{
	return (long)mremap(at, MAP_PAGES * PAGE, 2 * PAGE, 0);
}

static long attach(char *at)
{
	return (long)shmat(segment, at + 30 * PAGE, 0);
}

static long attach_over_middle(char *at)
{
	return (long)shmat(segment, at + 2 * PAGE, SHM_REMAP);
}

static long setup_ring(char *at)
{
	unsigned long ring = 0;
	long ret = syscall(SYS_io_setup, 4, &ring);

	(void)at;
	if (ret == 0)
		syscall(SYS_io_destroy, ring);
	return ret;
}

static long grow_heap(char *at)
{
	(void)at;
	return sbrk((intptr_t)PAGE) == (void *)-1 || sbrk(-(intptr_t)PAGE) == (void *)-1 ? -1 : 0;
}

static long fork_and_cut(char *at)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(mprotect(at + 2 * PAGE, PAGE, PROT_READ) ? errno : 100);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	errno = WEXITSTATUS(status);
	return errno == 100 ? 0 : -1;
}

/* clang-format off */
#define WAY(name) { #name, name }
static const struct way {
	const char *name;
	long (*call)(char *at);
} ways[] = {
	WAY(new_map), WAY(mapping_that_joins), WAY(map_over_whole), WAY(map_over_middle),
	WAY(unmap_edge), WAY(unmap_middle), WAY(protect_edge), WAY(protect_middle),
	WAY(advise_edge), WAY(advise_middle), WAY(lock_middle), WAY(bind_middle),
	WAY(seal_middle), WAY(register_middle), WAY(move), WAY(move_middle), WAY(move_a_copy),
	WAY(grow_in_place), WAY(shrink), WAY(attach), WAY(attach_over_middle), WAY(setup_ring),
	WAY(grow_heap), WAY(fork_and_cut),
};
#define WAYS ((long)(sizeof(ways) / sizeof(ways[0])))
/* clang-format on */

static char *trial_at(long slack, long way)
{
	return TRIALS + (slack * WAYS + way) * TRIAL_PAGES * (long)PAGE;
}

static void prepare(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
	const size_t length = MAP_PAGES * PAGE;

	REQUIRE(file && fscanf(file, "%ld", &limit) == 1);
	fclose(file);
	userfault = (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */);
	REQUIRE(userfault >= 0 && ioctl(userfault, UFFDIO_API, &api) == 0);
	segment = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);
	REQUIRE(shmat(segment, TRIALS - (1 << 24), 0) != (void *)-1);
	REQUIRE(shmctl(segment, IPC_RMID, NULL) == 0);
	for (long i = 0; i < SLACKS * WAYS; i++) {
		char *at = trial_at(0, i) + 8 * PAGE;

		REQUIRE(mmap(at, length, RW, PRIVATE | MAP_FIXED, -1, 0) == at);
	}
}

int main(void)
{
	prepare();
	fill();
	printf("full at the limit %+ld\n", lines - limit);
	for (long slack = 0; slack < SLACKS; slack++)
		for (long way = 0; way < WAYS; way++) {
			char *at = trial_at(slack, way);
			long before;
			int error;

			adjust(limit + 1 - slack);
			before = lines;
			errno = 0;
			error = ways[way].call(at + 8 * PAGE) == -1 ? errno : 0;
			vma(at);
			printf("%ld free, %s: %s, %+ld maps:%s\n", slack, ways[way].name,
			       error ? strerror(error) : "fits", lines - before, layout);
		}
	return 0;
}
