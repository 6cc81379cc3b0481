/* SPDX-License-Identifier: MIT */
/*
 * Code that goes takes with it only the stacks that lead through it: others are recalled until as
 * many pieces of code have gone as are kept. Code that no walk has met is told from other code.
 *
 * A plain program, linked with the unwinder as a library of its own. Exits with 0 if nothing was
 * wrong.
 */
#include <stdio.h>

#include "unwind/unwind_epoch.h"
#include "unwind/unwind_recall.h"
#include "unwind_known.h"

#define CALL 1u

static char cache_memory[1 << 20] __attribute__((aligned(64)));
static const struct vmt_range elsewhere = { 0x1000, 0x2000 };
static unsigned wrong;

#define EXPECT(what, ok)                                       \
	do {                                                   \
		if (!(ok)) {                                   \
			fprintf(stderr, "%s: not so\n", what); \
			wrong++;                               \
		}                                              \
	} while (0)

static bool is_recalled(const struct vmt_regs *regs)
{
	struct vmt_recalled whole;
	struct vmt_range bounds;

	return vmt_bounds_of(regs->sp, &bounds) &&
	       vmt_unwind_recall_find(regs, bounds, CALL, &whole) && whole.site == 7;
}

static void learn(const struct vmt_regs *regs, struct vmt_walk *ret_stack)
{
	struct vmt_walk again;

	for (int i = 0; i < 3; i++)
		vmt_unwind(regs, ret_stack);
	again = *ret_stack;
	vmt_unwind_recall_keep(regs, CALL, 7, &again);
}

static void forget(unsigned pieces)
{
	while (pieces--)
		vmt_unwind_forget_in(elsewhere);
}

/* Has a walk met code at every return address of the stack, and in few places besides? */
static void expect_met(const struct vmt_walk *stack)
{
	const uint64_t place = 1 << 16, window = 1 << 28;
	unsigned met = 0, many = 200;

	for (uint32_t i = 0; i < stack->count; i++) {
		uint64_t pc = stack->pc[i];

		EXPECT("its code was met", vmt_unwind_has_met((struct vmt_range){ pc - 1, pc }));
		EXPECT("code around it, too",
		       vmt_unwind_has_met((struct vmt_range){ pc - 3 * place, pc + 3 * place }));
	}
	for (uint64_t at = 0; at < window; at += place)
		met += vmt_unwind_has_met((struct vmt_range){ at, at + 1 });
	EXPECT("most code was not met", met && met < many);
	EXPECT("some of all code was", vmt_unwind_has_met((struct vmt_range){ 0, UINT64_MAX }));
}

int main(void)
{
	struct vmt_walk stack;
	struct vmt_regs regs;
	uint64_t last;

	know_modules();
	vmt_unwind_set_cache(cache_memory, sizeof(cache_memory));
	VMT_REGS_HERE(&regs);
	EXPECT("no code was met yet",
	       !vmt_unwind_has_met((struct vmt_range){ 0, 1 << 27 }) &&
		       !vmt_unwind_has_met((struct vmt_range){ 1 << 27, (1 << 28) - 1 }));
	learn(&regs, &stack);
	EXPECT("it is recalled", is_recalled(&regs));
	expect_met(&stack);
	last = stack.pc[stack.count - 1];
	forget(VMT_EPOCHS_KEPT - 1);
	EXPECT("code elsewhere has gone, and the whole stack is recalled", is_recalled(&regs));
	vmt_unwind(&regs, &stack);
	EXPECT("and so are its segments", stack.count && stack.recalled == stack.count);
	learn(&regs, &stack);
	forget(VMT_EPOCHS_KEPT);
	EXPECT("too much has gone to tell", !is_recalled(&regs));
	learn(&regs, &stack);
	vmt_unwind_forget_in((struct vmt_range){ last - 100, last });
	EXPECT("code that it returns to has gone", !is_recalled(&regs));
	vmt_unwind(&regs, &stack);
	EXPECT("and the segment that led there", stack.recalled < stack.count);
	return wrong != 0;
}
