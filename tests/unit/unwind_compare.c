/* SPDX-License-Identifier: MIT */
/*
 * The unwinder against libgcc's, on real stacks of every kind: frame pointers or none,
 * callbacks, threads, signals, realigned and alloca frames, constructors, code without unwind
 * tables, and every single instruction of a small workload.
 *
 * A plain program: the unwinder is linked as a library of its own, since it leaves out all
 * frames of the module it is part of. Prints one line per failure and exits with their number.
 */
#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "os/shim.h"
#include "unwind_known.h"

#define NOINLINE   __attribute__((noinline, noclone))
#define AFTER_CALL __asm__ volatile("" ::: "memory") /* keeps a call from becoming a jump */

static int failures;
static uint64_t compared;
static char cache_memory[65536] __attribute__((aligned(64)));

static void fail(const char *name, const struct vmt_walk *ours, void *const *theirs, int count)
{
	if (__atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED) > 5)
		return;
	fprintf(stderr, "%s: flags %u\n", name, ours->flags);
	for (int i = 0; i < (int)ours->count || i < count; i++) {
		uint64_t our = i < (int)ours->count ? ours->pc[i] : 0;
		void *their = i < count ? theirs[i] : NULL;
		Dl_info info = { .dli_sname = NULL };

		dladdr(their ? their : (void *)(uintptr_t)our, &info);
		fprintf(stderr, "  %#14lx %14p %s\n", our, their, info.dli_sname ?: "?");
	}
}

/* The unwinder leaves out its own library (visible when it is interrupted), so this does, too. */
static int drop_own(void **frames, int count)
{
	struct dl_find_object own;
	int kept = 0;

	_dl_find_object((void *)(uintptr_t)vmt_unwind, &own);
	for (int i = 0; i < count; i++)
		if (frames[i] < own.dlfo_map_start || frames[i] >= own.dlfo_map_end)
			frames[kept++] = frames[i];
	return kept;
}

/* Take the caller's stack in both ways. Stacks deeper than VMT_FRAMES_MAX must be marked as cut. */
NOINLINE static void check(const char *name)
{
	void *theirs[VMT_FRAMES_MAX + 8];
	struct vmt_walk ours;
	struct vmt_regs regs;
	int count = drop_own(theirs, backtrace(theirs, VMT_FRAMES_MAX + 8)) - 1;
	bool is_deep = count > VMT_FRAMES_MAX;

	VMT_REGS_HERE(&regs);
	vmt_unwind(&regs, &ours);
	compared++;
	if (is_deep)
		count = VMT_FRAMES_MAX;
	if ((int)ours.count != count || memcmp(ours.pc, theirs + 1, 8 * (size_t)count) != 0 ||
	    ours.flags != (is_deep ? VMT_WALK_TRUNCATED : 0))
		fail(name, &ours, theirs + 1, count);
}

NOINLINE static void recurse(int depth)
{
	if (depth > 0)
		recurse(depth - 1);
	else
		check("recursion");
	AFTER_CALL;
}

__attribute__((noinline, noclone, optimize("no-omit-frame-pointer"))) static void
recurse_mixed(int depth);

__attribute__((noinline, noclone, optimize("omit-frame-pointer"))) static void
recurse_without(int depth)
{
	if (depth > 0)
		recurse_mixed(depth - 1);
	else
		check("mixed frame pointers");
	AFTER_CALL;
}

static void recurse_mixed(int depth)
{
	recurse_without(depth);
	AFTER_CALL;
}

static int compare_ints(const void *a, const void *b)
{
	check("callback");
	return *(const int *)a - *(const int *)b;
}

NOINLINE static void check_callback(void)
{
	int numbers[] = { 3, 1, 2, 5, 4 };

	qsort(numbers, 5, sizeof(int), compare_ints);
}

NOINLINE static void check_alloca(size_t size)
{
	volatile char *block = __builtin_alloca(size);

	block[0] = block[size - 1] = 1;
	check("alloca");
	AFTER_CALL;
}

/* The two forms of realignment: by rbp alone, and with the CFA kept in a slot (alloca, args). */
NOINLINE static int check_realigned(int a, int b, int c, int d, int e, int f, int on_stack,
				    size_t size)
{
	volatile char aligned[128] __attribute__((aligned(64)));
	volatile char *block = __builtin_alloca(size);

	aligned[0] = block[0] = (char)on_stack;
	check("realigned");
	return a + b + c + d + e + f + aligned[0] + block[0] + on_stack;
}

void check_in_constructor(void);

void check_in_constructor(void)
{
	know_modules(); /* make them known to the unwinder, since this thread calls it */
	check("constructor");
	AFTER_CALL;
}

static void on_signal(int number)
{
	(void)number;
	check("signal");
	AFTER_CALL;
}

NOINLINE static void check_signal(int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	recurse(2);
}

NOINLINE static void check_altstack(void)
{
	static char memory[65536];
	stack_t stack = { .ss_sp = memory, .ss_size = sizeof(memory) };

	sigaltstack(&stack, NULL);
	check_signal(SA_ONSTACK);
	check_signal(SA_ONSTACK | SA_NODEFER);
	stack.ss_flags = SS_DISABLE;
	sigaltstack(&stack, NULL);
}

static void *check_thread(void *unused)
{
	recurse(3);
	check_callback();
	check_altstack();
	return unused;
}

/* Calls its argument, with a frame pointer and without unwind tables. */
__asm__(".text\n"
	"call_without_cfi: push %rbp; mov %rsp, %rbp; call *%rdi; pop %rbp; ret\n"
	"call_without_cfi_end:\n");
extern const char call_without_cfi[];
extern const char call_without_cfi_end[];

static struct vmt_walk stack_in_jit;

NOINLINE static void keep_stack(void)
{
	struct vmt_regs regs;

	VMT_REGS_HERE(&regs);
	vmt_unwind(&regs, &stack_in_jit);
}

/* libgcc stops at such code: compare the frames behind it with the stack from here. */
NOINLINE static void check_code(const char *name, const void *code)
{
	void *theirs[VMT_FRAMES_MAX];
	int count = backtrace(theirs, VMT_FRAMES_MAX);
	struct vmt_walk *ours = &stack_in_jit;

	((void (*)(void (*)(void)))(uintptr_t)code)(keep_stack);
	if ((int)ours->count != count + 1 || ours->flags != 0 ||
	    memcmp(ours->pc + 2, theirs + 1, 8 * (size_t)(count - 1)) != 0 ||
	    ours->pc[0] - (uint64_t)(uintptr_t)code > 16)
		fail(name, ours, theirs, count);
	compared++;
}

NOINLINE static void check_jit(void)
{
	size_t len = (size_t)(call_without_cfi_end - call_without_cfi);
	char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memcpy(code, call_without_cfi, len);
	mprotect(code, 4096, PROT_EXEC); /* execute-only, if the machine can do that */
	check_code("assembly", call_without_cfi);
	check_code("jit", code);
	munmap(code, 4096);
	vmt_unwind_forget();
}

static void on_trap(int number)
{
	(void)number;
	check("single step");
	AFTER_CALL;
}

NOINLINE static void work(void)
{
	char text[64];
	int numbers[] = { 3, 1, 2 };
	time_t now = 0;

	snprintf(text, sizeof(text), "%d %s %.3f", 42, "text", 1.5);
	free(realloc(malloc(100), 300000));
	(void)strtod(text, NULL);
	(void)getenv("HOME");
	(void)gmtime(&now);
	numbers[0] = (int)strlen(text);
	qsort(numbers, 3, sizeof(int), compare_ints);
	check_realigned(1, 2, 3, 4, 5, 6, 7, 100);
	check_alloca(100);
}

/* With the trap flag set, a signal interrupts the program after every instruction. */
static void on_toggle(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] ^= 0x100;
}

NOINLINE static void check_every_instruction(void)
{
	struct sigaction trap = { .sa_handler = on_trap };
	struct sigaction toggle = { .sa_sigaction = on_toggle, .sa_flags = SA_SIGINFO };

	sigaction(SIGTRAP, &trap, NULL);
	sigaction(SIGUSR2, &toggle, NULL);
	raise(SIGUSR2);
	work();
	raise(SIGUSR2);
}

static int keep_forgetting = 1;

static void *forget_often(void *unused)
{
	while (__atomic_load_n(&keep_forgetting, __ATOMIC_RELAXED))
		vmt_unwind_forget();
	return unused;
}

static void *walk_often(void *unused)
{
	for (int i = 0; i < 20000; i++)
		recurse(i % 16);
	return unused;
}

/* Few entries and many writers: halves of two writes must not pass for one entry. */
static void check_races(void)
{
	pthread_t threads[4];

	vmt_unwind_set_cache(cache_memory, 256);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, i == 3 ? forget_often : walk_often, NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	__atomic_store_n(&keep_forgetting, 0, __ATOMIC_RELAXED);
	pthread_join(threads[3], NULL);
	vmt_unwind_set_cache(cache_memory, sizeof(cache_memory));
}

static void check_all(const char *plugin)
{
	pthread_t thread;
	void *library;

	recurse(0);
	recurse(14);
	recurse(100);
	recurse_mixed(7);
	check_callback();
	check_alloca(12345);
	check_realigned(1, 2, 3, 4, 5, 6, 7, 1000);
	check_signal(0);
	check_altstack();
	pthread_create(&thread, NULL, check_thread, NULL);
	pthread_join(thread, NULL);
	library = dlopen(plugin, RTLD_NOW);
	if (library)
		dlclose(library);
	else
		failures++;
	know_modules();
	vmt_unwind_forget();
	check_jit();
}

int main(int argc, char **argv)
{
	know_modules();
	alarm(300); /* a failure that is reported from within stdio may deadlock */
	check_all(argc > 1 ? argv[1] : "");
	vmt_unwind_set_cache(cache_memory, sizeof(cache_memory));
	check_all(argc > 1 ? argv[1] : "");
	check_all(argc > 1 ? argv[1] : "");
	check_races();
	check_every_instruction();
	printf("%lu stacks compared, %d differ\n", compared, failures);
	return failures > 100 ? 100 : failures;
}
