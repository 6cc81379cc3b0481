/* SPDX-License-Identifier: MIT */
/*
 * Stacks made up word by word, remembered as a whole, and then changed in one place after the
 * other: what is recalled of a changed stack must be what a walk of it finds, and a stack that has
 * not changed must be recalled. Nothing may be read behind the bounds.
 *
 *     unwind_whole [SEED]
 *
 * A plain program, linked with the unwinder as a library of its own. Exits with 0 if nothing was
 * wrong.
 */
#include "unwind/unwind_recall.h"
#include "unwind_known.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CALL   1u
#define WORDS  1024u
#define STACKS 400

/*
 * Frames of five kinds, and the outermost one. A frame stands behind the first byte of its code:
 *
 *	0 CFA = rsp + 16			3 CFA = rsp + 48, rbx saved
 *	1 CFA = rsp + 32, rbp saved		4 CFA = rbx + 16
 *	2 CFA = rbp + 16, rbp saved
 */
#define KINDS        5
#define FRAME(rules) ".cfi_startproc\n" rules ".fill 16, 1, 0x90\n.cfi_endproc\n"
__asm__(".text\n.p2align 4\nframes:\n" /* 16 bytes each */
	FRAME(".cfi_def_cfa 7, 16\n") FRAME(".cfi_def_cfa 7, 32\n.cfi_offset 6, -16\n")
		FRAME(".cfi_def_cfa 6, 16\n.cfi_offset 6, -16\n")
			FRAME(".cfi_def_cfa 7, 48\n.cfi_offset 3, -24\n")
				FRAME(".cfi_def_cfa 3, 16\n") FRAME(".cfi_undefined 16\n"));
extern const char frames[];

static uint64_t *stack_words; /* WORDS words, followed by nothing */
static struct vmt_range bounds;
static struct vmt_regs regs;
static char cache_memory[1 << 20] __attribute__((aligned(64)));
static uint64_t dice_state;
static unsigned int wrong, recalled, missed, kept;

void vmt_bounds_forget(void)
{
}

bool vmt_bounds_of(uint64_t sp, struct vmt_range *ret_bounds)
{
	*ret_bounds = bounds;
	return vmt_range_has(bounds, sp);
}

/* xorshift64 */
static uint64_t dice(uint64_t sides)
{
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 7;
	dice_state ^= dice_state << 17;
	return (dice_state >> 24) % sides;
}

static uint64_t pc_of(uint64_t kind)
{
	return (uint64_t)(uintptr_t)frames + 16 * kind + 1;
}

/* Where a register's value will come from; NULL: it has been used. */
struct sources {
	uint64_t *bp;
	uint64_t *bx;
};

static uint64_t kind_that_fits(const struct sources *from)
{
	uint64_t kind = dice(KINDS);

	while ((kind == 2 && !from->bp) || (kind == 4 && !from->bx))
		kind = dice(KINDS);
	return kind;
}

/* Add the frame at sp[0]; returns its CFA. */
static uint64_t *add_frame(uint64_t kind, uint64_t *sp, struct sources *from)
{
	uint64_t *cfa = sp + (kind == 0 ? 2 : kind == 1 ? 4 : kind == 3 ? 6 : 2 + dice(6));

	if (kind == 2)
		*from->bp = (uint64_t)(uintptr_t)(cfa - 2);
	if (kind == 1 || kind == 2)
		from->bp = cfa - 2;
	if (kind == 3)
		from->bx = cfa - 3;
	if (kind == 4) {
		*from->bx = (uint64_t)(uintptr_t)(cfa - 2);
		from->bx = NULL;
	}
	return cfa;
}

static void make_stack(unsigned int depth)
{
	uint64_t *sp = stack_words + 400 + dice(100); /* crosses a page */
	struct sources from = { &regs.bp, &regs.bx };
	uint64_t kind = kind_that_fits(&from);

	for (unsigned int i = 0; i < WORDS; i++)
		stack_words[i] = dice(4) ? dice(1000) : pc_of(dice(KINDS + 1));
	regs = (struct vmt_regs){ .pc = pc_of(kind), .sp = (uint64_t)(uintptr_t)sp, .bp = 1 };
	for (unsigned int i = 0; i < depth; i++) {
		sp = add_frame(kind, sp, &from);
		kind = i + 1 == depth ? KINDS : kind_that_fits(&from);
		sp[-1] = pc_of(kind);
	}
}

static uint64_t plain_hash(void)
{
	struct vmt_walk plain;
	uint64_t hash = 0;

	vmt_unwind_plain(&regs, &plain);
	for (uint32_t i = 0; i < plain.count; i++)
		hash = vmt_pc_hash(hash, plain.pc[i]);
	return plain.flags ? 0 : hash;
}

static void check(const char *what, uint64_t place)
{
	struct vmt_recalled whole;

	if (!vmt_unwind_recall_find(&regs, bounds, CALL, &whole)) {
		missed++;
		return;
	}
	recalled++;
	if (whole.hash == plain_hash() && whole.site == (uint32_t)whole.hash)
		return;
	if (wrong++ < 5)
		printf("recalled in spite of %s %lu\n", what, place);
}

static void check_with(uint64_t *word, const char *what, uint64_t place)
{
	const uint64_t was = *word;
	const uint64_t others[] = { was + 8, was - 16, pc_of(dice(KINDS + 1)), dice(1 << 20) };

	for (unsigned int i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		*word = others[i];
		check(what, place);
	}
	*word = was;
}

/* The bounds end before the outermost frames do, and no memory follows. */
static void check_bounds(void)
{
	const uint64_t page = (uint64_t)(uintptr_t)stack_words + 4096;
	struct vmt_recalled whole;

	if (regs.sp >= page)
		return;
	bounds.end = page;
	mprotect((void *)(uintptr_t)page, 4096, PROT_NONE);
	vmt_unwind_recall_find(&regs, bounds, CALL, &whole);
	mprotect((void *)(uintptr_t)page, 4096, PROT_READ | PROT_WRITE);
	bounds.end = page + 4096;
}

static void check_stack(void)
{
	struct vmt_recalled whole;
	struct vmt_walk stack;
	uint32_t site;

	make_stack(1 + (unsigned int)dice(60));
	vmt_unwind(&regs, &stack);
	vmt_unwind(&regs, &stack);
	if (stack.recalled != stack.count || !stack.count || stack.flags)
		return;
	site = (uint32_t)stack.hash;
	vmt_unwind_recall_keep(&regs, CALL, site, &stack);
	if (!vmt_unwind_recall_find(&regs, bounds, CALL, &whole))
		return; /* there are more slots than there is room for */
	kept++;
	wrong += vmt_unwind_recall_find(&regs, bounds, CALL + 1, &whole);
	for (unsigned int i = 0; i < WORDS; i++)
		check_with(&stack_words[i], "word", i);
	check_with(&regs.pc, "pc", 0);
	check_with(&regs.sp, "sp", 0);
	check_with(&regs.bp, "rbp", 0);
	check_with(&regs.bx, "rbx", 0);
	check_bounds();
	check("nothing", 0);
}

int main(int argc, char **argv)
{
	dice_state = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)getpid() << 20 | 1;
	printf("seed %lu\n", dice_state);
	stack_words =
		mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect((char *)stack_words + 8192, 4096, PROT_NONE);
	bounds.start = (uint64_t)(uintptr_t)stack_words;
	bounds.end = bounds.start + 8192;
	know_modules();
	vmt_unwind_set_cache(cache_memory, sizeof(cache_memory));
	for (int i = 0; i < STACKS; i++)
		check_stack();
	printf("%u stacks kept, changed ones recalled %u times and not %u times, %u wrong\n", kept,
	       recalled, missed, wrong);
	return wrong || kept < STACKS / 2 || missed < recalled / 100;
}
