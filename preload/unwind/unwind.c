/* SPDX-License-Identifier: MIT */
/*
 * Walks a stack: from the registers of a call to the return addresses of all its callers. The rule
 * for each pc comes from the module's .eh_frame (unwind_rows); where there is none, as in JIT code,
 * rbp is followed. Stretches that were walked before are recalled (unwind_segments).
 *
 * This runs in signal handlers and on small stacks: it takes no locks, makes no system calls of its
 * own, and uses about 1 KiB of stack. Stack memory is read only inside vmt_bounds_of(); code is
 * never read.
 */
#include "os/shim.h"

#include "core/stack/cfi.h"
#include "unwind/unwind_epoch.h"
#include "unwind/unwind_recall.h"
#include "unwind/unwind_rows.h"
#include "unwind/unwind_segments.h"

/* includes our own frames; ends any walk that goes in circles */
#define STEPS_MAX (4 * VMT_FRAMES_MAX)

/* the most stack, in bytes, that a libc function's frames may take */
#define SEARCH_MAX UINT64_C(4096)

/* The ucontext that a signal handler gets: the offset of gregs[], and indices into it. */
#define GREGS     40
#define GREGS_RBP 10
#define GREGS_RBX 11
#define GREGS_RSP 15
#define GREGS_RIP 16

extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

static bool is_own(uint64_t pc)
{
	return pc >= (uint64_t)(uintptr_t)__ehdr_start && pc < (uint64_t)(uintptr_t)_end;
}

struct walk {
	struct vmt_frame at;
	/* the address of the interrupted registers; 0 = the frame was not interrupted */
	uint64_t gregs;
	uint64_t salt; /* of the cache, when the walk began */
	const struct vmt_regs *regs; /* NULL after the first frame */
	struct vmt_range bounds;
	bool bounds_are_new; /* they were asked for during this walk */
	struct vmt_resolving work; /* the steps that are going to be remembered */
};

/* The result of a step. */
enum outcome {
	GOES_ON,
	AT_END,
	STUCK,
};

/* Read the word at addr if it lies on the stack. */
static bool load(struct walk *walk, uint64_t addr, uint64_t *ret_word)
{
	if (addr < walk->bounds.start || addr > walk->bounds.end - sizeof(*ret_word)) {
		vmt_unwind_segments_drop(&walk->work);
		return false;
	}
	__builtin_memcpy(ret_word, (const void *)(uintptr_t)addr, sizeof(*ret_word));
	return true;
}

/* Read a return address, which decides where the walk continues. */
static bool load_pc(struct walk *walk, uint64_t addr, uint64_t *ret_pc)
{
	if (!load(walk, addr, ret_pc))
		return false;
	vmt_unwind_segments_note(&walk->work, addr, *ret_pc, *ret_pc && !is_own(*ret_pc));
	return true;
}

/* Use rbp, which the step depends on. */
static bool base_on_bp(struct walk *walk)
{
	if (!walk->at.is_bp_known) {
		vmt_unwind_segments_drop(&walk->work);
		return false;
	}
	vmt_unwind_segments_note_bp(&walk->work, walk->at.bp);
	return true;
}

static bool restore(struct walk *walk, uint64_t addr, uint64_t *reg, uint64_t *ret_from)
{
	bool is_known = load(walk, addr, reg);

	*ret_from = is_known ? addr : VMT_FROM_NOWHERE;
	return is_known;
}

/*
 * Read a register of the interrupted frame by its DWARF number; gregs[] is in the kernel's order.
 */
static bool load_interrupted(struct walk *walk, unsigned int reg, uint64_t *ret_value)
{
	static const uint8_t index[16] = { 13, 12, 14, 11, 9, 8, 10, 15, 0, 1, 2, 3, 4, 5, 6, 7 };

	return walk->gregs && load(walk, walk->gregs + 8 * (uint64_t)index[reg & 15], ret_value);
}

/* The CFA is in another register: rbx is tracked, others are known only in an interrupted frame. */
static bool load_register(struct walk *walk, unsigned int reg, uint64_t *ret_value)
{
	const struct vmt_regs *regs = walk->regs;

	if (reg == VMT_CFI_BX && walk->at.is_bx_known) {
		*ret_value = walk->at.bx;
		vmt_unwind_segments_note_bx(&walk->work, walk->at.bx);
		return true;
	}
	vmt_unwind_segments_drop(&walk->work);
	if (reg == VMT_CFI_BX)
		return false;
	if (!regs)
		return load_interrupted(walk, reg, ret_value);
	if (reg < 12)
		return false;
	*ret_value = reg == 12 ? regs->r12 :
		     reg == 13 ? regs->r13 :
		     reg == 14 ? regs->r14 :
				 regs->r15;
	return true;
}

static bool find_cfa(struct walk *walk, const struct vmt_cfi_row *row, uint64_t *ret_cfa)
{
	uint64_t offset = (uint64_t)(int64_t)row->cfa_offset;
	uint64_t base;

	switch (vmt_cfi_row_cfa(row)) {
	case VMT_CFA_SP: *ret_cfa = walk->at.sp + offset; return true;
	case VMT_CFA_BP: *ret_cfa = walk->at.bp + offset; return base_on_bp(walk);
	case VMT_CFA_DEREF_SP:
	case VMT_CFA_DEREF_BP:
		base = walk->at.sp;
		if (vmt_cfi_row_cfa(row) == VMT_CFA_DEREF_BP) {
			if (!base_on_bp(walk))
				return false;
			base = walk->at.bp;
		}
		if (!load(walk, base + offset, ret_cfa))
			return false;
		vmt_unwind_segments_note(&walk->work, base + offset, *ret_cfa, false);
		*ret_cfa += (uint64_t)(int64_t)row->cfa_extra;
		return true;
	case VMT_CFA_REGISTER:
		if (!load_register(walk, (unsigned int)row->cfa_extra, &base))
			return false;
		*ret_cfa = base + offset;
		return true;
	default: return false;
	}
}

static void restore_bp(struct walk *walk, const struct vmt_cfi_row *row, uint64_t cfa)
{
	uint64_t offset = (uint64_t)(int64_t)row->bp_words * 8;
	struct vmt_frame *at = &walk->at;
	uint64_t from = VMT_FROM_NOWHERE;

	switch (vmt_cfi_row_bp(row)) {
	case VMT_BP_SAME: return;
	case VMT_BP_AT_CFA: at->is_bp_known = restore(walk, cfa + offset, &at->bp, &from); break;
	case VMT_BP_AT_BP:
		at->is_bp_known =
			base_on_bp(walk) && restore(walk, at->bp + offset, &at->bp, &from);
		break;
	case VMT_BP_AT_SP: at->is_bp_known = restore(walk, at->sp + offset, &at->bp, &from); break;
	default: at->is_bp_known = false; break;
	}
	vmt_unwind_segments_move_bp(&walk->work, from);
}

static void restore_bx(struct walk *walk, const struct vmt_cfi_row *row, uint64_t cfa)
{
	uint64_t from = VMT_FROM_NOWHERE;

	if (row->bx_words == VMT_BX_SAME)
		return;
	walk->at.is_bx_known =
		row->bx_words != VMT_BX_LOST &&
		restore(walk, cfa + (uint64_t)(int64_t)row->bx_words * 8, &walk->at.bx, &from);
	vmt_unwind_segments_move_bx(&walk->work, from);
}

static enum outcome arrive(struct walk *walk, uint64_t pc)
{
	walk->at.pc = pc;
	walk->regs = NULL;
	if (pc == 0)
		return AT_END;
	return pc < VMT_PAGE_SIZE || pc >= VMT_ADDRESS_END_5 ? STUCK : GOES_ON;
}

/*
 * Tables lead reliably from frame to frame, but rbp may hold anything. So it is followed only where
 * the memory is certain to be there.
 */
static bool renew_bounds(struct walk *walk)
{
	if (walk->bounds_are_new)
		return true;
	vmt_bounds_forget();
	walk->bounds_are_new = vmt_bounds_of(walk->at.sp, &walk->bounds);
	return walk->bounds_are_new;
}

/*
 * Step without tables, or out of code outside modules: [rbp] is the caller's rbp and [rbp + 8] the
 * return address, if rbp looks like a frame pointer.
 */
static enum outcome step_by_bp(struct walk *walk, bool is_in_module)
{
	struct vmt_frame *at = &walk->at;
	uint64_t frame = at->bp;
	uint64_t pc;

	if (!base_on_bp(walk))
		return STUCK;
	/* The psABI marks the outermost frame with rbp = 0, and ld.so's entry has no other mark. */
	if (is_in_module && frame == 0)
		return AT_END;
	if (frame % 8 != 0 || frame < at->sp || !renew_bounds(walk) ||
	    !load(walk, frame, &at->bp) || !load_pc(walk, frame + 8, &pc))
		return STUCK;
	vmt_unwind_segments_move_bp(&walk->work, frame);
	vmt_unwind_segments_move_bx(&walk->work, VMT_FROM_NOWHERE);
	at->sp = frame + 16;
	at->is_bx_known = false;
	walk->gregs = 0;
	at->is_exact = false;
	return arrive(walk, pc);
}

/* musl puts a thread's storage above its stack; the memory beyond may be unmapped at any time. */
static uint64_t thread_pointer(void)
{
	return (uint64_t)(uintptr_t)__builtin_thread_pointer();
}

/*
 * Step out of a libc without tables: the nearest word that looks like a return address into another
 * module is taken for the return address, and libc's own frames are skipped. This is a guess, and a
 * note says so. rbp is assumed to be unchanged. If there is no such word, the walk is assumed to
 * have reached libc's own start code.
 */
static enum outcome step_by_search(struct walk *walk)
{
	struct vmt_frame *at = &walk->at;
	uint64_t thread = thread_pointer();
	uint64_t end, word;

	vmt_unwind_segments_keep(&walk->work, at, false); /* nothing after this may be remembered */
	if (!renew_bounds(walk))
		return STUCK;
	end = walk->bounds.end - sizeof(uint64_t);
	if (end - at->sp > SEARCH_MAX)
		end = at->sp + SEARCH_MAX;
	if (thread > at->sp && thread < end)
		end = thread;
	for (uint64_t addr = (at->sp + 7) & ~UINT64_C(7); addr <= end; addr += sizeof(word)) {
		if (!load(walk, addr, &word))
			return STUCK;
		if (!vmt_unwind_rows_is_return(word) || is_own(word))
			continue;
		at->sp = addr + sizeof(word);
		at->is_bx_known = false;
		at->is_exact = false;
		walk->gregs = 0;
		return arrive(walk, word);
	}
	return AT_END;
}

/* Step out of a signal handler, which may lead back from the alternate stack. */
static enum outcome step_signal(struct walk *walk)
{
	uint64_t gregs = walk->at.sp + GREGS;
	uint64_t pc;
	uint64_t sp;

	if (!load(walk, gregs + 8 * GREGS_RIP, &pc) || !load(walk, gregs + 8 * GREGS_RSP, &sp) ||
	    !load(walk, gregs + 8 * GREGS_RBP, &walk->at.bp) ||
	    !load(walk, gregs + 8 * GREGS_RBX, &walk->at.bx))
		return STUCK;
	if (!vmt_range_has(walk->bounds, sp)) {
		if (!vmt_bounds_of(sp, &walk->bounds) || !vmt_range_has(walk->bounds, sp))
			return STUCK;
		gregs = 0; /* the ucontext lies outside the new bounds */
	}
	walk->gregs = gregs;
	walk->at.sp = sp;
	walk->at.is_bp_known = true;
	walk->at.is_bx_known = true;
	walk->at.is_exact = true;
	return arrive(walk, pc);
}

static enum outcome step(struct walk *walk)
{
	struct vmt_frame *at = &walk->at;
	struct vmt_cfi_row row;
	bool is_in_module =
		vmt_unwind_rows_find(at->is_exact ? at->pc : at->pc - 1, walk->salt, &row);
	uint64_t cfa;
	uint64_t pc;

	/* What is known of code outside modules may change without notice. */
	if (!is_in_module || vmt_cfi_row_cfa(&row) == VMT_CFA_SIGNAL)
		vmt_unwind_segments_keep(&walk->work, at, false);
	switch (vmt_cfi_row_cfa(&row)) {
	case VMT_CFA_NONE:
		if (vmt_unwind_rows_is_in_libc(at->pc))
			return step_by_search(walk);
		return step_by_bp(walk, is_in_module);
	case VMT_CFA_END: return AT_END;
	case VMT_CFA_SIGNAL: return step_signal(walk);
	default: break;
	}
	if (!find_cfa(walk, &row, &cfa) || cfa <= at->sp || !load_pc(walk, cfa - 8, &pc))
		return STUCK;
	restore_bp(walk, &row, cfa);
	restore_bx(walk, &row, cfa);
	at->sp = cfa;
	walk->gregs = 0;
	at->is_exact = false;
	return arrive(walk, pc);
}

/* Step by what is remembered if possible, or else by what is being learnt. */
static enum outcome recall(struct walk *walk, struct vmt_walk *stack)
{
	enum vmt_recall got;

	if (walk->gregs) /* the step may need other registers of the frame */
		return STUCK;
	got = vmt_unwind_segments_recall(&walk->at, walk->bounds, walk->salt, stack);
	if (got == VMT_RECALL_NOTHING) {
		vmt_unwind_segments_begin(&walk->work, &walk->at, walk->salt);
		return STUCK;
	}
	walk->regs = NULL;
	return got == VMT_RECALL_END ? AT_END : GOES_ON;
}

static void walk_up(struct walk *walk, bool by_memory, struct vmt_walk *stack)
{
	enum outcome outcome = GOES_ON;
	unsigned int steps;

	for (steps = 0; steps < STEPS_MAX && outcome == GOES_ON; steps++) {
		if (by_memory && !walk->work.is_open) {
			outcome = recall(walk, stack);
			if (outcome != STUCK)
				continue;
		}
		outcome = step(walk);
		if (outcome == STUCK)
			return;
		if (VMT_UNLIKELY(walk->at.is_exact)) /* a step out of a signal frame */
			stack->has_signal = true;
		if (walk->work.is_open &&
		    (outcome == AT_END || vmt_unwind_segments_is_end(&walk->work, &walk->at)))
			vmt_unwind_segments_keep(&walk->work, &walk->at, outcome == AT_END);
		if (outcome == AT_END || is_own(walk->at.pc))
			continue;
		if (stack->count == VMT_FRAMES_MAX)
			return;
		stack->hash = vmt_pc_hash(stack->hash, walk->at.pc);
		/* a return address lies below the sp that it is returned to with */
		stack->slot[stack->count] = (uint32_t)(walk->at.sp - 8 - stack->sp);
		stack->pc[stack->count++] = walk->at.pc;
	}
	if (outcome == AT_END)
		stack->flags = 0;
}

static void unwind(const struct vmt_regs *regs, bool by_memory, struct vmt_walk *stack)
{
	struct walk walk;

	walk.at = vmt_frame_of(regs);
	walk.regs = regs;
	walk.gregs = 0;
	walk.salt = vmt_unwind_salt();
	walk.work.is_open = false;
	walk.bounds_are_new = false;
	stack->count = 0;
	stack->flags = VMT_WALK_TRUNCATED;
	stack->recalled = 0;
	stack->has_signal = false;
	stack->is_doubtful = false;
	stack->anchor = 0;
	stack->hash = 0;
	stack->script = 0;
	stack->sp = regs->sp;
	if (vmt_bounds_of(walk.at.sp, &walk.bounds) && walk.bounds.end >= 8)
		walk_up(&walk, by_memory, stack);
	if (stack->count) /* the rows of all others were looked for */
		vmt_unwind_note_met(stack->pc[stack->count - 1]);
}

bool vmt_unwind_lies_over(const struct vmt_regs *regs, uint64_t addr)
{
	struct walk walk = { .at = vmt_frame_of(regs), .regs = regs, .salt = vmt_unwind_salt() };
	uint64_t lowest = regs->sp; /* the lowest sp on the current stack */

	if (!vmt_bounds_of(walk.at.sp, &walk.bounds) || walk.bounds.end < 8)
		return false;
	for (unsigned int steps = 0; steps < STEPS_MAX; steps++) {
		if (step(&walk) != GOES_ON || is_own(walk.at.pc))
			return false;
		if (walk.at.is_exact) /* a step out of a signal frame */
			lowest = walk.at.sp;
		if (lowest < addr && walk.at.sp > addr)
			return vmt_range_has(walk.bounds, addr);
	}
	return false;
}

void vmt_unwind(const struct vmt_regs *regs, struct vmt_walk *ret_stack)
{
	unwind(regs, true, ret_stack);
}

void vmt_unwind_plain(const struct vmt_regs *regs, struct vmt_walk *ret_stack)
{
	unwind(regs, false, ret_stack);
}

/* A walk reads a page before it writes there. Of the two faults, fork children are spared the first. */
static void read_page(const char *at)
{
	(void)*(const volatile char *)at;
}

/* A sixth for rows of code, half for segments of stacks, a third for whole stacks. */
void vmt_unwind_set_cache(void *memory, size_t bytes)
{
	size_t rows = bytes / 6;
	size_t recall = bytes / 3;
	char *at = memory;

	vmt_unwind_rows_set(at, rows);
	vmt_unwind_recall_set(at ? at + rows : NULL, recall);
	vmt_unwind_segments_set(at ? at + rows + recall : NULL, bytes - rows - recall);
	if (!at)
		return;
	read_page(at);
	read_page(at + rows + recall);
}
