/* SPDX-License-Identifier: MIT */
/*
 * This half of the CFI reader runs the instructions of a CIE and an FDE up to a pc, and packs the
 * resulting rules into a row. It keeps the rules of the CFA, rbp, rbx and the return address; those
 * of other registers are skipped.
 *
 * The tables must not be able to make it loop or recurse: every instruction consumes at least one
 * byte. A rule that a row cannot express gives -EOPNOTSUPP, never a guess. Called by cfi.c.
 */
#include "core/stack/cfi.h"

#include <linux/errno.h>

#include "core/stack/cfi_read.h"

/* compilers never nest remember_state, and the machine lives on a small stack */
#define REMEMBER_MAX 4

/* The upper two bits of an instruction; where they are 0, the lower six bits are the opcode. */
enum {
	ADVANCE = 1,
	OFFSET = 2,
	RESTORE = 3,
};

struct rules {
	struct vmt_cfi_rule cfa;
	struct vmt_cfi_rule bp;
	struct vmt_cfi_rule bx;
	struct vmt_cfi_rule ra;
};

struct machine {
	const struct vmt_cfi_program *program;
	struct rules now;
	struct rules initial; /* the rules as the CIE left them */
	struct rules remembered[REMEMBER_MAX];
	uint64_t location;
	uint64_t pc;
	unsigned int depth;
	int error;
};

/* The rule of a register; scratch for a register that is not tracked. */
static struct vmt_cfi_rule *rule_of(struct rules *rules, uint64_t reg, struct vmt_cfi_rule *scratch)
{
	if (reg == VMT_CFI_BP)
		return &rules->bp;
	if (reg == VMT_CFI_BX)
		return &rules->bx;
	if (reg == VMT_CFI_RA)
		return &rules->ra;
	return scratch;
}

static void set_rule(struct machine *machine, uint64_t reg, struct vmt_cfi_rule rule)
{
	struct vmt_cfi_rule scratch;

	*rule_of(&machine->now, reg, &scratch) = rule;
}

static void set_rule_factored(struct machine *machine, uint64_t reg, int64_t offset)
{
	int64_t bytes;

	if (__builtin_mul_overflow(offset, machine->program->data_align, &bytes))
		bytes = INT64_MAX; /* too large for a rule */
	set_rule(machine, reg, vmt_cfi_make_rule(VMT_RULE_AT_CFA, 0, bytes));
}

static void restore_rule(struct machine *machine, uint64_t reg)
{
	struct vmt_cfi_rule none = { 0 };

	set_rule(machine, reg, *rule_of(&machine->initial, reg, &none));
}

static void set_cfa_offset(struct machine *machine, int64_t offset)
{
	machine->now.cfa = vmt_cfi_make_rule(VMT_RULE_AT_REGISTER, machine->now.cfa.base, offset);
}

static void set_cfa_offset_factored(struct machine *machine, int64_t offset)
{
	int64_t bytes;

	if (__builtin_mul_overflow(offset, machine->program->data_align, &bytes))
		bytes = INT64_MAX;
	set_cfa_offset(machine, bytes);
}

static struct vmt_cfi_rule read_block_expression(struct machine *machine,
						 struct vmt_cfi_reader *from)
{
	uint64_t len = vmt_cfi_read_uleb(from);

	return vmt_cfi_read_expression(vmt_cfi_take(from, len), machine->pc);
}

static void advance(struct machine *machine, uint64_t delta)
{
	machine->location += delta * machine->program->code_align;
}

static void remember(struct machine *machine)
{
	if (machine->depth == REMEMBER_MAX)
		machine->error = -EOPNOTSUPP;
	else
		machine->remembered[machine->depth++] = machine->now;
}

static void recall(struct machine *machine)
{
	if (machine->depth == 0)
		machine->error = -EBADMSG;
	else
		machine->now = machine->remembered[--machine->depth];
}

/* Handle the instructions that advance the location or define the CFA; false for all others. */
static bool step_frame(struct machine *machine, struct vmt_cfi_reader *from, unsigned int opcode)
{
	uint64_t reg;

	switch (opcode) {
	case 0x00: /* nop */ return true;
	case 0x01: /* set_loc */
		machine->location = vmt_cfi_read_pointer(from, machine->program->encoding, 0);
		return true;
	case 0x02: /* advance_loc1, 2, 4 */
	case 0x03:
	case 0x04: advance(machine, vmt_cfi_read_unsigned(from, 1u << (opcode - 2))); return true;
	case 0x0a: remember(machine); return true;
	case 0x0b: recall(machine); return true;
	case 0x0c: /* def_cfa */
		reg = vmt_cfi_read_uleb(from);
		machine->now.cfa = vmt_cfi_make_rule(VMT_RULE_AT_REGISTER, reg,
						     (int64_t)vmt_cfi_read_uleb(from));
		return true;
	case 0x0d: /* def_cfa_register */
		reg = vmt_cfi_read_uleb(from);
		machine->now.cfa =
			vmt_cfi_make_rule(VMT_RULE_AT_REGISTER, reg, machine->now.cfa.offset);
		return true;
	case 0x0e: /* def_cfa_offset */
		set_cfa_offset(machine, (int64_t)vmt_cfi_read_uleb(from));
		return true;
	case 0x0f: /* def_cfa_expression */
		machine->now.cfa = read_block_expression(machine, from);
		return true;
	case 0x12: /* def_cfa_sf */
		machine->now.cfa.base = (uint8_t)vmt_cfi_read_uleb(from);
		set_cfa_offset_factored(machine, vmt_cfi_read_sleb(from));
		return true;
	case 0x13: /* def_cfa_offset_sf */
		set_cfa_offset_factored(machine, vmt_cfi_read_sleb(from));
		return true;
	case 0x2e: /* GNU_args_size */ (void)vmt_cfi_read_uleb(from); return true;
	default: return false;
	}
}

/* Handle the instructions about one register, whose number is the first operand. */
static void step_register(struct machine *machine, struct vmt_cfi_reader *from, unsigned int opcode)
{
	const struct vmt_cfi_rule other = { .where = VMT_RULE_OTHER };
	uint64_t reg = vmt_cfi_read_uleb(from);
	struct vmt_cfi_rule rule;

	switch (opcode) {
	case 0x05: /* offset_extended */
		set_rule_factored(machine, reg, (int64_t)vmt_cfi_read_uleb(from));
		break;
	case 0x06: /* restore_extended */ restore_rule(machine, reg); break;
	case 0x07: set_rule(machine, reg, vmt_cfi_make_rule(VMT_RULE_UNDEFINED, 0, 0)); break;
	case 0x08: set_rule(machine, reg, vmt_cfi_make_rule(VMT_RULE_SAME, 0, 0)); break;
	case 0x09: /* register */
	case 0x14: /* val_offset */
	case 0x15: /* val_offset_sf; the sign of the second operand does not matter here */
		(void)vmt_cfi_read_uleb(from);
		set_rule(machine, reg, other);
		break;
	case 0x10: /* expression: computes the address at which the register is saved */
		rule = read_block_expression(machine, from);
		set_rule(machine, reg, rule.where == VMT_RULE_AT_REGISTER ? rule : other);
		break;
	case 0x11: /* offset_extended_sf */
		set_rule_factored(machine, reg, vmt_cfi_read_sleb(from));
		break;
	case 0x16: /* val_expression */
		(void)read_block_expression(machine, from);
		set_rule(machine, reg, other);
		break;
	default: machine->error = -EBADMSG;
	}
}

static void step(struct machine *machine, struct vmt_cfi_reader *from)
{
	unsigned int opcode = (unsigned int)vmt_cfi_read_unsigned(from, 1);
	unsigned int operand = opcode & 0x3f;

	switch (opcode >> 6) {
	case ADVANCE: advance(machine, operand); break;
	case OFFSET: set_rule_factored(machine, operand, (int64_t)vmt_cfi_read_uleb(from)); break;
	case RESTORE: restore_rule(machine, operand); break;
	default:
		if (!step_frame(machine, from, opcode))
			step_register(machine, from, opcode);
	}
}

/* Rules take effect at the location advanced to; those beyond pc do not apply yet. */
static int run(struct machine *machine, struct vmt_cfi_reader from)
{
	while (from.at < from.end && !from.bad && !machine->error &&
	       machine->location <= machine->pc)
		step(machine, &from);
	return from.bad ? -EBADMSG : machine->error;
}

static enum vmt_cfi_cfa cfa_kind(const struct vmt_cfi_rule *cfa)
{
	bool is_deref = cfa->where == VMT_RULE_AT_DEREF;

	if (!is_deref && cfa->where != VMT_RULE_AT_REGISTER)
		return VMT_CFA_NONE;
	if (cfa->base == VMT_CFI_SP)
		return is_deref ? VMT_CFA_DEREF_SP : VMT_CFA_SP;
	if (cfa->base == VMT_CFI_BP)
		return is_deref ? VMT_CFA_DEREF_BP : VMT_CFA_BP;
	return is_deref || cfa->base > 15 ? VMT_CFA_NONE : VMT_CFA_REGISTER;
}

/* Slots count words of eight bytes; INT8_MIN is reserved for "lost". */
static bool is_slot(const struct vmt_cfi_rule *rule)
{
	return rule->offset % 8 == 0 && rule->offset / 8 > INT8_MIN && rule->offset / 8 <= INT8_MAX;
}

static enum vmt_cfi_bp bp_kind(const struct vmt_cfi_rule *bp)
{
	if (bp->where == VMT_RULE_SAME)
		return VMT_BP_SAME;
	if (!is_slot(bp))
		return VMT_BP_LOST;
	if (bp->where == VMT_RULE_AT_CFA)
		return VMT_BP_AT_CFA;
	if (bp->where == VMT_RULE_AT_REGISTER && bp->base == VMT_CFI_BP)
		return VMT_BP_AT_BP;
	if (bp->where == VMT_RULE_AT_REGISTER && bp->base == VMT_CFI_SP)
		return VMT_BP_AT_SP;
	return VMT_BP_LOST;
}

static int8_t bx_words(const struct vmt_cfi_rule *bx)
{
	if (bx->where == VMT_RULE_SAME)
		return VMT_BX_SAME;
	return bx->where == VMT_RULE_AT_CFA && is_slot(bx) ? (int8_t)(bx->offset / 8) : VMT_BX_LOST;
}

/*
 * The trampoline of rt_sigreturn as glibc describes it: rsp at +160 of the ucontext, rip at +168.
 */
static bool is_signal_trampoline(const struct rules *rules)
{
	return cfa_kind(&rules->cfa) == VMT_CFA_DEREF_SP && rules->cfa.offset == 160 &&
	       rules->ra.where == VMT_RULE_AT_REGISTER && rules->ra.base == VMT_CFI_SP &&
	       rules->ra.offset == 168;
}

static int pack(const struct rules *rules, struct vmt_cfi_row *ret_row)
{
	enum vmt_cfi_cfa cfa = cfa_kind(&rules->cfa);
	enum vmt_cfi_bp bp = bp_kind(&rules->bp);
	struct vmt_cfi_row row = {
		.cfa_offset = rules->cfa.offset,
		.cfa_extra = rules->cfa.extra,
		.bp_words = is_slot(&rules->bp) ? (int8_t)(rules->bp.offset / 8) : 0,
		.bx_words = bx_words(&rules->bx),
	};

	if (rules->ra.where == VMT_RULE_UNDEFINED)
		cfa = VMT_CFA_END;
	else if (is_signal_trampoline(rules))
		cfa = VMT_CFA_SIGNAL;
	else if (rules->ra.where != VMT_RULE_AT_CFA || rules->ra.offset != -8)
		return -EOPNOTSUPP;
	if (cfa == VMT_CFA_NONE)
		return -EOPNOTSUPP;
	if (cfa == VMT_CFA_REGISTER)
		row.cfa_extra = (int8_t)rules->cfa.base;
	row.kinds = (uint8_t)(cfa | bp << 4);
	*ret_row = row;
	return 0;
}

int vmt_cfi_run(const struct vmt_cfi_program *program, uint64_t pc, struct vmt_cfi_row *ret_row)
{
	struct machine machine;
	int ret;

	/* Assigned field by field: an initialiser would clear the remembered rules as well. */
	machine.program = program;
	machine.pc = pc;
	machine.location = 0;
	machine.depth = 0;
	machine.error = 0;
	machine.now = (struct rules){ .cfa = { .where = VMT_RULE_OTHER } };
	machine.initial = machine.now;
	ret = run(&machine, program->cie);
	if (ret < 0)
		return ret;
	machine.initial = machine.now;
	machine.location = program->start;
	ret = run(&machine, program->fde);
	return ret < 0 ? ret : pack(&machine.now, ret_row);
}
