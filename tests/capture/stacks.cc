// SPDX-License-Identifier: MIT
/*
 * Stacks taken inside vmt_call, through the gate, by glibc's backtrace() and by
 * _Unwind_Backtrace, for each call and from threads; an exception thrown out
 * of a signal handler that interrupts the gate at any instruction; and stacks at every single
 * instruction of a call whose site has instructions that were moved.
 * Prints one line a check; status 0 if all hold. Needs fake_room.
 */
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>
#include <initializer_list>
#include <unwind.h>

static long wanted_nr;
static int hits, bad;
static const char *wanted_leaf, *wanted_root;

struct walk {
	int count;
	void *pc[64];
};

static _Unwind_Reason_Code note(_Unwind_Context *context, void *arg)
{
	auto *walk = static_cast<struct walk *>(arg);

	if (walk->count < 64)
		walk->pc[walk->count++] = reinterpret_cast<void *>(_Unwind_GetIP(context));
	return _URC_NO_REASON;
}

static const char *name_of(void *pc)
{
	Dl_info info;

	if (!dladdr(static_cast<char *>(pc) - 1, &info))
		return "?";
	if (!info.dli_sname)
		return "(static)";
	return info.dli_sname + (strncmp(info.dli_sname, "__m", 3) ? 0 : 2);
}

static int position(void **pc, int count, const char *name)
{
	for (int i = 0; i < count; i++) {
		if (!strcmp(name_of(pc[i]), name))
			return i;
	}
	return -1;
}

static void judge(const char *by, void **pc, int count)
{
	int leaf = position(pc, count, wanted_leaf);
	int root = position(pc, count, wanted_root);

	if (leaf >= 0 && root > leaf)
		return;
	bad++;
	printf("%s: %s or %s missing:\n", by, wanted_leaf, wanted_root);
	for (int i = 0; i < count; i++)
		printf("  %d %p %s\n", i, pc[i], name_of(pc[i]));
}

static long hook(long nr, const void *)
{
	struct walk walk = {};
	void *pc[64];

	if (nr != wanted_nr)
		return 0;
	wanted_nr = -1;
	hits++;
	judge("backtrace", pc, backtrace(pc, 64));
	_Unwind_Backtrace(note, &walk);
	judge("_Unwind_Backtrace", walk.pc, walk.count);
	return 0;
}

static void expect(long nr, const char *leaf, const char *root = "main")
{
	if (hits == 0 && wanted_nr > 0)
		bad++, printf("nr %ld was not seen\n", wanted_nr);
	hits = 0;
	wanted_leaf = leaf;
	wanted_root = root;
	wanted_nr = nr;
}

extern "C" void *in_thread(void *);
extern "C" void *in_thread(void *arg)
{
	expect(SYS_mmap, "mmap", "in_thread");
	munmap(mmap(nullptr, 65536, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 65536);
	return arg;
}

struct thrown {};
static volatile long thrown_count;
static void on_timer(int)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
	throw thrown();
}

/* Interrupts land anywhere in stub, gate, room and libc leaf. A function of its own: one with
 * handlers may be left at its calls only, one without at any instruction. */
__attribute__((noipa)) static void spin(char *p, int delay)
{
	struct itimerval timer = { { 0, 0 }, { 0, delay } };

	setitimer(ITIMER_REAL, &timer, nullptr);
	for (;;)
		madvise(p, 4096, MADV_NORMAL);
}

static void exceptions(char *p)
{
	struct sigaction action = {};

	action.sa_handler = on_timer;
	sigaction(SIGALRM, &action, nullptr);
	for (int i = 0; i < 20000; i++) {
		try {
			spin(p, 20 + i % 40);
		} catch (const thrown &) {
			thrown_count = thrown_count + 1;
		}
	}
	printf("%ld exceptions came through\n", thrown_count);
}

static int steps, steps_inside;

static void on_step(int, siginfo_t *, void *context)
{
	auto *regs = static_cast<ucontext_t *>(context)->uc_mcontext.gregs;
	struct walk walk = {};
	Dl_info info;

	steps++;
	steps_inside += dladdr(reinterpret_cast<void *>(regs[REG_RIP]), &info) &&
			 strstr(info.dli_fname, "libfake.so");
	_Unwind_Backtrace(note, &walk);
	if (position(walk.pc, walk.count, "stepped") < 0 && bad++ < 5)
		printf("at step %d, %s+%ld: the caller is missing\n", steps, info.dli_fname,
		       static_cast<long>(regs[REG_RIP] - reinterpret_cast<long>(info.dli_fbase)));
}

extern "C" long site_with_moved(long start);
extern "C" long site_by_ecx(long start);
extern "C" long stepped(long (*call)(long));
extern "C" __attribute__((noipa)) long stepped(long (*call)(long))
{
	long ret;

	/* Not in the red zone. */
	__asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; orq $0x100, (%%rsp); popfq\n"
			 "lea 128(%%rsp), %%rsp" ::: "memory", "cc");
	ret = call(0x1001);
	__asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; andq $~0x100, (%%rsp); popfq\n"
			 "lea 128(%%rsp), %%rsp" ::: "memory", "cc");
	return ret;
}

static void single_steps()
{
	struct sigaction action = {};

	action.sa_sigaction = on_step;
	action.sa_flags = SA_SIGINFO;
	sigaction(SIGTRAP, &action, nullptr);
	for (auto *call : { site_with_moved, site_by_ecx }) {
		steps = steps_inside = 0;
		if (stepped(call) != -EINVAL)
			bad++, printf("a call with moved instructions has another result\n");
		printf("%d steps, %d of them in the library\n", steps, steps_inside);
		bad += steps_inside < 20;
	}
}

int main()
{
	void *slot = dlsym(RTLD_DEFAULT, "vmatrace_fake_hook");
	pthread_t thread;
	void *warm[4];

	if (!slot)
		return 2;
	backtrace(warm, 4);
	*static_cast<long (**)(long, const void *)>(slot) = hook;
	expect(SYS_mmap, "mmap");
	char *p = static_cast<char *>(mmap(nullptr, 65536, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	expect(SYS_mprotect, "mprotect");
	mprotect(p, 4096, 1);
	expect(SYS_madvise, "madvise");
	madvise(p, 4096, MADV_DONTNEED);
	expect(SYS_mremap, "mremap");
	p = static_cast<char *>(mremap(p, 65536, 131072, MREMAP_MAYMOVE));
	expect(SYS_mremap, "mremap");
	void *block = realloc(malloc(1000000), 200000000);
	expect(SYS_munmap, "munmap");
	free(block);
	expect(SYS_brk, "brk");
	free(malloc(100000));
	void *small[40];
	for (auto &one : small)
		one = malloc(100000);
	for (auto &one : small)
		free(one);
	expect(SYS_shmat, "shmat");
	shmat(-1, nullptr, 0);
	expect(SYS_clone, "_Fork");
	if (!fork())
		_exit(0);
	expect(SYS_mlock, "mlock");
	mlock(p, 4096);
	expect(-1, "");
	pthread_create(&thread, nullptr, in_thread, nullptr);
	pthread_join(thread, nullptr);
	expect(-1, "");
	exceptions(p);
	single_steps();
	printf("%d bad stacks\n", bad);
	return bad != 0;
}
