/* SPDX-License-Identifier: MIT */
/*
 * Recognises DWARF expressions in call frame information by their shape. There is no stack machine:
 * only a handful of shapes occur in practice, and each becomes a rule with an offset. An unknown
 * shape gives VMT_RULE_OTHER and is never guessed at. Called by cfi_rules.c.
 */
#include "core/stack/cfi_read.h"

enum {
	OP_DEREF = 0x06,
	OP_PLUS_UCONST = 0x23,
	OP_LIT0 = 0x30,
	OP_BREG0 = 0x70,
};

/*
 * The CFA of a lazily bound PLT entry. Entries are 16 bytes apart, and the push in the middle of an
 * entry moves the stack: base + offset + ((rip & 15) >= N) * 8. The pc is known, so this becomes a
 * plain offset.
 */
static bool read_plt_expression(struct vmt_cfi_reader expr, uint64_t pc, struct vmt_cfi_rule *rule)
{
	/* breg16 0, lit15, and, litN, ge, lit3, shl, plus */
	static const uint8_t pattern[] = { OP_BREG0 + 16, 0,           OP_LIT0 + 15, 0x1a, 0,
					   0x2a,          OP_LIT0 + 3, 0x24,         0x22 };
	uint64_t threshold = 0;
	size_t i;

	for (i = 0; i < sizeof(pattern); i++) {
		uint64_t byte = vmt_cfi_read_unsigned(&expr, 1);

		if (i == 4)
			threshold = byte - OP_LIT0;
		else if (byte != pattern[i])
			return false;
	}
	if (expr.at != expr.end || threshold > 15)
		return false;
	*rule = vmt_cfi_make_rule(VMT_RULE_AT_REGISTER, rule->base,
				  (int64_t)rule->offset + ((pc & 15) >= threshold ? 8 : 0));
	return true;
}

/* A "breg; deref" may be followed by nothing, or by a small constant that is added. */
static bool read_deref_expression(struct vmt_cfi_reader expr, struct vmt_cfi_rule *rule)
{
	uint64_t extra = 0;

	(void)vmt_cfi_take(&expr, 1);
	if (expr.at != expr.end) {
		if (vmt_cfi_read_unsigned(&expr, 1) != OP_PLUS_UCONST)
			return false;
		extra = vmt_cfi_read_uleb(&expr);
	}
	rule->where = VMT_RULE_AT_DEREF;
	rule->extra = (int8_t)extra;
	return !expr.bad && expr.at == expr.end && extra <= INT8_MAX;
}

struct vmt_cfi_rule vmt_cfi_read_expression(struct vmt_cfi_reader expr, uint64_t pc)
{
	const struct vmt_cfi_rule other = { .where = VMT_RULE_OTHER };
	uint64_t op = vmt_cfi_read_unsigned(&expr, 1);
	struct vmt_cfi_rule rule;

	if (op < OP_BREG0 || op > OP_BREG0 + 15)
		return other;
	rule = vmt_cfi_make_rule(VMT_RULE_AT_REGISTER, op - OP_BREG0, vmt_cfi_read_sleb(&expr));
	if (expr.bad || rule.where == VMT_RULE_OTHER)
		return other;
	if (expr.at == expr.end)
		return rule;
	if (read_plt_expression(expr, pc, &rule))
		return rule;
	if (vmt_cfi_read_unsigned(&(struct vmt_cfi_reader){ expr.at, expr.end, false }, 1) ==
		    OP_DEREF &&
	    read_deref_expression(expr, &rule))
		return rule;
	return other;
}
