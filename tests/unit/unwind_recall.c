/* SPDX-License-Identifier: MIT */
/*
 * What the unwinder remembers of earlier walks must never show: each stack is taken once as
 * the library does it and once by a plain walk. The programs here try to mislead it: the same
 * pc and sp with other callers, frames of changing size, rbp as data, signals, coroutines,
 * jumps, modules that come back elsewhere or changed, threads that write the same entries.
 *
 *     unwind_recall PLUGIN OTHER-PLUGIN [SEED]
 *
 * A plain program, linked with the unwinder as a library of its own. Exits with 0 if none differed.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "unwind/unwind_modules.h"
#include "unwind/unwind_recall.h"
#include "unwind/unwind_rows.h"
#include "unwind/unwind_segments.h"
#include "unwind_known.h"

#define NOINLINE   __attribute__((noinline, noclone))
#define WITH_RBP   __attribute__((noinline, noclone, optimize("no-omit-frame-pointer")))
#define AFTER_CALL __asm__ volatile("" ::: "memory") /* keeps a call from becoming a jump */

static uint64_t differ;
static uint64_t walks;
static uint64_t frames;
static uint64_t recalled;
static uint64_t wholes;
static char cache_memory[1 << 20] __attribute__((aligned(64)));
static __thread uint64_t dice_state;
static __thread sigjmp_buf way_out;

/* xorshift64 */
static unsigned int dice(unsigned int sides)
{
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 7;
	dice_state ^= dice_state << 17;
	return (unsigned int)(dice_state >> 32) % sides;
}

/* The key that a stack is remembered under; different stacks must still be told apart. */
#define CALL 1u

static uint32_t site_of(uint64_t hash)
{
	return (uint32_t)(hash ^ hash >> 32);
}

static bool recall(const struct vmt_regs *regs, uint32_t call, struct vmt_recalled *ret_whole)
{
	struct vmt_range bounds;

	return vmt_bounds_of(regs->sp, &bounds) &&
	       vmt_unwind_recall_find(regs, bounds, call, ret_whole);
}

/* A stack recalled as a whole must be the one that a walk finds. */
NOINLINE static void compare_whole(const struct vmt_regs *regs, uint64_t hash,
				   struct vmt_walk *ours)
{
	struct vmt_recalled whole;

	if (recall(regs, CALL, &whole)) {
		__atomic_fetch_add(&wholes, 1, __ATOMIC_RELAXED);
		if (whole.hash != hash || whole.site != site_of(hash) ||
		    recall(regs, CALL + 1, &whole))
			__atomic_fetch_add(&differ, 1, __ATOMIC_RELAXED);
	} else if (ours->count && ours->recalled == ours->count && !ours->flags) {
		vmt_unwind_recall_keep(regs, CALL, site_of(hash), ours);
	}
}

NOINLINE static uint64_t compare(const struct vmt_regs *regs, const struct vmt_walk *ours)
{
	struct vmt_walk plain;
	uint64_t hash = 0;

	vmt_unwind_plain(regs, &plain);
	for (uint32_t i = 0; i < plain.count; i++)
		hash = vmt_pc_hash(hash, plain.pc[i]);
	__atomic_fetch_add(&walks, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&frames, ours->count, __ATOMIC_RELAXED);
	__atomic_fetch_add(&recalled, ours->recalled, __ATOMIC_RELAXED);
	if (ours->count != plain.count || ours->flags != plain.flags || ours->hash != hash ||
	    memcmp(ours->pc, plain.pc, 8 * (size_t)plain.count) != 0)
		__atomic_fetch_add(&differ, 1, __ATOMIC_RELAXED);
	return hash;
}

NOINLINE static void check(void)
{
	struct vmt_walk ours;
	struct vmt_regs regs;

	VMT_REGS_HERE(&regs);
	vmt_unwind(&regs, &ours);
	compare_whole(&regs, compare(&regs, &ours), &ours);
}

void check_in_constructor(void);

void check_in_constructor(void)
{
	know_modules(); /* the one that calls */
	check();
	AFTER_CALL;
}

/*
 * Random call chains of functions whose frames differ in every way, with sizes that add up to the
 * same.
 */
static void wander(int depth);

NOINLINE static void plain_frame(int depth)
{
	wander(depth);
	AFTER_CALL;
}

NOINLINE static void wide_frame(int depth)
{
	volatile char block[64] __attribute__((unused));

	block[0] = 1;
	wander(depth);
	AFTER_CALL;
}

WITH_RBP static void frame_with_rbp(int depth)
{
	wander(depth);
	AFTER_CALL;
}

WITH_RBP static void frame_of_any_size(int depth)
{
	volatile char *block = __builtin_alloca(16 + 16 * (size_t)dice(8));

	block[0] = 1;
	wander(depth);
	AFTER_CALL;
}

NOINLINE static void realigned_frame(int depth)
{
	volatile char block[64] __attribute__((aligned(64), unused));

	block[0] = (char)depth;
	wander(depth);
	AFTER_CALL;
}

/* It has tables, but rbp contains whatever it is told to. */
__asm__(".text\n"
	"call_with_rbp: .cfi_startproc\n"
	"push %rbp\n.cfi_def_cfa_offset 16\n.cfi_offset 6, -16\n"
	"mov %rdx, %rbp\n mov %rdi, %rax\n mov %esi, %edi\n call *%rax\n"
	"pop %rbp\n.cfi_restore 6\n.cfi_def_cfa_offset 8\n"
	"ret\n.cfi_endproc\n"
	/* without tables, following the frame pointer */
	"call_without_cfi: push %rbp; mov %rsp, %rbp; mov %rdi, %rax; mov %esi, %edi; call *%rax\n"
	"pop %rbp; ret\n");
void call_with_rbp(void (*function)(int), int depth, uint64_t rbp);
void call_without_cfi(void (*function)(int), int depth);

NOINLINE static void data_in_rbp(int depth)
{
	uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0);

	call_with_rbp(wander, depth, dice(2) ? dice(4) : here - 256 + 16 * dice(32));
	AFTER_CALL;
}

NOINLINE static void frame_without_cfi(int depth)
{
	call_without_cfi(wander, depth);
	AFTER_CALL;
}

static __thread int depth_in_callback;

static int compare_nothing(const void *a, const void *b)
{
	(void)a;
	(void)b;
	if (depth_in_callback >= 0)
		wander(depth_in_callback);
	depth_in_callback = -1;
	return 0;
}

NOINLINE static void callback(int depth)
{
	int two[2] = { 1, 2 };

	depth_in_callback = depth;
	qsort(two, 2, sizeof(two[0]), compare_nothing);
}

static __thread int depth_in_handler;

static void handler(int number)
{
	(void)number;
	wander(depth_in_handler);
	AFTER_CALL;
}

NOINLINE static void in_signal(int depth)
{
	depth_in_handler = depth;
	raise(dice(2) ? SIGUSR1 : SIGUSR2);
}

NOINLINE static void jump(int depth)
{
	(void)depth;
	check();
	if (dice(4) == 0)
		siglongjmp(way_out, 1);
	AFTER_CALL;
}

static void wander(int depth)
{
	static void (*const way[])(int) = { plain_frame,       wide_frame,      frame_with_rbp,
					    frame_of_any_size, realigned_frame, data_in_rbp,
					    plain_frame,       wide_frame,      frame_without_cfi,
					    callback,          in_signal,       jump };

	if (depth <= 0 || dice(8) == 0)
		check();
	if (depth > 0)
		way[dice(sizeof(way) / sizeof(way[0]))](depth - 1);
	AFTER_CALL;
}

static void *wander_often(void *times)
{
	char alternate[1 << 20]; /* handlers nest here, and with AVX-512 a frame takes 3 KiB */
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	static uint64_t seeds;

	if (dice_state == 0)
		dice_state = 88172645463325252u + 7919 * __atomic_add_fetch(&seeds, 1, 5);
	sigaltstack(&stack, NULL);
	for (volatile int i = 0; i < (int)(intptr_t)times; i++)
		if (sigsetjmp(way_out, 1) == 0)
			wander(i % 24);
	stack.ss_flags = SS_DISABLE;
	sigaltstack(&stack, NULL);
	return NULL;
}

static void on_timer(int number)
{
	(void)number;
	check();
	AFTER_CALL;
}

/* Walks that interrupt walks, at any instruction. */
static void check_interrupted(void)
{
	struct sigaction action = { .sa_handler = on_timer };
	struct itimerval timer = { { 0, 100 }, { 0, 100 } };

	sigaction(SIGPROF, &action, NULL);
	setitimer(ITIMER_PROF, &timer, NULL);
	wander_often((void *)(intptr_t)3000);
	timer = (struct itimerval){ { 0, 0 }, { 0, 0 } };
	setitimer(ITIMER_PROF, &timer, NULL);
}

static uint64_t instructions;

/* Now and then, a walk within a walk evicts what the outer one is reading. */
static void on_trap(int number)
{
	(void)number;
	if (instructions++ % 61 == 0)
		check();
	AFTER_CALL;
}

static void on_toggle(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] ^= 0x100;
}

/* All stacks share one set of entries. */
static void use_one_set(void)
{
	memset(cache_memory, 0, sizeof(cache_memory));
	vmt_unwind_rows_set(cache_memory, 128);
	vmt_unwind_segments_set(cache_memory + 128, 1024);
	vmt_unwind_recall_set(cache_memory + 8192, 4352);
}

/* A signal comes after every instruction. */
static void check_torn(void)
{
	struct sigaction trap = { .sa_handler = on_trap };
	struct sigaction toggle = { .sa_sigaction = on_toggle, .sa_flags = SA_SIGINFO };

	use_one_set();
	sigaction(SIGTRAP, &trap, NULL);
	sigaction(SIGUSR2, &toggle, NULL);
	raise(SIGUSR2);
	for (int i = 0; i < 100; i++)
		check();
	raise(SIGUSR2);
	memset(cache_memory, 0, sizeof(cache_memory));
	vmt_unwind_set_cache(cache_memory, sizeof(cache_memory));
}

static int keep_forgetting = 1;

static void *forget_often(void *unused)
{
	for (int i = 0; __atomic_load_n(&keep_forgetting, __ATOMIC_RELAXED); i++) {
		if (i % 4 == 0)
			vmt_unwind_forget();
		else /* code elsewhere: what is remembered is taken over */
			vmt_unwind_forget_in((struct vmt_range){ 0x1000, 0x2000 });
		usleep(50);
	}
	return unused;
}

/* Few entries, many writers: halves of two writes must not pass for an entry. */
static void check_races(bool in_one_set)
{
	pthread_t threads[4];

	if (in_one_set)
		use_one_set();
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, i == 3 ? forget_often : wander_often,
			       (void *)(intptr_t)3000);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	__atomic_store_n(&keep_forgetting, 0, __ATOMIC_RELAXED);
	pthread_join(threads[3], NULL);
	keep_forgetting = 1;
	memset(cache_memory, 0, sizeof(cache_memory));
	vmt_unwind_set_cache(cache_memory, sizeof(cache_memory));
}

#define COROUTINES 4

static ucontext_t scheduler;
static ucontext_t coroutine[COROUTINES];
static char coroutine_stack[COROUTINES][65536] __attribute__((aligned(4096)));

NOINLINE static void yield_at(int index, int depth)
{
	volatile char pad = (char)depth;

	if (depth > 0) {
		yield_at(index, depth - 1);
	} else {
		check();
		swapcontext(&coroutine[index], &scheduler);
		check();
	}
	(void)pad;
	AFTER_CALL;
}

static void run_coroutine(int index)
{
	for (int i = 0;; i++)
		yield_at(index, (i + index) % 5);
}

static void check_coroutines(void)
{
	for (int life = 0; life < 20; life++) {
		for (int i = 0; i < COROUTINES; i++) {
			getcontext(&coroutine[i]);
			coroutine[i].uc_stack.ss_sp = coroutine_stack[(i + life) % COROUTINES];
			coroutine[i].uc_stack.ss_size = sizeof(coroutine_stack[i]);
			makecontext(&coroutine[i], (void (*)(void))(uintptr_t)run_coroutine, 1, i);
		}
		for (int turn = 0; turn < 100; turn++)
			swapcontext(&scheduler, &coroutine[dice(COROUTINES)]);
	}
}

/* After code was unmapped, nothing from before may be recalled. */
NOINLINE static void check_forgotten(void)
{
	struct vmt_recalled whole;
	struct vmt_walk ours;
	struct vmt_regs regs;

	VMT_REGS_HERE(&regs);
	for (int i = 0; i < 3; i++)
		vmt_unwind(&regs, &ours);
	differ += ours.recalled != ours.count;
	vmt_unwind_recall_keep(&regs, CALL, 7, &ours);
	differ += !recall(&regs, CALL, &whole) || whole.site != 7;
	differ += !vmt_unwind_recall_holds(&whole);
	vmt_unwind_forget();
	differ += vmt_unwind_recall_holds(&whole);
	differ += recall(&regs, CALL, &whole);
	vmt_unwind(&regs, &ours);
	differ += ours.recalled != 0;
}

static struct vmt_range text_of(const void *code)
{
	struct vmt_unwind_module module;

	if (!vmt_unwind_modules_find((uint64_t)(uintptr_t)code, &module))
		exit(3);
	return module.text;
}

/* Two modules in turns; the second has other frames at the same addresses. */
static int check_reload(const char *plugin, const char *other)
{
	struct vmt_range gone;
	int reused = 0;
	void *before = NULL;

	for (int i = 0; i < 60; i++) {
		void *library = dlopen(i % 2 ? other : plugin, RTLD_NOW);
		void *at = library ? dlsym(library, "construct") : NULL;

		if (!at)
			return -1;
		know_modules();
		((void (*)(void))(uintptr_t)at)();
		reused += at == before;
		before = at;
		gone = text_of(at);
		dlclose(library);
		know_modules();
		vmt_unwind_forget_in(gone);
	}
	return reused;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_NODEFER };
	int reused;

	alarm(300);
	know_modules();
	dice_state = argc > 3 ? strtoull(argv[3], NULL, 0) : (uint64_t)getpid() << 20 | 1;
	printf("seed %lu\n", dice_state);
	sigaction(SIGUSR1, &action, NULL);
	action.sa_flags |= SA_ONSTACK;
	sigaction(SIGUSR2, &action, NULL);
	vmt_unwind_set_cache(cache_memory, sizeof(cache_memory));
	wander_often((void *)(intptr_t)20000);
	check_forgotten();
	check_coroutines();
	reused = argc > 2 ? check_reload(argv[1], argv[2]) : 0;
	check_interrupted();
	check_races(true);
	check_races(false);
	check_torn();
	printf("%lu stacks compared, %lu differ, %lu of %lu frames recalled, %lu stacks as a whole, "
	       "address reused %d times\n",
	       walks, differ, recalled, frames, wholes, reused);
	return differ || reused < 0 || recalled == 0 || wholes == 0;
}
