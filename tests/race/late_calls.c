/* SPDX-License-Identifier: MIT */
/*
 * Many threads at one lock, some of which hold it for longer than the others wait: one thread is
 * inside at a time, and each call is applied once, under the lock or later, in the order of its
 * thread.
 */
#include <pthread.h>
#include <sched.h>

#include "room.h"

#define CALLS 20000u

static unsigned holds; /* how often it was held */

/* Now and then long enough for all others to give up, and even to fill the queue. */
static void hold(void)
{
	unsigned turns = ++holds % 1000 == 0 ? 5000 : holds % 50 == 0 ? 100 : 0;

	while (turns-- && !atomic_load_explicit(&room_late.overflow, memory_order_relaxed))
		sched_yield();
}

static void *race(void *argument)
{
	for (unsigned i = 0; i < CALLS; i++)
		if (!room_call(argument, hold))
			sched_yield();
	return NULL;
}

/* The call completed first is applied first, whichever slot it has. */
static void check_order(void)
{
	struct vmt_deferred_call *first = vmt_deferred_claim(&room_late);
	struct vmt_deferred_call *second = vmt_deferred_claim(&room_late);

	EXPECT(first && second && !vmt_deferred_waits(&room_late) &&
	       !vmt_deferred_take(&room_late));
	vmt_deferred_publish(&room_late, second);
	vmt_deferred_publish(&room_late, first);
	EXPECT(vmt_deferred_take(&room_late) == second);
	vmt_deferred_release(&room_late, second);
	EXPECT(vmt_deferred_take(&room_late) == first);
	EXPECT(vmt_deferred_waits(&room_late));
	vmt_deferred_clear_pending(&room_late);
	EXPECT(!vmt_deferred_is_quiet(&room_late));
	vmt_deferred_release(&room_late, first);
	EXPECT(vmt_deferred_is_quiet(&room_late));
}

/* A call without a slot must be noticed even if no slot is ready. */
static void check_overflow(void)
{
	struct vmt_deferred_call *claimed[VMT_DEFERRED_SLOTS];

	for (unsigned i = 0; i < VMT_DEFERRED_SLOTS; i++)
		EXPECT((claimed[i] = vmt_deferred_claim(&room_late)) != NULL);
	EXPECT(!vmt_deferred_waits(&room_late));
	EXPECT(!vmt_deferred_claim(&room_late) && vmt_deferred_waits(&room_late));
	for (unsigned i = 0; i < VMT_DEFERRED_SLOTS; i++)
		vmt_deferred_release(&room_late, claimed[i]);
	EXPECT(vmt_deferred_waits(&room_late));
	vmt_deferred_clear_pending(&room_late);
	EXPECT(!vmt_deferred_is_quiet(&room_late));
	atomic_store(&room_late.overflow, 0);
	EXPECT(vmt_deferred_is_quiet(&room_late));
}

int main(void)
{
	pthread_t threads[RACERS];

	check_order();
	check_overflow();
	books.is_in_order = true;
	for (uint32_t i = 0; i < RACERS; i++) {
		racers[i].id = i + 1;
		EXPECT(pthread_create(&threads[i], NULL, race, &racers[i]) == 0);
	}
	for (uint32_t i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	room_check("late_calls");
	EXPECT(books.deferred > 0 && books.robbed == 0);
	return 0;
}
