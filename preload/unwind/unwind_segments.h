/* SPDX-License-Identifier: MIT */
/*
 * Stretches of stacks that were walked before, so that they need not be walked again:
 * "remember and verify". Used by unwind.c only, which says while it walks what each step was
 * decided by. See unwind_segments.c for why what is recalled is what a walk would find.
 */
#ifndef VMT_UNWIND_SEGMENTS_H
#define VMT_UNWIND_SEGMENTS_H

#include "os/shim.h"

/* Where a walk stands: what the next step is made from. */
struct vmt_frame {
	uint64_t pc;
	uint64_t sp;
	uint64_t bp;
	uint64_t bx;
	bool is_bp_known;
	bool is_bx_known;
	bool is_exact; /* pc is where the frame stands, not where a call returns to */
};

#define VMT_SEGMENT_SLOTS 34u

/* Where a call stands. */
static inline struct vmt_frame vmt_frame_of(const struct vmt_regs *regs)
{
	return (struct vmt_frame){ .pc = regs->pc,
				   .sp = regs->sp,
				   .bp = regs->bp,
				   .bx = regs->bx,
				   .is_bp_known = true,
				   .is_bx_known = true,
				   .is_exact = true };
}

/* vmt_segment.flags */
#define VMT_NEEDS_BP UINT8_C(1)
#define VMT_NEEDS_BX UINT8_C(2)
#define VMT_IS_LAST  UINT8_C(4)

/* In place of the offset of the slot that holds a register after a segment. */
#define VMT_REGISTER_KEPT UINT32_MAX
#define VMT_REGISTER_LOST (UINT32_MAX - 1)

/* A few steps of a walk, as they are kept. Offsets are from sp, in bytes. */
struct vmt_segment {
	uint64_t salt; /* of the epoch (unwind_rows.h) */
	uint64_t pc; /* twice, and one more if exact */
	uint64_t sp;
	uint64_t bp; /* the walk must come with these if flags say so */
	uint64_t bx;
	uint64_t pc_after;
	uint64_t
		hash; /* of the pcs reported, and what a hash of those before it is multiplied by */
	uint64_t scale;
	uint64_t reported; /* bit i: value[i] is a return address to be reported */
	uint32_t sp_after;
	uint32_t bp_after; /* the slot that holds rbp, or that it was kept or lost */
	uint32_t bx_after;
	uint8_t count;
	uint8_t flags;
	uint64_t value[VMT_SEGMENT_SLOTS]; /* what the slots that decided held */
	uint32_t offset[VMT_SEGMENT_SLOTS];
};

/* Where a register's value came from, if not from a slot; no addresses of stacks. */
#define VMT_FROM_BEFORE  UINT64_C(0) /* the segment began with it */
#define VMT_FROM_NOWHERE UINT64_C(1) /* it is not known */

/* A segment while it is walked for the first time. */
struct vmt_resolving {
	struct vmt_segment segment;
	uint64_t bp_from; /* address of the slot, or VMT_FROM_* */
	uint64_t bx_from;
	bool is_bp_noted; /* it has decided already */
	bool is_bx_noted;
	bool is_open;
};

/* Memory for the segments, zeroed; NULL = none: nothing is recalled any more. */
void vmt_unwind_segments_set(void *memory, size_t bytes);

enum vmt_recall {
	VMT_RECALL_NOTHING,
	VMT_RECALL_SEGMENT, /* frame and stack have moved on */
	VMT_RECALL_END, /* the same, and the stack ends there */
};

/* Go on from frame by what is remembered. Nothing is changed if that is nothing. */
enum vmt_recall vmt_unwind_segments_recall(struct vmt_frame *frame, struct vmt_range bounds,
					   uint64_t salt, struct vmt_walk *stack);

/* The same, with a copy of the segment that was recalled. */
enum vmt_recall vmt_unwind_segments_copy(struct vmt_frame *frame, struct vmt_range bounds,
					 uint64_t salt, struct vmt_walk *stack,
					 struct vmt_segment *ret_segment);

/* The steps from here on are to be remembered. */
void vmt_unwind_segments_begin(struct vmt_resolving *work, const struct vmt_frame *frame,
			       uint64_t salt);

/* The word at addr has decided the step; is_reported: by being the next pc that the stack holds. */
void vmt_unwind_segments_note(struct vmt_resolving *work, uint64_t addr, uint64_t value,
			      bool is_reported);

/* The same of rbp and rbx: by the slots that they came from, if they decide. */
void vmt_unwind_segments_note_bp(struct vmt_resolving *work, uint64_t bp);
void vmt_unwind_segments_note_bx(struct vmt_resolving *work, uint64_t bx);

/* They were restored from a slot, or VMT_FROM_*. */
static inline void vmt_unwind_segments_move_bp(struct vmt_resolving *work, uint64_t from)
{
	work->bp_from = from;
	work->is_bp_noted = false;
}

static inline void vmt_unwind_segments_move_bx(struct vmt_resolving *work, uint64_t from)
{
	work->bx_from = from;
	work->is_bx_noted = false;
}

/* Is this a place to end a segment, so that stacks with other callees find the next one? */
bool vmt_unwind_segments_is_end(const struct vmt_resolving *work, const struct vmt_frame *frame);

/* Keep what was walked since begin, if it could be told what decided it. */
void vmt_unwind_segments_keep(struct vmt_resolving *work, const struct vmt_frame *frame,
			      bool is_last);

/* Something decided that cannot be noted. */
static inline void vmt_unwind_segments_drop(struct vmt_resolving *work)
{
	work->is_open = false;
}

#endif
