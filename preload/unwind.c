/* SPDX-License-Identifier: MIT */
/*
 * Stack walks: from the registers of a call to the return addresses of all its
 * callers. What is known of a pc comes from the modules' .eh_frame (unwind_rows);
 * where there is none, as in JIT code, rbp is followed.
 *
 * It runs in signal handlers and on small stacks: no locks, no system calls of its own, about
 * 1 KiB of stack. Stack memory is read only inside vmt_stack_bounds(), code never.
 */
#include "shim.h"

#include "core/cfi.h"
#include "unwind_rows.h"

#define USER_END  (UINT64_C(1) << 56) /* with five-level page tables */
#define STEPS_MAX (4 * VMT_FRAMES_MAX) /* own frames included; ends any walk in circles */

/* The ucontext that a signal handler is given: offset of gregs[] and indices into it. */
#define GREGS     40
#define GREGS_RBP 10
#define GREGS_RBX 11
#define GREGS_RSP 15
#define GREGS_RIP 16

extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

struct walk {
	uint64_t pc;
	uint64_t sp;
	uint64_t bp;
	uint64_t bx;
	uint64_t gregs; /* address of the interrupted registers; 0 = not interrupted */
	uint64_t salt; /* of the cache, as at the start of the walk */
	const struct vmt_regs *regs; /* NULL after the first frame */
	struct vmt_range bounds;
	bool is_bp_known;
	bool is_bx_known;
	bool is_exact; /* pc is where the frame stands, not where a call returns to */
};

/* What a step came to. */
enum outcome {
	GOES_ON,
	AT_END,
	STUCK,
};

/* Read the word at addr if it lies on the stack. */
static bool load(const struct walk *walk, uint64_t addr, uint64_t *ret_word)
{
	if (addr < walk->bounds.start || addr > walk->bounds.end - sizeof(*ret_word))
		return false;
	__builtin_memcpy(ret_word, (const void *)(uintptr_t)addr, sizeof(*ret_word));
	return true;
}

/* The registers of the interrupted frame by DWARF number; the order of gregs[] is the kernel's. */
static bool load_interrupted(const struct walk *walk, unsigned int reg, uint64_t *ret_value)
{
	static const uint8_t index[16] = { 13, 12, 14, 11, 9, 8, 10, 15, 0, 1, 2, 3, 4, 5, 6, 7 };

	return walk->gregs && load(walk, walk->gregs + 8 * (uint64_t)index[reg & 15], ret_value);
}

/* A CFA in another register: rbx is followed, the others are known where all of the frame's are. */
static bool load_register(const struct walk *walk, unsigned int reg, uint64_t *ret_value)
{
	const struct vmt_regs *regs = walk->regs;

	if (reg == VMT_CFI_BX) {
		*ret_value = walk->bx;
		return walk->is_bx_known;
	}
	if (!regs)
		return load_interrupted(walk, reg, ret_value);
	if (reg < 12)
		return false;
	*ret_value = reg == 12   ? regs->r12
		     : reg == 13 ? regs->r13
		     : reg == 14 ? regs->r14
				 : regs->r15;
	return true;
}

static bool find_cfa(const struct walk *walk, const struct vmt_cfi_row *row, uint64_t *ret_cfa)
{
	uint64_t offset = (uint64_t)(int64_t)row->cfa_offset;
	uint64_t base;

	switch (vmt_cfi_row_cfa(row)) {
	case VMT_CFA_SP:
		*ret_cfa = walk->sp + offset;
		return true;
	case VMT_CFA_BP:
		*ret_cfa = walk->bp + offset;
		return walk->is_bp_known;
	case VMT_CFA_DEREF_SP:
	case VMT_CFA_DEREF_BP:
		base = vmt_cfi_row_cfa(row) == VMT_CFA_DEREF_SP ? walk->sp : walk->bp;
		if (!load(walk, base + offset, &base))
			return false;
		*ret_cfa = base + (uint64_t)(int64_t)row->cfa_extra;
		return vmt_cfi_row_cfa(row) == VMT_CFA_DEREF_SP || walk->is_bp_known;
	case VMT_CFA_REGISTER:
		if (!load_register(walk, (unsigned int)row->cfa_extra, &base))
			return false;
		*ret_cfa = base + offset;
		return true;
	default:
		return false;
	}
}

static bool restore_bp(struct walk *walk, const struct vmt_cfi_row *row, uint64_t cfa)
{
	uint64_t offset = (uint64_t)(int64_t)row->bp_words * 8;

	switch (vmt_cfi_row_bp(row)) {
	case VMT_BP_SAME:
		return walk->is_bp_known;
	case VMT_BP_AT_CFA:
		return load(walk, cfa + offset, &walk->bp);
	case VMT_BP_AT_BP:
		return walk->is_bp_known && load(walk, walk->bp + offset, &walk->bp);
	case VMT_BP_AT_SP:
		return load(walk, walk->sp + offset, &walk->bp);
	default:
		return false;
	}
}

static bool restore_bx(struct walk *walk, const struct vmt_cfi_row *row, uint64_t cfa)
{
	if (row->bx_words == VMT_BX_SAME)
		return walk->is_bx_known;
	return row->bx_words != VMT_BX_LOST &&
	       load(walk, cfa + (uint64_t)(int64_t)row->bx_words * 8, &walk->bx);
}

static enum outcome arrive(struct walk *walk, uint64_t pc)
{
	walk->pc = pc;
	walk->regs = NULL;
	if (pc == 0)
		return AT_END;
	return pc < VMT_PAGE_SIZE || pc >= USER_END ? STUCK : GOES_ON;
}

/* Out of a module: [rbp] is the next rbp, [rbp + 8] the return address, if rbp looks like one. */
static enum outcome step_by_bp(struct walk *walk, bool is_in_module)
{
	uint64_t bp;
	uint64_t pc;

	/* The psABI marks the outermost frame with rbp = 0; ld.so's entry has nothing but that. */
	if (is_in_module && walk->is_bp_known && walk->bp == 0)
		return AT_END;
	if (!walk->is_bp_known || walk->bp % 8 != 0 || walk->bp < walk->sp ||
	    !load(walk, walk->bp, &bp) || !load(walk, walk->bp + 8, &pc))
		return STUCK;
	walk->sp = walk->bp + 16;
	walk->bp = bp;
	walk->is_bx_known = false;
	walk->gregs = 0;
	walk->is_exact = false;
	return arrive(walk, pc);
}

/* Out of a signal handler, perhaps back from the alternate stack. */
static enum outcome step_signal(struct walk *walk)
{
	uint64_t gregs = walk->sp + GREGS;
	uint64_t pc;
	uint64_t sp;

	if (!load(walk, gregs + 8 * GREGS_RIP, &pc) || !load(walk, gregs + 8 * GREGS_RSP, &sp) ||
	    !load(walk, gregs + 8 * GREGS_RBP, &walk->bp) ||
	    !load(walk, gregs + 8 * GREGS_RBX, &walk->bx))
		return STUCK;
	if (!vmt_range_has(walk->bounds, sp)) {
		if (!vmt_stack_bounds(sp, &walk->bounds) || !vmt_range_has(walk->bounds, sp))
			return STUCK;
		gregs = 0; /* it lies outside the new bounds */
	}
	walk->gregs = gregs;
	walk->sp = sp;
	walk->is_bp_known = true;
	walk->is_bx_known = true;
	walk->is_exact = true;
	return arrive(walk, pc);
}

static enum outcome step(struct walk *walk)
{
	struct vmt_cfi_row row;
	bool is_in_module =
		vmt_unwind_rows_find(walk->is_exact ? walk->pc : walk->pc - 1, walk->salt, &row);
	uint64_t cfa;
	uint64_t pc;

	switch (vmt_cfi_row_cfa(&row)) {
	case VMT_CFA_NONE:
		return step_by_bp(walk, is_in_module);
	case VMT_CFA_END:
		return AT_END;
	case VMT_CFA_SIGNAL:
		return step_signal(walk);
	default:
		break;
	}
	if (!find_cfa(walk, &row, &cfa) || cfa <= walk->sp || !load(walk, cfa - 8, &pc))
		return STUCK;
	walk->is_bp_known = restore_bp(walk, &row, cfa);
	walk->is_bx_known = restore_bx(walk, &row, cfa);
	walk->sp = cfa;
	walk->gregs = 0;
	walk->is_exact = false;
	return arrive(walk, pc);
}

static bool is_own(uint64_t pc)
{
	return pc >= (uint64_t)(uintptr_t)__ehdr_start && pc < (uint64_t)(uintptr_t)_end;
}

void vmt_unwind(const struct vmt_regs *regs, struct vmt_stack *ret_stack)
{
	struct walk walk = { .pc = regs->pc,
			     .sp = regs->sp,
			     .bp = regs->bp,
			     .bx = regs->bx,
			     .regs = regs,
			     .salt = vmt_unwind_rows_salt(),
			     .is_bp_known = true,
			     .is_bx_known = true,
			     .is_exact = true };
	enum outcome outcome = GOES_ON;
	unsigned int steps;

	ret_stack->count = 0;
	ret_stack->flags = VMT_STACK_TRUNCATED;
	if (!vmt_stack_bounds(walk.sp, &walk.bounds) || walk.bounds.end < 8)
		return;
	for (steps = 0; steps < STEPS_MAX; steps++) {
		outcome = step(&walk);
		if (outcome != GOES_ON)
			break;
		if (is_own(walk.pc))
			continue;
		if (ret_stack->count == VMT_FRAMES_MAX)
			return;
		ret_stack->pc[ret_stack->count++] = walk.pc;
	}
	if (outcome == AT_END)
		ret_stack->flags = 0;
}
