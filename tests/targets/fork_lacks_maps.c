/* SPDX-License-Identifier: MIT */
/*
 * Forks children that have all of their parent's maps but one: first none is missing, then one that
 * the driver of a device keeps from being copied (perf's ring buffer, where the kernel lets us have
 * one), and then one with MADV_DONTFORK as well. A map in place of the missing one succeeds only
 * where it is missing. Children have children of their own.
 */
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "target.h"

#define PLACES 3

/*
 * The ring lies between two pages of its own: otherwise what takes its place in a child may be any
 * larger map that the kernel puts there.
 */
static char *map_ring(void)
{
	char *room = map_pages(5);
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.size = sizeof(attr),
					.config = PERF_COUNT_SW_DUMMY,
					.exclude_kernel = 1,
					.exclude_hv = 1 };
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	char *ring;

	if (fd < 0)
		return NULL;
	ring = mmap(room + PAGE, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	close(fd);
	return ring == MAP_FAILED ? NULL : ring;
}

static char *map_memfd(void)
{
	int fd = (int)syscall(SYS_memfd_create, "shared", 0);
	char *at;

	REQUIRE(fd >= 0 && ftruncate(fd, 4 * (off_t)PAGE) == 0);
	at = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	REQUIRE(at != MAP_FAILED);
	close(fd);
	return at;
}

/* Is there a hole at this place, in the middle of maps? */
static int is_missing(char *place)
{
	char *at = mmap(place, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			-1, 0);

	if (at != MAP_FAILED && at != place)
		munmap(at, PAGE);
	return at == place;
}

/* Returns how many of the places are free in this child. */
static int child(char *place[PLACES], char *shared, int depth)
{
	int status = 0;
	int missing = 0;

	map_and_cut();
	REQUIRE(mprotect(shared + PAGE, PAGE, PROT_READ) == 0);
	REQUIRE(munmap(shared + 3 * PAGE, PAGE) == 0);
	for (int i = 0; i < PLACES; i++)
		missing += place[i] && is_missing(place[i]);
	if (depth) {
		pid_t pid = fork();

		REQUIRE(pid >= 0);
		if (pid == 0)
			_exit(child(place, map_memfd(), depth - 1));
		REQUIRE(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	}
	map_and_cut();
	return missing;
}

static int forked(char *place[PLACES], char *shared)
{
	int status;
	pid_t pid = fork();

	REQUIRE(pid >= 0);
	if (pid == 0)
		_exit(child(place, shared, 1));
	REQUIRE(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

int main(void)
{
	char *place[PLACES] = { map_pages(8), NULL, NULL };
	char *shared = map_memfd();
	int lacked;

	printf("without anything: %d missing\n", forked(place, shared));
	place[1] = map_ring();
	lacked = forked(place, shared);
	printf("with a device's map: %s\n", lacked == (place[1] != NULL) ? "as expected" : "WRONG");
	REQUIRE(madvise(place[0] + PAGE, 2 * PAGE, MADV_DONTFORK) == 0);
	place[0] += PAGE;
	lacked = forked(place, shared);
	printf("with MADV_DONTFORK as well: %s\n",
	       lacked == 1 + (place[1] != NULL) ? "as expected" : "WRONG");
	return 0;
}
