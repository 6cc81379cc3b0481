/* SPDX-License-Identifier: MIT */
/*
 * How long the lock's patience is, with a clock of our own and one thread: halved by each wait in
 * vain, down to a floor, given back where waiting was worth its time, and not lost over a holder
 * who shows that he is at work.
 */
#include "room.h"

#define HOLDER 1u
#define WAITER 2u

static struct vmt_lock lock;
static uint64_t clock_now;
static uint64_t free_at;	/* the holder leaves then; 0: never */
static bool goes_on;

static void wait_on(void *context, _Atomic uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
	uint64_t end = clock_now + timeout_ns;

	(void)context;
	EXPECT(*word == value && value == HOLDER);
	if (goes_on)
		vmt_lock_go_on(&lock);
	if (free_at && free_at <= end) {
		clock_now = free_at;
		atomic_store(word, 0);
	} else {
		clock_now = end;
	}
}

static void wake(void *context, _Atomic uint32_t *word)
{
	(void)context;
	(void)word;
}

static uint64_t now(void *context)
{
	(void)context;
	return clock_now;
}

static bool is_alive(void *context, uint32_t thread)
{
	(void)context;
	EXPECT(thread == HOLDER);
	return true;
}

static bool has_left(void *context, uint64_t held_sp, uint64_t sp)
{
	(void)context;
	return sp > held_sp;
}

static const struct vmt_lock_ops ops = { wait_on, wake, now, is_alive, has_left, NULL, NULL };

static void hold(void)
{
	uint64_t sp = 0;

	EXPECT(vmt_lock_enter(&lock, &ops, (struct vmt_lock_self){ HOLDER, &sp }, 1, true) ==
	       VMT_LOCK_GOT);
}

/* Somebody else tries; returns how long it waited. */
static uint64_t attempt(enum vmt_lock_result expected)
{
	uint64_t start = clock_now;
	uint64_t sp = 0;
	struct vmt_lock_self self = { WAITER, &sp };

	EXPECT(vmt_lock_enter(&lock, &ops, self, 1, true) == expected);
	if (expected == VMT_LOCK_GOT)
		vmt_lock_leave(&lock, &ops, self.held_sp);
	else
		atomic_store(&lock.owner, 0);
	return clock_now - start;
}

int main(void)
{
	uint64_t patience = VMT_LOCK_PATIENCE_NS;

	for (unsigned i = 0; i < VMT_LOCK_HALVINGS + 2; i++) {
		hold();
		EXPECT(attempt(VMT_LOCK_BUSY) == patience);
		if (i < VMT_LOCK_HALVINGS)
			patience /= 2;
	}
	printf("the floor is %lu ns\n", (unsigned long)patience);

	hold();	/* a short wait says nothing */
	free_at = clock_now + patience / 2;
	EXPECT(attempt(VMT_LOCK_GOT) == patience / 2);
	hold();	/* a long one that was worth it does */
	free_at = clock_now + patience - 1;
	EXPECT(attempt(VMT_LOCK_GOT) == patience - 1);
	free_at = 0;
	patience *= 2;

	goes_on = true;
	for (unsigned i = 0; i < 2; i++) {
		hold();
		EXPECT(attempt(VMT_LOCK_BUSY) == patience);
	}
	return 0;
}
