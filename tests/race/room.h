/* SPDX-License-Identifier: MIT */
/*
 * What the race tests share: the lock and the late queue as the library's call.c uses them, around
 * books that are plain memory, and effects that need no kernel: time passes only by waiting. Under
 * ThreadSanitizer, any way past the lock is a race on the books.
 */
#ifndef ROOM_H
#define ROOM_H

#include <stdio.h>
#include <stdlib.h>

#include "sync/deferred.h"
#include "sync/lock.h"

#define RACERS    8u
#define CALLS_MAX 200000u /* of one racer */
#define WAITS_MAX 20u /* that patience lasts for */

/* A failed check ends the test: threads that go on would only bury it. */
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
	uint64_t clock; /* ns; only this thread's waits move it */
	unsigned waits; /* for the lock, in this attempt */
	unsigned most_waits;
	void (*interrupt)(void); /* run while waiting, as a handler would; may be NULL */
	unsigned char lost[CALLS_MAX]; /* found no slot in the queue; its own to write */
};

/* What the lock covers. */
struct books {
	uint32_t is_inside;
	uint32_t in_time; /* calls learnt by who made them */
	uint32_t deferred; /* learnt from the queue */
	uint32_t overflows;
	uint32_t robbed;
	unsigned char resolved[RACERS][CALLS_MAX]; /* how often */
	uint32_t everything[RACERS]; /* calls made when everything was learnt */
	uint32_t last[RACERS]; /* number of the call learnt last */
	bool is_in_order; /* calls of one thread must be learnt in their order */
};

extern struct racer racers[RACERS];
extern struct books books;
extern struct vmt_lock room_lock;
extern struct vmt_deferred room_late;

/* sp: where the stack stands, for entering again from a handler. */
enum vmt_lock_result room_enter(struct racer *racer, uint64_t sp, bool patient);
bool room_lock_at(struct racer *racer, uint64_t sp, bool patient);
void room_unlock(struct racer *racer);

/* One call of the program; was it made under the lock? hold is run there; may be NULL. */
bool room_call(struct racer *racer, void (*hold)(void));

/* Leave word of a call made without the lock, and look whether the lock is free now. */
void room_call_late(struct racer *racer, uint64_t sp, uint32_t number);

/* After all threads have ended: is each call in the books, and once only? Prints the figures. */
void room_check(const char *name);

#endif
