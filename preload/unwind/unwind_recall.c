/* SPDX-License-Identifier: MIT */
/*
 * A stack that was recalled segment by segment (unwind_segments) to its end is remembered as a
 * whole: the slots of all its segments, one after the other, with the values they held.
 *
 * The result is that of a walk, for the following reason. Each segment is determined by its
 * start, by the registers it needs, and by its slots. The start and the registers of the first
 * segment are compared. The start of every other segment results from the one before it. A register
 * that it needs either has its value from the start of the first segment, and is compared there, or
 * was restored from a slot, and that slot is added to those compared. So if everything compared is
 * unchanged, each segment is unchanged, and so is the end of the stack. The site of a stack changes
 * only when code that it leads through is unmapped, and then it is no longer valid: every return
 * address is among the values.
 *
 * All threads share the entries, as described in seqlock.h.
 */
#include "unwind/unwind_recall.h"

#include <assert.h>
#include <stdatomic.h>

#include "script/python.h"
#include "unwind/seqlock.h"
#include "unwind/unwind_epoch.h"
#include "unwind/unwind_segments.h"

#define WAYS  4u
#define STEP  4u /* slots compared in each turn of the loop */
#define SLOTS 100u

#define HAS_SCRIPT UINT8_C(64) /* in entry.flags, beside VMT_NEEDS_* */

struct entry {
	_Alignas(64) _Atomic uint64_t sequence; /* odd while the entry is being written */
	uint64_t salt;
	uint64_t key; /* see key_of() */
	uint64_t sp;
	uint64_t bp; /* required values of the registers; flags say which of them count */
	uint64_t bx;
	uint64_t hash;
	uint32_t site;
	uint8_t count;
	uint8_t flags; /* VMT_NEEDS_* */
	/* in the first entry of a set: which one was recalled last, four numbers of four bits */
	uint16_t latest;
	uint16_t offset[SLOTS]; /* distance from sp, in words */
	uint64_t value[SLOTS];
	uint64_t script; /* as in struct vmt_walk; flags say whether they count */
	uint32_t anchor;
};
static_assert(offsetof(struct entry, offset) == 64, "one cache line");
static_assert(SLOTS <= UINT8_MAX && SLOTS % STEP == 0, "counted in a byte, in whole turns");

/*
 * The address of the entries; the low six bits say by how much a hash is shifted. 0 = none. A set
 * whose bit is 0 was never written to: it need not be read, which would cost a page fault.
 */
static _Atomic uint64_t table VMT_DATA = 0;
static _Atomic uint64_t written[2] VMT_DATA = { 0, 0 };

void vmt_unwind_recall_set(void *memory, size_t bytes)
{
	uint64_t start = ((uint64_t)(uintptr_t)memory + 63) & ~UINT64_C(63);
	uint64_t end = (uint64_t)(uintptr_t)memory + bytes;
	uint64_t sets = memory && end > start ? (end - start) / (WAYS * sizeof(struct entry)) : 0;
	uint64_t bits = sets ? 63 - (uint64_t)__builtin_clzll(sets) : 0;

	/* Hashes have 63 bits, so one set needs a shift by 63; a shift by 64 would do nothing. */
	atomic_store_explicit(&table, sets ? start | (63 - bits) : 0, memory_order_release);
}

static uint64_t hash_of(const struct vmt_regs *regs)
{
	return (regs->pc + (regs->sp >> 3)) * VMT_HASH_FACTOR >> 1;
}

/* Hashes have 63 bits; the upper seven choose the bit. */
static _Atomic uint64_t *word_of(uint64_t hash)
{
	return &written[hash >> 62];
}

static uint64_t bit_of(uint64_t hash)
{
	return UINT64_C(1) << (hash >> 56 & 63);
}

static bool was_written(uint64_t hash)
{
	return atomic_load_explicit(word_of(hash), memory_order_relaxed) & bit_of(hash);
}

/* The WAYS entries that a stack may be in; NULL without memory. */
static struct entry *find_set(uint64_t hash)
{
	uint64_t at = atomic_load_explicit(&table, memory_order_acquire);

	if (VMT_UNLIKELY(!at))
		return NULL;
	return (struct entry *)(uintptr_t)(at & ~UINT64_C(63)) + (hash >> (at & 63)) * WAYS;
}

/* Combines the call and its address; no address has any of its upper seven bits set. */
static uint64_t key_of(const struct vmt_regs *regs, uint32_t call)
{
	return regs->pc | (uint64_t)call << 57;
}

/* The same C frames run any line of a script. The anchor is used only if the entry stands. */
static bool has_script(const struct entry *entry, uint64_t sequence, const struct vmt_regs *regs)
{
	uint32_t anchor = READ(entry->anchor);
	uint64_t script = READ(entry->script);

	return vmt_seqlock_stands(&entry->sequence, sequence) &&
	       vmt_python_hash(regs->sp, anchor) == script;
}

static bool has_registers(const struct entry *entry, const struct vmt_regs *regs)
{
	uint8_t flags = READ(entry->flags);

	return (!(flags & VMT_NEEDS_BP) || READ(entry->bp) == regs->bp) &&
	       (!(flags & VMT_NEEDS_BX) || READ(entry->bx) == regs->bx);
}

/* An offset is read once and checked before it is used, since the entry may be changing. */
static bool is_same(const uint16_t *offset, const uint64_t *value, const uint64_t *sp,
		    uint64_t room)
{
	uint64_t at = READ(*offset);

	return VMT_LIKELY(at <= room) && VMT_LIKELY(sp[at] == *value);
}

static inline __attribute__((always_inline)) bool matches(const struct entry *entry,
							  const uint64_t *sp, uint64_t room)
{
	const uint16_t *offset = entry->offset;
	const uint64_t *value = entry->value;
	const uint64_t *end = value + READ(entry->count);

	for (; value < end; offset += STEP, value += STEP)
		if (!is_same(offset, value, sp, room) ||
		    !is_same(offset + 1, value + 1, sp, room) ||
		    !is_same(offset + 2, value + 2, sp, room) ||
		    !is_same(offset + 3, value + 3, sp, room))
			return false;
	return true;
}

static inline __attribute__((always_inline)) bool recall(const struct entry *entry,
							 const struct vmt_regs *regs, uint64_t key,
							 uint64_t room,
							 struct vmt_recalled *ret_recalled)
{
	uint64_t sequence = vmt_seqlock_begin(&entry->sequence);

	if (READ(entry->key) != key || READ(entry->sp) != regs->sp ||
	    READ(entry->salt) != ret_recalled->salt || (sequence & 1) ||
	    (READ(entry->flags) && !has_registers(entry, regs)) ||
	    !matches(entry, (const uint64_t *)(uintptr_t)regs->sp, room) ||
	    ((READ(entry->flags) & HAS_SCRIPT) && !has_script(entry, sequence, regs)))
		return false;
	ret_recalled->site = READ(entry->site);
	ret_recalled->hash = READ(entry->hash);
	return vmt_seqlock_stands(&entry->sequence, sequence);
}

/* An entry of an earlier epoch is taken over if no address in it has been unmapped since. */
__attribute__((noinline)) static bool take_over(struct entry *entry, uint64_t pc, uint64_t salt)
{
	uint64_t was = READ(entry->salt);
	struct vmt_unwind_gone gone;
	bool holds;

	if (!vmt_unwind_gone_since(was, salt, &gone) || !vmt_seqlock_seize(&entry->sequence))
		return false;
	holds = READ(entry->salt) == was &&
		!vmt_unwind_gone_has_any(&gone, pc, entry->value, READ(entry->count));
	if (holds)
		WRITE(entry->salt, salt);
	vmt_seqlock_leave(&entry->sequence);
	return holds;
}

/*
 * Which entry of a set is tried first depends on the word at sp, mostly the call's return address:
 * so two calls that a function makes in turns are both found at once. This is a guess only. Returns
 * the position in `latest`.
 */
static uint32_t guess_at(const struct vmt_regs *regs)
{
	return (uint32_t)(*(const uint64_t *)(uintptr_t)regs->sp * VMT_HASH_FACTOR >> 62) * 4;
}

__attribute__((noinline)) static bool recall_other(struct entry *set, uint32_t tried,
						   const struct vmt_regs *regs, uint64_t key,
						   uint64_t room, struct vmt_recalled *ret_recalled)
{
	uint32_t at = guess_at(regs);

	/* Entries are first written to in order. */
	for (uint32_t i = 0; i < WAYS && vmt_seqlock_begin(&set[i].sequence); i++) {
		bool is_older = READ(set[i].key) == key && READ(set[i].sp) == regs->sp &&
				READ(set[i].salt) != ret_recalled->salt &&
				take_over(&set[i], regs->pc, ret_recalled->salt);

		if ((i == tried && !is_older) || !recall(&set[i], regs, key, room, ret_recalled))
			continue;
		WRITE(set->latest, (uint16_t)((READ(set->latest) & ~(15u << at)) | i << at));
		return true;
	}
	return false;
}

VMT_HOT bool vmt_unwind_recall_find(const struct vmt_regs *regs, struct vmt_range bounds,
				    uint32_t call, struct vmt_recalled *ret_recalled)
{
	uint64_t hash = hash_of(regs);
	struct entry *set = find_set(hash);
	uint64_t room = (bounds.end - sizeof(uint64_t) - regs->sp) / sizeof(uint64_t);
	uint64_t key = key_of(regs, call);
	uint32_t latest;

	if (VMT_UNLIKELY(!set || !was_written(hash) || regs->sp % 8 ||
			 !vmt_range_has(bounds, regs->sp) ||
			 regs->sp > bounds.end - sizeof(uint64_t)))
		return false;
	latest = (READ(set->latest) >> guess_at(regs)) % WAYS;
	ret_recalled->salt = vmt_unwind_salt();
	if (VMT_LIKELY(recall(&set[latest], regs, key, room, ret_recalled)))
		return true;
	return recall_other(set, latest, regs, key, room, ret_recalled);
}

VMT_HOT bool vmt_unwind_recall_holds(const struct vmt_recalled *recalled)
{
	return recalled->salt == vmt_unwind_salt();
}

/* A stack that is being put together from its segments. */
struct builder {
	struct entry *entry;
	uint64_t sp;
	uint64_t hash;
	uint64_t bp_from; /* the address of the slot that rbp came from, or VMT_FROM_* */
	uint64_t bx_from;
	uint32_t count;
	uint8_t flags;
};

static bool add_slot(struct builder *builder, uint64_t addr, uint64_t value)
{
	uint64_t offset = (addr - builder->sp) / sizeof(uint64_t);

	if (builder->count == SLOTS || offset > UINT16_MAX || addr % sizeof(uint64_t))
		return false;
	WRITE(builder->entry->offset[builder->count], (uint16_t)offset);
	WRITE(builder->entry->value[builder->count], value);
	builder->count++;
	return true;
}

/* A segment needs this register: add the slot that it came from, or the register itself. */
static bool add_register(struct builder *builder, uint8_t need, uint64_t from, uint64_t value)
{
	if (from != VMT_FROM_BEFORE)
		return add_slot(builder, from, value);
	builder->flags |= need;
	return true;
}

static uint64_t from_after(const struct vmt_segment *segment, uint32_t after, uint64_t before)
{
	if (after == VMT_REGISTER_KEPT)
		return before;
	return after == VMT_REGISTER_LOST ? VMT_FROM_NOWHERE : segment->sp + after;
}

static bool add_segment(struct builder *builder, const struct vmt_segment *segment)
{
	if ((segment->flags & VMT_NEEDS_BP) &&
	    !add_register(builder, VMT_NEEDS_BP, builder->bp_from, segment->bp))
		return false;
	if ((segment->flags & VMT_NEEDS_BX) &&
	    !add_register(builder, VMT_NEEDS_BX, builder->bx_from, segment->bx))
		return false;
	for (uint32_t i = 0; i < segment->count; i++)
		if (!add_slot(builder, segment->sp + segment->offset[i], segment->value[i]))
			return false;
	builder->bp_from = from_after(segment, segment->bp_after, builder->bp_from);
	builder->bx_from = from_after(segment, segment->bx_after, builder->bx_from);
	return true;
}

/* Fill the last turn of the loop by comparing the last slot again. */
static bool fill_up(struct builder *builder)
{
	struct entry *entry = builder->entry;
	uint32_t last = builder->count - 1;

	if (builder->count == 0)
		return false;
	for (; builder->count % STEP; builder->count++) {
		WRITE(entry->offset[builder->count], entry->offset[last]);
		WRITE(entry->value[builder->count], entry->value[last]);
	}
	return true;
}

/* Add the segments of this stack up to its end, as a walk recalls them. */
static bool add_segments(struct builder *builder, struct vmt_frame at, struct vmt_range bounds,
			 uint64_t salt, struct vmt_walk *stack)
{
	struct vmt_segment segment;
	enum vmt_recall got;

	do {
		got = vmt_unwind_segments_copy(&at, bounds, salt, stack, &segment);
		if (got == VMT_RECALL_NOTHING || !add_segment(builder, &segment))
			return false;
	} while (got != VMT_RECALL_END);
	return fill_up(builder) && stack->hash == builder->hash;
}

/* Choose an entry that is not valid any more, or one that depends on the stack. */
static struct entry *choose(struct entry *set, uint64_t salt, uint64_t hash)
{
	for (unsigned int i = 0; i < WAYS; i++)
		if (READ(set[i].salt) != salt && !vmt_seqlock_is_written(&set[i].sequence))
			return &set[i];
	return &set[(hash * VMT_HASH_FACTOR >> 32) % WAYS];
}

/* Written to before it is read, so that there is only one page fault. */
static struct entry *first_of_new(struct entry *set)
{
	atomic_fetch_or_explicit(&set->sequence, 0, memory_order_relaxed);
	return set;
}

static void describe(struct builder *builder, const struct vmt_regs *regs, uint32_t call,
		     uint32_t site)
{
	struct entry *entry = builder->entry;

	WRITE(entry->key, key_of(regs, call));
	WRITE(entry->sp, regs->sp);
	WRITE(entry->bp, regs->bp);
	WRITE(entry->bx, regs->bx);
	WRITE(entry->hash, builder->hash);
	WRITE(entry->site, site);
	WRITE(entry->count, (uint8_t)builder->count);
	WRITE(entry->flags, builder->flags);
}

void vmt_unwind_recall_keep(const struct vmt_regs *regs, uint32_t call, uint32_t site,
			    struct vmt_walk *stack)
{
	uint64_t salt = vmt_unwind_salt();
	uint64_t hash = hash_of(regs);
	struct entry *set = find_set(hash);
	struct builder builder = { .sp = regs->sp, .hash = stack->hash };
	struct vmt_range bounds;
	bool is_complete;

	if (!set || !vmt_bounds_of(regs->sp, &bounds))
		return;
	builder.entry = was_written(hash) ? choose(set, salt, stack->hash ^ stack->script) :
					    first_of_new(set);
	if (!vmt_seqlock_seize(&builder.entry->sequence))
		return;
	atomic_fetch_or_explicit(word_of(hash), bit_of(hash), memory_order_relaxed);
	stack->count = 0;
	stack->hash = 0;
	is_complete = add_segments(&builder, vmt_frame_of(regs), bounds, salt, stack);
	describe(&builder, regs, call, site);
	if (stack->script)
		WRITE(builder.entry->flags, builder.flags | HAS_SCRIPT);
	WRITE(builder.entry->script, stack->script);
	WRITE(builder.entry->anchor, stack->anchor);
	WRITE(builder.entry->salt, is_complete ? salt : 0);
	vmt_seqlock_leave(&builder.entry->sequence);
}
