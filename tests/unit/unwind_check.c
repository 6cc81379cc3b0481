/* SPDX-License-Identifier: MIT */
/*
 * Linked into a copy of the library for tests, in front of its unwinder: every stack is walked
 * again without what is remembered of earlier walks, and compared. At its end each process appends
 * a line to the file named by UNWIND_CHECK_LOG (tests/real/unwind.sh).
 */
#include <stdio.h>
#include <stdlib.h>

#include "unwind_wrapped.h"

static _Atomic uint64_t walks VMT_DATA = 0;
static _Atomic uint64_t in_pieces VMT_DATA = 0; /* how many walks recalled all frames */
static _Atomic uint64_t whole VMT_DATA = 0; /* how many stacks were recalled without a walk */
static _Atomic uint64_t frames VMT_DATA = 0;
static _Atomic uint64_t recalled VMT_DATA = 0;
static _Atomic uint64_t differ VMT_DATA = 0;

static bool is_same(const struct vmt_walk *a, const struct vmt_walk *b)
{
	if (a->count != b->count || a->flags != b->flags || a->hash != b->hash)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (a->pc[i] != b->pc[i])
			return false;
	return true;
}

/* noinline: the second stack must not lie below the first walk. */
__attribute__((noinline)) static void compare(const struct vmt_regs *regs,
					      const struct vmt_walk *stack)
{
	struct vmt_walk plain;

	vmt_unwind_plain(regs, &plain);
	walks++;
	frames += stack->count;
	recalled += stack->recalled;
	in_pieces += stack->count && stack->recalled == stack->count;
	differ += !is_same(stack, &plain);
}

void __wrap_vmt_unwind(const struct vmt_regs *regs, struct vmt_walk *ret_stack)
{
	__real_vmt_unwind(regs, ret_stack);
	compare(regs, ret_stack);
}

__attribute__((noinline)) static void compare_whole(const struct vmt_regs *regs, uint64_t hash)
{
	struct vmt_walk plain;
	uint64_t plain_hash = 0;

	vmt_unwind_plain(regs, &plain);
	for (uint32_t i = 0; i < plain.count; i++)
		plain_hash = vmt_pc_hash(plain_hash, plain.pc[i]);
	whole++;
	differ += plain_hash != hash || plain.flags;
}

bool __wrap_vmt_unwind_recall_find(const struct vmt_regs *regs, struct vmt_range bounds,
				   uint32_t call, struct vmt_recalled *ret_whole)
{
	bool is_known = __real_vmt_unwind_recall_find(regs, bounds, call, ret_whole);

	if (is_known)
		compare_whole(regs, ret_whole->hash);
	return is_known;
}

static void say(void)
{
	const char *log = getenv("UNWIND_CHECK_LOG");
	char line[200];
	int length =
		snprintf(line, sizeof(line),
			 "pid %ld whole %lu walks %lu in pieces %lu frames %lu recalled %lu "
			 "differ %lu\n",
			 vmt_sys0(SYS_getpid), whole, walks, in_pieces, frames, recalled, differ);

	append_line(log, line, length);
}

_Noreturn void __wrap_vmt_last_act(int status)
{
	say();
	__real_vmt_last_act(status);
}

_Noreturn void __wrap_vmt_last_act_claimed(int status)
{
	say();
	__real_vmt_last_act_claimed(status);
}
