/* SPDX-License-Identifier: MIT */
/*
 * A thread reads from a userfaultfd, and maps memory before each read. munmap, mremap, mmap over
 * registered memory, brk that gives it back, and fork return only when the thread has read the
 * event.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "target.h"

#define ROUNDS 100
#define SIZE   (16 * PAGE)

static int monitored;
static atomic_int has_ended;

static void work_with_memory(void)
{
	for (int i = 0; i < 5; i++) {
		char *at = map_pages(2);

		at[0] = 1;
		REQUIRE(munmap(at, PAGE) == 0 && munmap(at + PAGE, PAGE) == 0);
	}
}

static void answer(const struct uffd_msg *message)
{
	struct uffdio_zeropage zero = { { message->arg.pagefault.address & ~(PAGE - 1), PAGE },
					0,
					0 };

	if (message->event == UFFD_EVENT_FORK)
		close((int)message->arg.fork.ufd);
	if (message->event == UFFD_EVENT_PAGEFAULT)
		REQUIRE(ioctl(monitored, UFFDIO_ZEROPAGE, &zero) == 0 || errno == EEXIST);
}

static void *monitor(void *unused)
{
	struct pollfd ready = { .fd = monitored, .events = POLLIN };
	struct uffd_msg message;

	while (!has_ended) {
		if (poll(&ready, 1, 10) <= 0)
			continue;
		work_with_memory();
		if (read(monitored, &message, sizeof(message)) == sizeof(message))
			answer(&message);
	}
	return unused;
}

static void register_range(const void *at, size_t size)
{
	struct uffdio_register range = { { (uintptr_t)at, size }, UFFDIO_REGISTER_MODE_MISSING, 0 };

	REQUIRE(ioctl(monitored, UFFDIO_REGISTER, &range) == 0);
}

static void give_heap_back(void)
{
	char *at = sbrk(0);

	at += -(uintptr_t)at % PAGE;
	REQUIRE(brk(at + SIZE) == 0);
	register_range(at, SIZE);
	at[0]++;
	REQUIRE(brk(at) == 0);
}

static void copy_registered(void)
{
	char *at = map_pages(16);
	int status;
	pid_t child;

	register_range(at, SIZE);
	child = fork();
	if (child == 0) {
		at = map_pages(2);
		_exit(munmap(at, PAGE) != 0);
	}
	REQUIRE(waitpid(child, &status, 0) == child && status == 0);
	REQUIRE(munmap(at, SIZE) == 0);
}

/* The kernel reports forks only to who may trace processes. */
static int open_monitored(uint64_t features)
{
	struct uffdio_api api = { UFFD_API, features, 0 };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);

	if (ioctl(fd, UFFDIO_API, &api) == 0)
		return fd;
	close(fd);
	return -1;
}

static void use_registered(void)
{
	char *at = map_pages(16);

	register_range(at, SIZE);
	at[0]++;
	REQUIRE(mmap(at + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
		at + PAGE);
	REQUIRE(mremap(at + 8 * PAGE, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       at + 2 * PAGE) == at + 2 * PAGE);
	at[3 * PAGE]++;
	REQUIRE(munmap(at, SIZE) == 0);
}

int main(void)
{
	const uint64_t features = UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_UNMAP;
	pthread_t thread;

	monitored = open_monitored(features | UFFD_FEATURE_EVENT_FORK);
	if (monitored < 0)
		monitored = open_monitored(features);
	REQUIRE(monitored >= 0);
	REQUIRE(pthread_create(&thread, NULL, monitor, NULL) == 0);
	for (int i = 0; i < ROUNDS; i++)
		use_registered();
	for (int i = 0; i < ROUNDS; i++)
		give_heap_back();
	for (int i = 0; i < ROUNDS; i++)
		copy_registered();
	has_ended = 1;
	REQUIRE(pthread_join(thread, NULL) == 0);
	puts("done");
	return 0;
}
