/* SPDX-License-Identifier: MIT */
/*
 * Threads end while they hold the lock, with the table half-changed and a deferred call half-taken.
 * Exactly one of the others takes the lock over, and the calls made meanwhile are applied all the
 * same.
 */
#include <pthread.h>

#include "room.h"

#define ROUNDS 300u
#define CALLS  50u

static pthread_barrier_t start;
static unsigned deaths;

/* Dies holding the lock, after everything it did. */
static void *die(void *argument)
{
	struct racer *racer = argument;

	pthread_barrier_wait(&start);
	while (!room_lock_at(racer, (uint64_t)(uintptr_t)__builtin_frame_address(0), true)) {
	}
	if (vmt_deferred_take(&room_late))
		books.is_inside = UINT32_MAX; /* neither given back nor applied */
	atomic_store_explicit(&racer->is_dead, 1, memory_order_release);
	return NULL;
}

static void *race(void *argument)
{
	pthread_barrier_wait(&start);
	for (unsigned i = 0; i < CALLS; i++)
		room_call(argument, NULL);
	return NULL;
}

/* The first racer dies. One more call follows, in case the others had finished before. */
static void one_round(void)
{
	pthread_t threads[RACERS];

	for (uint32_t i = 0; i < RACERS; i++) {
		racers[i].id = i + 1;
		racers[i].held_sp = 0;
		EXPECT(pthread_create(&threads[i], NULL, i ? race : die, &racers[i]) == 0);
	}
	for (uint32_t i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	room_call(&racers[1], NULL);
	deaths++;
	EXPECT(books.robbed == deaths);
	EXPECT(!vmt_deferred_waits(&room_late));
	atomic_store(&racers[0].is_dead, 0);
}

int main(void)
{
	pthread_barrier_init(&start, NULL, RACERS);
	for (unsigned i = 0; i < ROUNDS; i++)
		one_round();
	room_check("dead_holder");
	return 0;
}
