/* SPDX-License-Identifier: MIT */
/*
 * A walk is remembered in segments of a few steps. A segment is found by the pc and sp it starts
 * from. It holds every slot whose value determined a step, with that value. Segments end at places
 * that only sp determines, so that the outer segments serve all stacks that pass through there.
 *
 * The result is that of a walk, by induction over the steps. A step depends on the row of its pc,
 * which does not change as long as its module is there (unwind_epoch.h; for code outside modules
 * nothing is remembered); on sp; on rbp or rbx if the row is based on them; and on words of the
 * stack. The first pc and sp are compared. Return addresses, words that a CFA is read from, and the
 * slots that rbp and rbx were restored from before a step used them are noted and compared; if
 * those registers came from outside the segment, they are compared themselves. So the inputs of
 * each step are unchanged, and with them the next pc and sp. A saved rbp that no step used is not
 * compared but read from its slot again, as a walk would do. Steps with a failed read (which
 * depends on the bounds), steps out of signal frames, and steps out of code outside modules are
 * never remembered.
 *
 * All threads share the segments, as described in seqlock.h. Words that were read are trusted only
 * if the sequence has not changed; addresses that are formed before that is known are checked
 * against the stack's bounds.
 */
#include "unwind/unwind_segments.h"

#include <assert.h>
#include <stdatomic.h>

#include "unwind/seqlock.h"
#include "unwind/unwind_epoch.h"

#define WAYS      2u
#define STEP_MOST 4u /* the most slots that one step may note */

#define WORDS (sizeof(struct vmt_segment) / sizeof(uint64_t))

struct entry {
	_Alignas(64) _Atomic uint64_t sequence;
	union {
		struct vmt_segment segment;
		uint64_t word[WORDS];
	};
};
static_assert(sizeof(struct entry) == 512, "eight cache lines");

/*
 * At first the sets in use lie on one page: most processes and fork children need no more, and each
 * page costs them a fault. Once as many segments were overwritten as there are sets, more memory is
 * used; segments whose set is another one then are made again.
 */
#define FIRST_SETS 4u
#define MORE       8u

static _Atomic(struct entry *) entries VMT_DATA = NULL;
static _Atomic uint32_t set_count VMT_DATA = 0;
static _Atomic uint32_t overwritten VMT_DATA = 0;
static uint32_t most_sets VMT_DATA = 0;

void vmt_unwind_segments_set(void *memory, size_t bytes)
{
	uint64_t start = ((uint64_t)(uintptr_t)memory + 63) & ~UINT64_C(63);
	uint64_t end = (uint64_t)(uintptr_t)memory + bytes;
	uint64_t sets = memory && end > start ? (end - start) / (WAYS * sizeof(struct entry)) : 0;

	most_sets = (uint32_t)sets;
	atomic_store_explicit(&overwritten, 0, memory_order_relaxed);
	atomic_store_explicit(&set_count, 0, memory_order_release);
	atomic_store_explicit(&entries, (struct entry *)(uintptr_t)start, memory_order_release);
	atomic_store_explicit(&set_count, most_sets < FIRST_SETS ? most_sets : FIRST_SETS,
			      memory_order_release);
}

static void count_overwritten(void)
{
	uint32_t sets = atomic_load_explicit(&set_count, memory_order_relaxed);
	uint32_t more = sets < most_sets / MORE ? sets * MORE : most_sets;

	if (sets < most_sets &&
	    atomic_fetch_add_explicit(&overwritten, 1, memory_order_relaxed) >= sets)
		atomic_compare_exchange_strong_explicit(&set_count, &sets, more,
							memory_order_release, memory_order_relaxed);
}

static uint64_t key_of(const struct vmt_frame *frame)
{
	return 2 * frame->pc + frame->is_exact;
}

/* The WAYS entries that a segment may be in; NULL without memory. */
static struct entry *find_set(uint64_t pc, uint64_t sp)
{
	uint64_t sets = atomic_load_explicit(&set_count, memory_order_acquire);
	uint64_t hash = (pc * VMT_HASH_FACTOR ^ sp) * VMT_HASH_FACTOR;

	if (VMT_UNLIKELY(!sets))
		return NULL;
	return atomic_load_explicit(&entries, memory_order_acquire) +
	       ((hash >> 32) * sets >> 32) * WAYS;
}

static bool is_start_of(const struct vmt_segment *segment, const struct vmt_frame *frame,
			uint64_t salt)
{
	uint8_t flags = READ(segment->flags);

	if (READ(segment->pc) != key_of(frame) || READ(segment->sp) != frame->sp ||
	    READ(segment->salt) != salt)
		return false;
	if ((flags & VMT_NEEDS_BX) && (!frame->is_bx_known || READ(segment->bx) != frame->bx))
		return false;
	return !(flags & VMT_NEEDS_BP) || (frame->is_bp_known && READ(segment->bp) == frame->bp);
}

/*
 * Compare the slots, and add return addresses to the stack, whose count stays. Returns their number
 * plus one; 0 = a slot differs.
 */
static uint32_t compare(const struct vmt_segment *segment, uint64_t sp, uint64_t room,
			uint32_t slots, struct vmt_walk *stack)
{
	uint64_t reported = READ(segment->reported);
	uint64_t *pc = stack->pc + stack->count;
	uint32_t *slot = stack->slot + stack->count;
	uint32_t distance = (uint32_t)(sp - stack->sp);
	uint32_t count = 0;

	for (uint32_t i = 0; i < slots; i++) {
		uint64_t offset = READ(segment->offset[i]);
		uint64_t word;

		if (VMT_UNLIKELY(offset > room))
			return 0;
		word = *(const uint64_t *)(uintptr_t)(sp + offset);
		if (VMT_UNLIKELY(word != READ(segment->value[i])))
			return 0;
		pc[count] = word;
		slot[count] = distance + (uint32_t)offset;
		count += reported & 1;
		reported >>= 1;
	}
	return count + 1;
}

/* Restore a register at the end of a segment. False if its slot cannot be read. */
static bool hand_on(uint64_t sp, uint64_t room, uint32_t after, uint64_t *reg, bool *is_known)
{
	if (after == VMT_REGISTER_KEPT)
		return true;
	*is_known = after != VMT_REGISTER_LOST;
	if (!*is_known)
		return true;
	if (after > room)
		return false;
	*reg = *(const uint64_t *)(uintptr_t)(sp + after);
	return true;
}

static enum vmt_recall recall(const struct vmt_segment *segment, const _Atomic uint64_t *moves,
			      struct vmt_frame *frame, uint64_t room, uint64_t salt,
			      struct vmt_walk *stack)
{
	uint64_t sequence = vmt_seqlock_begin(moves);
	uint32_t slots = READ(segment->count);
	struct vmt_frame after;
	uint32_t count;
	uint64_t hash;
	uint8_t flags;

	if ((sequence & 1) || !is_start_of(segment, frame, salt) ||
	    slots > VMT_FRAMES_MAX - stack->count)
		return VMT_RECALL_NOTHING;
	count = compare(segment, frame->sp, room, slots, stack);
	after = *frame;
	if (count == 0 ||
	    !hand_on(frame->sp, room, READ(segment->bp_after), &after.bp, &after.is_bp_known) ||
	    !hand_on(frame->sp, room, READ(segment->bx_after), &after.bx, &after.is_bx_known))
		return VMT_RECALL_NOTHING;
	after.pc = READ(segment->pc_after);
	after.sp += READ(segment->sp_after);
	after.is_exact = false;
	flags = READ(segment->flags);
	hash = stack->hash * READ(segment->scale) + READ(segment->hash);
	if (!vmt_seqlock_stands(moves, sequence))
		return VMT_RECALL_NOTHING;
	*frame = after;
	stack->recalled += count - 1;
	stack->count += count - 1;
	stack->hash = hash;
	return flags & VMT_IS_LAST ? VMT_RECALL_END : VMT_RECALL_SEGMENT;
}

/* A segment of an earlier epoch is taken over if no address in it has been unmapped since. */
__attribute__((noinline)) static void take_over(struct entry *entry, uint64_t pc, uint64_t salt)
{
	struct vmt_segment *segment = &entry->segment;
	uint64_t was = READ(segment->salt);
	struct vmt_unwind_gone gone;
	bool holds;

	if (!vmt_unwind_gone_since(was, salt, &gone) || !vmt_seqlock_seize(&entry->sequence))
		return;
	holds = READ(segment->salt) == was &&
		!vmt_unwind_gone_has_any(&gone, pc, segment->value, READ(segment->count));
	if (holds)
		WRITE(segment->salt, salt);
	vmt_seqlock_leave(&entry->sequence);
}

static bool is_of_earlier(const struct vmt_segment *segment, const struct vmt_frame *frame,
			  uint64_t salt)
{
	return READ(segment->salt) != salt && READ(segment->sp) == frame->sp &&
	       READ(segment->pc) == key_of(frame);
}

enum vmt_recall vmt_unwind_segments_recall(struct vmt_frame *frame, struct vmt_range bounds,
					   uint64_t salt, struct vmt_walk *stack)
{
	struct entry *set = find_set(key_of(frame), frame->sp);
	enum vmt_recall got = VMT_RECALL_NOTHING;

	if (!set || frame->sp < bounds.start || frame->sp > bounds.end - sizeof(uint64_t))
		return got;
	for (unsigned int i = 0; i < WAYS && got == VMT_RECALL_NOTHING; i++) {
		if (VMT_UNLIKELY(is_of_earlier(&set[i].segment, frame, salt)))
			take_over(&set[i], frame->pc, salt);
		got = recall(&set[i].segment, &set[i].sequence, frame,
			     bounds.end - sizeof(uint64_t) - frame->sp, salt, stack);
	}
	return got;
}

/* Copy a consistent state of the entry; false if it is being written. */
static bool copy(const struct entry *entry, struct vmt_segment *ret_segment)
{
	uint64_t sequence = vmt_seqlock_begin(&entry->sequence);
	uint64_t word;

	for (unsigned int i = 0; i < WORDS; i++) {
		word = READ(entry->word[i]);
		__builtin_memcpy((char *)ret_segment + i * sizeof(word), &word, sizeof(word));
	}
	return vmt_seqlock_stands(&entry->sequence, sequence);
}

enum vmt_recall vmt_unwind_segments_copy(struct vmt_frame *frame, struct vmt_range bounds,
					 uint64_t salt, struct vmt_walk *stack,
					 struct vmt_segment *ret_segment)
{
	static const _Atomic uint64_t still = 0;
	const struct entry *set = find_set(key_of(frame), frame->sp);
	enum vmt_recall got = VMT_RECALL_NOTHING;

	if (!set || frame->sp < bounds.start || frame->sp > bounds.end - sizeof(uint64_t))
		return got;
	for (unsigned int i = 0; i < WAYS && got == VMT_RECALL_NOTHING; i++)
		if (copy(&set[i], ret_segment))
			got = recall(ret_segment, &still, frame,
				     bounds.end - sizeof(uint64_t) - frame->sp, salt, stack);
	return got;
}

void vmt_unwind_segments_begin(struct vmt_resolving *work, const struct vmt_frame *frame,
			       uint64_t salt)
{
	struct vmt_segment *segment = &work->segment;

	segment->salt = salt;
	segment->pc = key_of(frame);
	segment->sp = frame->sp;
	segment->bp = frame->bp;
	segment->bx = frame->bx;
	segment->hash = 0;
	segment->scale = 1;
	segment->reported = 0;
	segment->count = 0;
	segment->flags = 0;
	work->bp_from = VMT_FROM_BEFORE;
	work->bx_from = VMT_FROM_BEFORE;
	work->is_bp_noted = false;
	work->is_bx_noted = false;
	work->is_open = true;
}

/* Is the slot at or above sp, and near enough for its offset to be stored? */
static bool is_near(const struct vmt_segment *segment, uint64_t addr)
{
	return addr - segment->sp < VMT_REGISTER_LOST;
}

void vmt_unwind_segments_note(struct vmt_resolving *work, uint64_t addr, uint64_t value,
			      bool is_reported)
{
	struct vmt_segment *segment = &work->segment;
	unsigned int i = segment->count;

	if (!work->is_open)
		return;
	if (i == VMT_SEGMENT_SLOTS || !is_near(segment, addr)) {
		work->is_open = false;
		return;
	}
	segment->value[i] = value;
	segment->offset[i] = (uint32_t)(addr - segment->sp);
	segment->count++;
	if (is_reported) {
		segment->reported |= UINT64_C(1) << i;
		segment->hash = vmt_pc_hash(segment->hash, value);
		segment->scale *= VMT_STACK_HASH_SCALE;
	}
}

void vmt_unwind_segments_note_bp(struct vmt_resolving *work, uint64_t bp)
{
	if (work->is_bp_noted)
		return;
	work->is_bp_noted = true;
	if (work->bp_from == VMT_FROM_BEFORE)
		work->segment.flags |= VMT_NEEDS_BP;
	else
		vmt_unwind_segments_note(work, work->bp_from, bp, false);
}

void vmt_unwind_segments_note_bx(struct vmt_resolving *work, uint64_t bx)
{
	if (work->is_bx_noted)
		return;
	work->is_bx_noted = true;
	if (work->bx_from == VMT_FROM_BEFORE)
		work->segment.flags |= VMT_NEEDS_BX;
	else
		vmt_unwind_segments_note(work, work->bx_from, bx, false);
}

bool vmt_unwind_segments_is_end(const struct vmt_resolving *work, const struct vmt_frame *frame)
{
	return work->segment.count > VMT_SEGMENT_SLOTS - STEP_MOST ||
	       (frame->sp >> 3) * VMT_HASH_FACTOR >> 59 == 0;
}

static bool set_after(const struct vmt_segment *segment, uint64_t from, uint32_t *after)
{
	*after = from == VMT_FROM_BEFORE ? VMT_REGISTER_KEPT : VMT_REGISTER_LOST;
	if (from == VMT_FROM_BEFORE || from == VMT_FROM_NOWHERE)
		return true;
	*after = (uint32_t)(from - segment->sp);
	return is_near(segment, from);
}

/* Choose an entry that is not valid any more, or one that depends on the stack. */
static struct entry *choose(struct entry *set, const struct vmt_segment *segment)
{
	for (unsigned int i = 0; i < WAYS; i++)
		if (READ(set[i].segment.salt) != segment->salt)
			return &set[i];
	count_overwritten();
	return &set[(segment->value[0] * VMT_HASH_FACTOR >> 32) % WAYS];
}

static void store(struct entry *entry, const struct vmt_segment *segment)
{
	uint64_t word;

	if (!vmt_seqlock_seize(&entry->sequence))
		return;
	for (unsigned int i = 0; i < WORDS; i++) {
		__builtin_memcpy(&word, (const char *)segment + i * sizeof(word), sizeof(word));
		WRITE(entry->word[i], word);
	}
	vmt_seqlock_leave(&entry->sequence);
}

void vmt_unwind_segments_keep(struct vmt_resolving *work, const struct vmt_frame *frame,
			      bool is_last)
{
	struct vmt_segment *segment = &work->segment;
	struct entry *set;

	if (!work->is_open)
		return;
	work->is_open = false;
	if ((segment->count == 0 && !is_last) || frame->sp < segment->sp ||
	    !is_near(segment, frame->sp) ||
	    !set_after(segment, work->bp_from, &segment->bp_after) ||
	    !set_after(segment, work->bx_from, &segment->bx_after))
		return;
	segment->pc_after = frame->pc;
	segment->sp_after = (uint32_t)(frame->sp - segment->sp);
	if (is_last)
		segment->flags |= VMT_IS_LAST;
	set = find_set(segment->pc, segment->sp);
	if (set)
		store(choose(set, segment), segment);
}
