/* SPDX-License-Identifier: MIT */
/*
 * Shared by the race tests: the lock and the queue of deferred calls as the library's call.c uses
 * them, around plain memory, with effects that need no kernel: time passes only by waiting. Under
 * ThreadSanitizer, any way around the lock is a data race.
 */
#ifndef ROOM_H
#define ROOM_H

#include <stdio.h>
#include <stdlib.h>

#include "sync/deferred.h"
#include "sync/lock.h"

#define RACERS    8u
#define CALLS_MAX 200000u /* by one racer */
#define WAITS_MAX 20u /* how many waits it takes to give up */

/* A failed check ends the test: threads that went on would only hide it. */
#define EXPECT(condition)                                                                       \
	((condition) ? (void)0 :                                                                \
		       (fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition), \
			_Exit(1)))

/* A thread. */
struct racer {
	uint32_t id;
	_Atomic uint32_t is_dead;
	_Atomic uint32_t made; /* calls so far */
	volatile uint64_t held_sp;
	uint64_t clock; /* ns; only this thread's waits advance it */
	unsigned waits; /* for the lock, in this attempt */
	unsigned most_waits;
	void (*interrupt)(void); /* runs while waiting, as a handler would; may be NULL */
	/* calls that found no slot in the queue; written by this thread only */
	unsigned char lost[CALLS_MAX];
};

/* What the lock protects. */
struct books {
	uint32_t is_inside;
	uint32_t in_time; /* calls learnt at once, by who made them */
	uint32_t deferred; /* calls learnt from the queue */
	uint32_t overflows;
	uint32_t robbed;
	unsigned char resolved[RACERS][CALLS_MAX]; /* how often each call was learnt */
	uint32_t everything[RACERS]; /* calls that had been made when everything was learnt */
	uint32_t last[RACERS]; /* the number of the call learnt last */
	bool is_in_order; /* calls of one thread must be learnt in their order */
};

extern struct racer racers[RACERS];
extern struct books books;
extern struct vmt_lock room_lock;
extern struct vmt_deferred room_late;

/* sp: the stack pointer, for entering again from a handler. */
enum vmt_lock_result room_enter(struct racer *racer, uint64_t sp, bool patient);
bool room_lock_at(struct racer *racer, uint64_t sp, bool patient);
void room_unlock(struct racer *racer);

/*
 * Make one call of the program; returns whether it was made under the lock. hold runs there; may be
 * NULL.
 */
bool room_call(struct racer *racer, void (*hold)(void));

/* Queue a call that was made without the lock, and see whether the lock is free now. */
void room_call_late(struct racer *racer, uint64_t sp, uint32_t number);

/* After all threads have ended: was each call learnt exactly once? Prints the figures. */
void room_check(const char *name);

#endif
