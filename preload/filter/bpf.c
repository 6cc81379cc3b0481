/* SPDX-License-Identifier: MIT */
/*
 * Interprets a filter with partly unknown arguments. A value that depends on an unknown one is
 * unknown, and a jump on it goes both ways. Jumps only lead forward, so every way ends; the number
 * of steps is bounded all the same. See bpf.h.
 */
#include "filter/bpf.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

#define STEPS_MOST 20000u
#define WAYS_MOST  48u

#define ARCH AUDIT_ARCH_X86_64

struct value {
	uint32_t is;
	bool is_known;
};

/* One way through the program, and the position on it. */
struct way {
	size_t at;
	struct value a;
	struct value x;
};

struct walk {
	const struct vmt_bpf_call *call;
	struct way way;
	struct way other[WAYS_MOST]; /* ways that have not been followed yet */
	unsigned others;
	bool is_refused;
};

static const struct value unknown = { 0, false };

static struct value known(uint32_t is)
{
	return (struct value){ is, true };
}

static struct value half(uint64_t word, bool high)
{
	return known((uint32_t)(high ? word >> 32 : word));
}

/* Load a word of struct seccomp_data. */
static struct value load(const struct vmt_bpf_call *call, uint32_t offset)
{
	uint32_t argument = (offset - offsetof(struct seccomp_data, args)) / 8;
	bool high = offset & 4;

	if (offset == offsetof(struct seccomp_data, nr))
		return known((uint32_t)call->nr);
	if (offset == offsetof(struct seccomp_data, arch))
		return known(ARCH);
	if (offset < offsetof(struct seccomp_data, args))
		return half(call->pc, high);
	if (argument < VMT_COUNT(call->arg) && call->known >> argument & 1)
		return half((uint64_t)call->arg[argument], high);
	return unknown;
}

static struct value calculate(uint16_t operation, struct value a, struct value b)
{
	if (!a.is_known || !b.is_known)
		return unknown;
	switch (operation) {
	case BPF_ADD: return known(a.is + b.is);
	case BPF_SUB: return known(a.is - b.is);
	case BPF_MUL: return known(a.is * b.is);
	case BPF_DIV: return b.is ? known(a.is / b.is) : unknown;
	case BPF_AND: return known(a.is & b.is);
	case BPF_OR: return known(a.is | b.is);
	case BPF_XOR: return known(a.is ^ b.is);
	case BPF_LSH: return b.is < 32 ? known(a.is << b.is) : unknown;
	case BPF_RSH: return b.is < 32 ? known(a.is >> b.is) : unknown;
	case BPF_NEG: return known(-a.is);
	default: return unknown;
	}
}

static bool holds(uint16_t operation, uint32_t a, uint32_t b)
{
	switch (operation) {
	case BPF_JEQ: return a == b;
	case BPF_JGT: return a > b;
	case BPF_JGE: return a >= b;
	default: return (a & b) != 0; /* BPF_JSET */
	}
}

static void jump(struct walk *walk, const struct sock_filter *step)
{
	struct way *way = &walk->way;
	struct value b = BPF_SRC(step->code) == BPF_X ? way->x : known(step->k);

	if (BPF_OP(step->code) == BPF_JA) {
		way->at += step->k;
		return;
	}
	if (way->a.is_known && b.is_known) {
		way->at += holds(BPF_OP(step->code), way->a.is, b.is) ? step->jt : step->jf;
		return;
	}
	if (walk->others == WAYS_MOST) {
		walk->is_refused = true;
		return;
	}
	walk->other[walk->others] = *way;
	walk->other[walk->others++].at += step->jf;
	way->at += step->jt;
}

/* A stored value counts as unknown when it is loaded again, which filters hardly ever do. */
static struct value loaded(const struct walk *walk, const struct sock_filter *step)
{
	switch (BPF_MODE(step->code)) {
	case BPF_IMM: return known(step->k);
	case BPF_ABS: return load(walk->call, step->k);
	case BPF_LEN: return known(sizeof(struct seccomp_data));
	default: return unknown;
	}
}

/* Continue on another way that is left; false if there is none, so that all have ended well. */
static bool next_way(struct walk *walk)
{
	if (!walk->others)
		return false;
	walk->way = walk->other[--walk->others];
	return true;
}

static bool lets_through(const struct vmt_bpf_call *call, uint32_t action)
{
	action &= SECCOMP_RET_ACTION_FULL;
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG ||
	       (call->errors_will_do && action == SECCOMP_RET_ERRNO);
}

/* Returns whether there are more steps. */
static bool take_step(struct walk *walk, const struct sock_filter *step)
{
	struct way *way = &walk->way;
	struct value result = known(step->k);

	way->at++;
	switch (BPF_CLASS(step->code)) {
	case BPF_LD: way->a = loaded(walk, step); break;
	case BPF_LDX: way->x = loaded(walk, step); break;
	case BPF_ALU:
		way->a = calculate(BPF_OP(step->code), way->a,
				   BPF_SRC(step->code) == BPF_X ? way->x : known(step->k));
		break;
	case BPF_JMP: jump(walk, step); break;
	case BPF_MISC:
		if (BPF_MISCOP(step->code) == BPF_TAX)
			way->x = way->a;
		else
			way->a = way->x;
		break;
	case BPF_RET:
		if (BPF_RVAL(step->code) == BPF_A)
			result = way->a;
		walk->is_refused |= !result.is_known || !lets_through(walk->call, result.is);
		return next_way(walk);
	default: /* BPF_ST, BPF_STX */ break;
	}
	return true;
}

bool vmt_bpf_allows(const struct sock_filter *program, size_t length,
		    const struct vmt_bpf_call *call)
{
	struct walk walk;

	walk.call = call;
	walk.way = (struct way){ 0, { 0, true }, { 0, true } };
	walk.others = 0;
	walk.is_refused = false;
	for (unsigned steps = 0; steps < STEPS_MOST; steps++) {
		if (walk.way.at >= length)
			return false;
		if (!take_step(&walk, &program[walk.way.at]))
			return !walk.is_refused;
		if (walk.is_refused)
			return false;
	}
	return false;
}

bool vmt_bpf_is_by_address(const struct sock_filter *program, size_t length)
{
	const uint32_t pc = offsetof(struct seccomp_data, instruction_pointer);

	for (size_t i = 0; i < length; i++)
		if (program[i].code == (BPF_LD | BPF_W | BPF_ABS) &&
		    (program[i].k == pc || program[i].k == pc + 4))
			return true;
	return false;
}
