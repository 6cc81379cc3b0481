#!/bin/bash
# SPDX-License-Identifier: MIT
# Whose maps a leak is of, where one place puts the starts, or has mapped, what belongs to another.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2
mkdir bin

# A batch gives back all that it maps, below sessions of which one in ten is kept, whose maps have merged with
# its own for a while. Its guards put the starts of these, but the sessions are the leak.
cat >beneath.c <<'EOF'
#include <sys/mman.h>
#include <time.h>
static volatile int quiet;
static inline __attribute__((always_inline)) char *make(void)
{
	char *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(p + 4096, 4096, PROT_NONE);
	quiet++;
	return p;
}
static __attribute__((noinline)) void open_session(int i)
{
	char *p = make();

	if (i % 10)
		munmap(p, 8192);
	quiet += 2;
}
static char *batch[50];
static __attribute__((noinline)) void batch_add(int i)
{
	batch[i] = make();
	quiet += 3;
}
int main(void)
{
	struct timespec tick = { 0, 2000000 };

	for (int i = 0; i < 2000; i++) {
		open_session(i);
		batch_add(i % 50);
		for (int k = 0; i % 50 == 49 && k < 50; k++)
			munmap(batch[k], 8192);
		nanosleep(&tick, 0);
	}
	return 0;
}
EOF
${CC:-cc} -g -O1 -fno-optimize-sibling-calls beneath.c -o bin/beneath || exit 2
traced beneath report=0 bin/beneath
"$TOOL" report beneath/rec 2>&1 | sed 's/^==[0-9]*== *//' >beneath.lines
tr '\n' ' ' <beneath.lines >beneath.txt
check beneath-leak grep -Eq 'leak +[0-9,]+ of [0-9,]+ maps by mprotect in make beneath.c:8 in open_session are not given back' beneath.txt
check beneath-batch sh -c '! grep -E "^(leak|growth)" "$0" | grep -q batch_add' beneath.lines
check beneath-others grep -q 'growth: by other objects, which its own had merged with' beneath.txt

# glibc gives the stack of a thread that was joined to one that another place starts.
cat >stacks.c <<'EOF'
#include <pthread.h>
#include <time.h>
static void *idle(void *arg) { return arg; }
static volatile int quiet;
static __attribute__((noinline)) void run_and_join(void)
{
	pthread_t thread;

	if (!pthread_create(&thread, 0, idle, 0))
		pthread_join(thread, 0);
	quiet++;
}
static __attribute__((noinline)) void leave_one(void)
{
	pthread_t thread;

	pthread_create(&thread, 0, idle, 0);
	quiet += 2;
}
int main(void)
{
	struct timespec tick = { 0, 5000000 };

	for (int i = 0; i < 800; i++) {
		if (i % 4)
			run_and_join();
		else
			leave_one();
		nanosleep(&tick, 0);
	}
	return 0;
}
EOF
${CC:-cc} -g -O1 -fno-optimize-sibling-calls stacks.c -o bin/stacks -pthread || exit 2
traced stacks report=0 bin/stacks
"$TOOL" report stacks/rec 2>&1 | sed 's/^==[0-9]*== *//' | tr '\n' ' ' >stacks.txt
check stacks-doubt grep -q 'is given back (or threads of other places have these stacks now)' stacks.txt
traced stacks-sure "report=0" env GLIBC_TUNABLES=glibc.pthread.stack_cache_size=0 bin/stacks
"$TOOL" report stacks-sure/rec 2>&1 | sed 's/^==[0-9]*== *//' | tr '\n' ' ' >stacks.txt
check stacks-sure grep -Eq 'leak .* by m[a-z]+ in leave_one stacks.c:[0-9]+' stacks.txt
finish
