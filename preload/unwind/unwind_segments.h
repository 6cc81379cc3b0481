/* SPDX-License-Identifier: MIT */
/*
 * Stretches of stacks that were walked before, so that they need not be walked again: "remember and
 * verify". Used by unwind.c only, which reports during a walk what determined each step.
 * unwind_segments.c explains why recalling gives what a walk would give.
 */
#ifndef VMT_UNWIND_SEGMENTS_H
#define VMT_UNWIND_SEGMENTS_H

#include "os/shim.h"

/* The position of a walk: the state that the next step starts from. */
struct vmt_frame {
	uint64_t pc;
	uint64_t sp;
	uint64_t bp;
	uint64_t bx;
	bool is_bp_known;
	bool is_bx_known;
	bool is_exact; /* pc is the current instruction, not a return address */
};

#define VMT_SEGMENT_SLOTS 34u

/* The position at a call. */
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

/* Used in place of a slot's offset: how a register leaves a segment. */
#define VMT_REGISTER_KEPT UINT32_MAX
#define VMT_REGISTER_LOST (UINT32_MAX - 1)

/* A few steps of a walk, as they are remembered. Offsets are bytes from sp. */
struct vmt_segment {
	uint64_t salt; /* of the epoch (unwind_epoch.h) */
	uint64_t pc; /* pc * 2, plus 1 if the frame is exact */
	uint64_t sp;
	uint64_t bp; /* required values of the registers; flags say which of them count */
	uint64_t bx;
	uint64_t pc_after;
	uint64_t hash; /* of the pcs that are reported */
	uint64_t scale; /* the factor for a hash of the pcs before these */
	uint64_t reported; /* bit i: value[i] is a return address that is reported */
	uint32_t sp_after;
	uint32_t bp_after; /* the offset of the slot that holds rbp at the end, or VMT_REGISTER_* */
	uint32_t bx_after;
	uint8_t count;
	uint8_t flags;
	uint64_t value[VMT_SEGMENT_SLOTS]; /* the values of the slots that determined a step */
	uint32_t offset[VMT_SEGMENT_SLOTS];
};

/* Where a register's value came from, if not from a slot. These values are no stack addresses. */
#define VMT_FROM_BEFORE  UINT64_C(0) /* it has had its value since the segment's start */
#define VMT_FROM_NOWHERE UINT64_C(1) /* its value is unknown */

/* A segment that is being walked for the first time. */
struct vmt_resolving {
	struct vmt_segment segment;
	uint64_t bp_from; /* the address of the slot that rbp came from, or VMT_FROM_* */
	uint64_t bx_from;
	bool is_bp_noted; /* rbp has already been noted */
	bool is_bx_noted;
	bool is_open;
};

/* Memory for the segments, zeroed; NULL: nothing is recalled from now on. */
void vmt_unwind_segments_set(void *memory, size_t bytes);

enum vmt_recall {
	VMT_RECALL_NOTHING,
	VMT_RECALL_SEGMENT, /* frame and stack have advanced */
	VMT_RECALL_END, /* they have advanced, and the stack ends there */
};

/* Continue from frame by a remembered segment. Nothing is changed if there is none. */
enum vmt_recall vmt_unwind_segments_recall(struct vmt_frame *frame, struct vmt_range bounds,
					   uint64_t salt, struct vmt_walk *stack);

/* Likewise, and copy the segment that was recalled. */
enum vmt_recall vmt_unwind_segments_copy(struct vmt_frame *frame, struct vmt_range bounds,
					 uint64_t salt, struct vmt_walk *stack,
					 struct vmt_segment *ret_segment);

/* Begin to note the following steps. */
void vmt_unwind_segments_begin(struct vmt_resolving *work, const struct vmt_frame *frame,
			       uint64_t salt);

/* The word at addr determined the step. is_reported: it became the next pc. */
void vmt_unwind_segments_note(struct vmt_resolving *work, uint64_t addr, uint64_t value,
			      bool is_reported);

/* The step used rbp or rbx: note the slot that it came from, if any, or its value. */
void vmt_unwind_segments_note_bp(struct vmt_resolving *work, uint64_t bp);
void vmt_unwind_segments_note_bx(struct vmt_resolving *work, uint64_t bx);

/* The register was restored from this slot, or see VMT_FROM_*. */
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

/* Should the segment end here, so that stacks with other callees find the next one? */
bool vmt_unwind_segments_is_end(const struct vmt_resolving *work, const struct vmt_frame *frame);

/* Remember the frames walked since begin, if every slot and register they depend on was noted. */
void vmt_unwind_segments_keep(struct vmt_resolving *work, const struct vmt_frame *frame,
			      bool is_last);

/* Something determined a step that cannot be noted: discard the segment. */
static inline void vmt_unwind_segments_drop(struct vmt_resolving *work)
{
	work->is_open = false;
}

#endif
