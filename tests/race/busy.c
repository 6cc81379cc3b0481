/* SPDX-License-Identifier: MIT */
/*
 * When a sleeper is woken, with a clock of our own and one thread: at each release, while those who
 * were woken before found the lock free; less and less often while they found it taken once more.
 * And how long sleepers sleep: together they look at the lock as often as one alone.
 */
#include "room.h"

#define HOLDER  1u
#define SLEEPER 2u

static struct vmt_lock lock;
static uint64_t clock_now = 1000000000;
static unsigned wakes;
static uint64_t slept_ns;
static enum {
	FINDS_FREE, /* the sleeper is woken, and the lock is free */
	FINDS_TAKEN, /* it is woken, and somebody has the lock again… */
	LEFT, /* …which is left the next time, without a wake */
} next_sleep;

static void wait_on(void *context, _Atomic uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
	(void)context;
	EXPECT(*word == value && atomic_load(&lock.asleep) > 0);
	slept_ns = timeout_ns;
	if (next_sleep == FINDS_FREE || next_sleep == FINDS_TAKEN)
		atomic_store(&lock.waiters, VMT_LOCK_WOKEN);
	if (next_sleep == FINDS_FREE || next_sleep == LEFT)
		atomic_store(word, 0);
	if (next_sleep == FINDS_TAKEN)
		next_sleep = LEFT;
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

static bool is_alive(void *context, uint32_t thread)
{
	(void)context;
	(void)thread;
	return true;
}

static uint64_t ran(void *context, uint32_t thread)
{
	(void)context;
	(void)thread;
	return 0;
}

static bool may_stand(void *context)
{
	(void)context;
	return false;
}

static const struct vmt_lock_ops ops = { .wait = wait_on,
					 .wake = wake,
					 .now = now,
					 .is_alive = is_alive,
					 .ran = ran,
					 .may_stand = may_stand };

static enum vmt_lock_result enter_and_leave(uint32_t id)
{
	uint64_t sp = 0;
	struct vmt_lock_self self = { id, &sp };
	enum vmt_lock_result got = vmt_lock_enter(&lock, &ops, self, 1, true);

	if (got == VMT_LOCK_GOT)
		vmt_lock_leave(&lock, &ops, self.held_sp);
	return got;
}

/* So many times somebody leaves the lock, ns apart, and somebody else sleeps; returns the wakes. */
static unsigned leave(unsigned times, uint64_t ns)
{
	wakes = 0;
	while (times--) {
		uint64_t sp = 0;
		struct vmt_lock_self self = { HOLDER, &sp };

		EXPECT(vmt_lock_enter(&lock, &ops, self, 1, true) == VMT_LOCK_GOT);
		atomic_store(&lock.waiters, VMT_LOCK_ASLEEP);
		clock_now += ns;
		vmt_lock_leave(&lock, &ops, self.held_sp);
	}
	return wakes;
}

static void sleep_once(int kind)
{
	vmt_lock_go_on(&lock); /* a holding that nobody has given up */
	atomic_store(&lock.owner, HOLDER);
	next_sleep = kind;
	EXPECT(enter_and_leave(SLEEPER) == VMT_LOCK_GOT);
}

static void wakes_pay_or_not(void)
{
	const unsigned times = 320;
	unsigned last;

	EXPECT(leave(times, 3000) == times);
	sleep_once(FINDS_FREE);
	EXPECT(leave(times, 3000) == times);
	sleep_once(FINDS_TAKEN);
	last = leave(times, 3000);
	EXPECT(last > 0 && last <= times / 5);
	EXPECT(leave(times, 1000000) == times); /* whoever calls rarely keeps nobody asleep */
	for (unsigned i = 0; i < 10; i++)
		sleep_once(FINDS_TAKEN);
	last = leave(times, 3000);
	EXPECT(last > 0 && last <= times / 50); /* but not for ever */
	for (unsigned i = 0; i < 10; i++)
		sleep_once(FINDS_FREE);
	EXPECT(leave(times, 3000) == times);
}

static uint64_t first_sleep_beside(uint32_t sleepers)
{
	uint64_t first;

	atomic_store(&lock.asleep, sleepers);
	sleep_once(FINDS_FREE);
	first = slept_ns;
	EXPECT(atomic_load(&lock.asleep) == sleepers);
	atomic_store(&lock.asleep, 0);
	return first;
}

int main(void)
{
	const uint64_t alone = first_sleep_beside(0);

	EXPECT(alone > 0 && first_sleep_beside(3) == 4 * alone);
	EXPECT(first_sleep_beside(10000) <= 100 * alone);
	wakes_pay_or_not();
	return 0;
}
