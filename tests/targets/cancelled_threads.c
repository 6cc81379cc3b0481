/* SPDX-License-Identifier: MIT */
/*
 * Threads end in all ways while they make memory calls: cancelled asynchronously, cancelled at a
 * cancellation point, by pthread_exit, and by the raw exit system call.
 */
#include <pthread.h>
#include <sys/syscall.h>

#include "target.h"

#define AREA ((char *)0x5000000000)

static void *loop(void *asynchronous)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	if (asynchronous)
		pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	for (;;) {
		if (mmap(AREA, 2 * PAGE, PROT_READ, flags, -1, 0) != AREA)
			abort();
		munmap(AREA + PAGE, PAGE);
		if (!asynchronous)
			pthread_testcancel();
	}
}

static void *leave(void *raw)
{
	map_and_cut();
	if (raw)
		syscall(SYS_exit, 0);
	pthread_exit(NULL);
}

int main(void)
{
	int cancelled = 0;

	for (int i = 0; i < 400; i++) {
		pthread_t thread;
		void *ret;

		REQUIRE(pthread_create(&thread, NULL, loop, i % 2 ? AREA : NULL) == 0);
		usleep(200);
		REQUIRE(pthread_cancel(thread) == 0);
		REQUIRE(pthread_join(thread, &ret) == 0);
		cancelled += ret == PTHREAD_CANCELED;
		REQUIRE(pthread_create(&thread, NULL, leave, i % 2 ? AREA : NULL) == 0);
		REQUIRE(pthread_join(thread, NULL) == 0);
	}
	printf("%d cancelled\n", cancelled);
	return 0;
}
