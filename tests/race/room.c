/* SPDX-License-Identifier: MIT */
/*
 * The order of locking, draining and queueing is that of preload/call/call.c. Learning a call
 * consists of noting its number.
 */
#include <sched.h>

#include "room.h"

struct racer racers[RACERS];
struct books books;
struct vmt_lock room_lock;
struct vmt_deferred room_late;

static void wait_on(void *context, _Atomic uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
	struct racer *racer = context;

	EXPECT(timeout_ns > 0 && timeout_ns <= VMT_LOCK_LIMIT_NS);
	racer->waits++;
	racer->clock += VMT_LOCK_LIMIT_NS / WAITS_MAX;
	if (racer->interrupt)
		racer->interrupt();
	if (atomic_load_explicit(word, memory_order_relaxed) == value)
		sched_yield();
}

static void wake(void *context, _Atomic uint32_t *word)
{
	(void)context;
	(void)word; /* waits are short, and always end */
}

static uint64_t now(void *context)
{
	return ((struct racer *)context)->clock;
}

static bool is_alive(void *context, uint32_t id)
{
	(void)context;
	EXPECT(id >= 1 && id <= RACERS);
	return !atomic_load_explicit(&racers[id - 1].is_dead, memory_order_acquire);
}

/* No holder is given up for running; only elapsed time counts. */
static uint64_t ran(void *context, uint32_t id)
{
	(void)context;
	EXPECT(id >= 1 && id <= RACERS);
	return 0;
}

static bool may_stand(void *context)
{
	(void)context;
	return true;
}

static bool has_left(void *context, uint64_t held_sp, uint64_t sp)
{
	(void)context;
	return sp > held_sp;
}

static struct vmt_lock_ops ops_of(struct racer *racer)
{
	return (struct vmt_lock_ops){ wait_on,   wake,     now,  is_alive, ran,
				      may_stand, has_left, NULL, racer };
}

static struct vmt_lock_self self_of(struct racer *racer)
{
	return (struct vmt_lock_self){ racer->id, &racer->held_sp };
}

enum vmt_lock_result room_enter(struct racer *racer, uint64_t sp, bool patient)
{
	struct vmt_lock_ops ops = ops_of(racer);
	unsigned outer_waits = racer->waits; /* this thread's own, if a handler runs this */
	enum vmt_lock_result result;

	racer->waits = 0;
	result = vmt_lock_enter(&room_lock, &ops, self_of(racer), sp, patient);
	EXPECT(racer->waits <= (patient ? WAITS_MAX : 0));
	if (racer->waits > racer->most_waits)
		racer->most_waits = racer->waits;
	racer->waits = outer_waits;
	return result;
}

static void learn(uint32_t id, uint32_t number)
{
	EXPECT(number < CALLS_MAX && books.resolved[id - 1][number] == 0);
	books.resolved[id - 1][number]++;
	if (books.is_in_order)
		EXPECT(number + 1 > books.last[id - 1]);
	books.last[id - 1] = number + 1;
}

static void drain(void)
{
	struct vmt_deferred_call *deferred;

	vmt_deferred_clear_pending(&room_late);
	while ((deferred = vmt_deferred_take(&room_late))) {
		vmt_lock_go_on(&room_lock);
		EXPECT(deferred->count == 1 && deferred->pc[0] == ~(uint64_t)deferred->done.result);
		learn((uint32_t)deferred->done.args[0], (uint32_t)deferred->done.result);
		books.deferred++;
		vmt_deferred_release(&room_late, deferred);
	}
	if (!atomic_exchange_explicit(&room_late.overflow, 0, memory_order_relaxed))
		return;
	books.overflows++;
	for (unsigned i = 0; i < RACERS; i++)
		books.everything[i] = atomic_load_explicit(&racers[i].made, memory_order_relaxed);
}

bool room_lock_at(struct racer *racer, uint64_t sp, bool patient)
{
	enum vmt_lock_result got = room_enter(racer, sp, patient);

	if (got == VMT_LOCK_BUSY)
		return false;
	if (got == VMT_LOCK_ROBBED) {
		books.robbed++;
		books.is_inside = 0;
	}
	EXPECT(books.is_inside == 0);
	books.is_inside = racer->id;
	if (vmt_deferred_waits(&room_late))
		drain();
	return true;
}

void room_unlock(struct racer *racer)
{
	struct vmt_lock_ops ops = ops_of(racer);
	uint64_t sp = racer->held_sp;

	do {
		EXPECT(books.is_inside == racer->id);
		books.is_inside = 0;
		vmt_lock_leave(&room_lock, &ops, &racer->held_sp);
	} while (vmt_deferred_waits(&room_late) && room_lock_at(racer, sp, false));
}

void room_call_late(struct racer *racer, uint64_t sp, uint32_t number)
{
	struct vmt_deferred_call *deferred = vmt_deferred_claim(&room_late);

	if (deferred) {
		deferred->done.args[0] = racer->id;
		deferred->done.result = number;
		deferred->count = 1;
		deferred->pc[0] = ~(uint64_t)number;
		vmt_deferred_publish(&room_late, deferred);
	} else {
		racer->lost[number] = 1;
	}
	if (room_lock_at(racer, sp, false))
		room_unlock(racer);
}

__attribute__((noinline)) bool room_call(struct racer *racer, void (*hold)(void))
{
	uint64_t sp = (uint64_t)(uintptr_t)__builtin_frame_address(0);
	bool is_locked = room_lock_at(racer, sp, true);
	uint32_t number = atomic_fetch_add_explicit(&racer->made, 1, memory_order_relaxed);

	EXPECT(number < CALLS_MAX);
	if (!is_locked) {
		room_call_late(racer, sp, number);
		return false;
	}
	if (hold)
		hold();
	EXPECT(books.is_inside == racer->id);
	learn(racer->id, number);
	books.in_time++;
	room_unlock(racer);
	return true;
}

void room_check(const char *name)
{
	unsigned made = 0;
	unsigned lost = 0;
	unsigned most_waits = 0;

	EXPECT(!vmt_deferred_waits(&room_late));
	EXPECT(atomic_load(&room_lock.owner) == 0);
	for (unsigned i = 0; i < RACERS; i++) {
		for (uint32_t n = 0; n < atomic_load(&racers[i].made); n++) {
			EXPECT(books.resolved[i][n] + racers[i].lost[n] == 1);
			EXPECT(!racers[i].lost[n] || n < books.everything[i]);
			lost += racers[i].lost[n];
			made++;
		}
		if (racers[i].most_waits > most_waits)
			most_waits = racers[i].most_waits;
	}
	EXPECT(books.in_time + books.deferred + lost == made);
	printf("%s: %u calls, %u in time, %u late, %u without a slot in %u overflows, "
	       "%u robberies, at most %u waits of %u\n",
	       name, made, books.in_time, books.deferred, lost, books.overflows, books.robbed,
	       most_waits, WAITS_MAX);
}
