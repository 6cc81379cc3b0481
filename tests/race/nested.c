/* SPDX-License-Identifier: MIT */
/*
 * Signal handlers make calls before, while waiting for, and under the lock. They must not wait for
 * the thread that they interrupt, and nothing they do may be lost. Built twice: ThreadSanitizer
 * delivers signals only at certain points, so a plain build has a timer for all others.
 */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "room.h"

#define CALLS 20000u
#define HERE  ((uint64_t)(uintptr_t)__builtin_frame_address(0))

static __thread struct racer *self;
static __thread unsigned nesting;

static void on_signal(int number)
{
	(void)number;
	if (!self || nesting ||
	    atomic_load_explicit(&self->made, memory_order_relaxed) >= CALLS_MAX - 100)
		return;
	nesting++;
	room_call(self, NULL);
	nesting--;
}

static void interrupt(void)
{
	if (!nesting)
		raise(SIGUSR1);
}

static timer_t start_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1 };
	struct itimerspec every = { { 0, 50000 }, { 0, 50000 } };
	timer_t timer;

	event._sigev_un._tid = (int)syscall(SYS_gettid);
	EXPECT(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
	EXPECT(timer_settime(timer, 0, &every, NULL) == 0);
	return timer;
}

static void *race(void *argument)
{
	timer_t timer;

	self = argument;
	self->interrupt = interrupt;
	timer = start_timer();
	for (unsigned i = 0; i < CALLS; i++)
		room_call(self, i % 10 == 0 ? interrupt : NULL);
	timer_delete(timer);
	return NULL;
}

static void race_all(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	pthread_t threads[RACERS];

	sigaction(SIGUSR1, &action, NULL);
	for (uint32_t i = 0; i < RACERS; i++)
		EXPECT(pthread_create(&threads[i], NULL, race, &racers[i]) == 0);
	for (uint32_t i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
}

/*
 * More calls under the lock than the queue has room for: the holder learns everything when it
 * leaves.
 */
static void nest_until_overflow(struct racer *racer)
{
	EXPECT(room_enter(racer, HERE, true) == VMT_LOCK_GOT);
	books.is_inside = racer->id;
	for (unsigned i = 0; i < VMT_DEFERRED_SLOTS + 6; i++) {
		EXPECT(room_enter(racer, HERE - 256, true) == VMT_LOCK_BUSY);
		room_call_late(racer, HERE - 256, atomic_fetch_add(&racer->made, 1));
	}
	/* waiting would be useless, since this thread is the holder */
	EXPECT(racer->most_waits == 0);
	room_unlock(racer);
	EXPECT(books.deferred == VMT_DEFERRED_SLOTS && books.overflows == 1);
	EXPECT(racer->held_sp == 0);
}

/*
 * A handler that is left by a jump leaves the lock taken; the same thread comes again from above.
 */
static void jump_out(struct racer *racer)
{
	uint64_t sp = HERE;

	EXPECT(room_enter(racer, sp - 256, true) == VMT_LOCK_GOT);
	EXPECT(room_enter(racer, sp - 512, true) == VMT_LOCK_BUSY);
	EXPECT(room_lock_at(racer, sp, true) && books.robbed == 1);
	room_unlock(racer);
	EXPECT(racer->held_sp == 0 && atomic_load(&room_lock.owner) == 0);
}

int main(void)
{
	for (uint32_t i = 0; i < RACERS; i++)
		racers[i].id = i + 1;
	nest_until_overflow(&racers[0]);
	jump_out(&racers[0]);
	race_all();
	room_check("nested");
	EXPECT(books.robbed == 1);
	return 0;
}
