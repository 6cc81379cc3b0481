/* SPDX-License-Identifier: MIT */
/*
 * When a sleeper is woken, with a clock of our own and one thread: at each release, but now and
 * then only while the lock is taken again and again without a pause, and has been for some time.
 */
#include "room.h"

static struct vmt_lock lock;
static uint64_t clock_now = 1000000000;
static unsigned wakes;

static void wait_on(void *context, _Atomic uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
	(void)context;
	(void)word;
	(void)value;
	(void)timeout_ns;
	EXPECT(false);
}

static void wake(void *context, _Atomic uint32_t *word)
{
	(void)context;
	EXPECT(*word == 0); /* it could be taken at once */
	wakes++;
}

static uint64_t now(void *context)
{
	(void)context;
	return clock_now;
}

static const struct vmt_lock_ops ops = { .wait = wait_on, .wake = wake, .now = now };

/* So many times somebody leaves the lock, ns apart, and somebody else sleeps; returns the wakes. */
static unsigned leave(unsigned times, uint64_t ns)
{
	wakes = 0;
	while (times--) {
		uint64_t sp = 0;
		struct vmt_lock_self self = { 1, &sp };

		EXPECT(vmt_lock_enter(&lock, &ops, self, 1, true) == VMT_LOCK_GOT);
		atomic_store(&lock.waiters, VMT_LOCK_ASLEEP);
		clock_now += ns;
		vmt_lock_leave(&lock, &ops, self.held_sp);
	}
	return wakes;
}

int main(void)
{
	const unsigned burst = 500, long_time = 3000;

	EXPECT(leave(burst, 3000) == burst);
	leave(long_time, 3000);
	EXPECT(leave(320, 3000) == 160);
	EXPECT(leave(200, 10000) == 200); /* a little slower: no reason to keep it */
	EXPECT(leave(320, 3000) <= 161);
	clock_now += 1000000000;
	EXPECT(leave(burst, 3000) == burst); /* it has to be busy for some time again */
	EXPECT(leave(long_time, 20000) == long_time);
	return 0;
}
