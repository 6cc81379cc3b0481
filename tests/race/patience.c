/* SPDX-License-Identifier: MIT */
/*
 * How long a thread waits for the lock, with a fake clock and one thread: for a holder that waits
 * for a processor, as long as it takes, within bounds; for a holder that runs, until it has run
 * enough, where only the time counts in which the waiter itself came to run; and if the holder may
 * stand still, shorter after each wait in vain.
 */
#include "room.h"

#define HOLDER 1u
#define WAITER 2u

static struct vmt_lock lock;
static uint64_t clock_now;
static uint64_t free_at; /* when the holder leaves; 0 = never */
static uint64_t late_by; /* how much longer each sleep takes than it should */
static bool goes_on; /* the lock is taken again and again */
static bool stands; /* the holder may stand still */
static uint64_t ran_percent; /* the share of the time in which the holder runs */

static void wait_on(void *context, _Atomic uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
	uint64_t end = clock_now + timeout_ns + late_by;

	(void)context;
	EXPECT(*word == value && value == HOLDER && timeout_ns > 0);
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

static uint64_t ran(void *context, uint32_t thread)
{
	(void)context;
	EXPECT(thread == HOLDER);
	return clock_now / 100 * ran_percent;
}

static bool may_stand(void *context)
{
	(void)context;
	return stands;
}

static bool has_left(void *context, uint64_t held_sp, uint64_t sp)
{
	(void)context;
	return sp > held_sp;
}

static const struct vmt_lock_ops ops = { wait_on,   wake,     now,  is_alive, ran,
					 may_stand, has_left, NULL, NULL };

static void hold(void)
{
	uint64_t sp = 0;

	EXPECT(vmt_lock_enter(&lock, &ops, (struct vmt_lock_self){ HOLDER, &sp }, 1, true) ==
	       VMT_LOCK_GOT);
}

/* Another thread tries to take it; returns how long it waited. */
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

/* Equal to within a step of waiting. */
static bool is_about(uint64_t waited, uint64_t expected)
{
	return waited >= expected && waited <= expected + 10000000;
}

static void waits_for_a_processor(void)
{
	ran_percent = 0;
	hold();
	EXPECT(is_about(attempt(VMT_LOCK_BUSY), VMT_LOCK_STARVED_NS));
	hold();
	free_at = clock_now + VMT_LOCK_STARVED_NS - 1;
	EXPECT(attempt(VMT_LOCK_GOT) == VMT_LOCK_STARVED_NS - 1);
	free_at = 0;
	ran_percent = 80; /* its share of a processor that many threads use */
	hold();
	EXPECT(is_about(attempt(VMT_LOCK_BUSY), VMT_LOCK_RUNNING_NS / 4 * 5));
}

static void runs_and_does_not_leave(void)
{
	uint64_t patience = VMT_LOCK_RUNNING_NS;

	ran_percent = 100;
	atomic_store(&lock.halvings[1], 0);
	for (unsigned i = 0; i < VMT_LOCK_RUNNING_HALVINGS + 2; i++) {
		hold();
		EXPECT(is_about(attempt(VMT_LOCK_BUSY), patience));
		if (i < VMT_LOCK_RUNNING_HALVINGS)
			patience /= 2;
	}
	hold(); /* a long wait that succeeded shows that it was halved too often */
	free_at = clock_now + patience - 1;
	EXPECT(attempt(VMT_LOCK_GOT) == patience - 1);
	free_at = 0;
	hold();
	EXPECT(is_about(attempt(VMT_LOCK_BUSY), 2 * patience));
}

/* Nobody had the processor, so what the clocks say proves little. */
static void comes_late(void)
{
	late_by = VMT_LOCK_STARVED_NS / 4;
	for (ran_percent = 0; ran_percent <= 100; ran_percent += 100) {
		hold();
		free_at = clock_now + 4 * VMT_LOCK_STARVED_NS;
		EXPECT(attempt(VMT_LOCK_GOT) == 4 * VMT_LOCK_STARVED_NS);
	}
	free_at = 0;
	hold();
	EXPECT(attempt(VMT_LOCK_BUSY) < VMT_LOCK_LIMIT_NS);
	late_by = 0;
}

static void goes_round(void)
{
	ran_percent = 100;
	goes_on = true;
	hold();
	EXPECT(is_about(attempt(VMT_LOCK_BUSY), VMT_LOCK_LIMIT_NS));
	goes_on = false;
}

static void may_stand_still(void)
{
	uint64_t patience = VMT_LOCK_PATIENCE_NS;

	stands = true;
	ran_percent = 0;
	atomic_store(&lock.halvings[0], 0);
	for (unsigned i = 0; i < VMT_LOCK_HALVINGS + 2; i++) {
		hold();
		EXPECT(attempt(VMT_LOCK_BUSY) == patience);
		if (i < VMT_LOCK_HALVINGS)
			patience /= 2;
	}
	printf("the floor is %lu ns\n", (unsigned long)patience);

	hold(); /* a short wait proves nothing */
	free_at = clock_now + patience / 2;
	EXPECT(attempt(VMT_LOCK_GOT) == patience / 2);
	hold(); /* a long wait that succeeded does */
	free_at = clock_now + patience - 1;
	EXPECT(attempt(VMT_LOCK_GOT) == patience - 1);
	free_at = 0;
	hold();
	EXPECT(attempt(VMT_LOCK_BUSY) == 2 * patience);
	stands = false;
}

int main(void)
{
	waits_for_a_processor();
	runs_and_does_not_leave();
	atomic_store(&lock.halvings[1], 0);
	comes_late();
	goes_round();
	may_stand_still();
	return 0;
}
