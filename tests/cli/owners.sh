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
check beneath-leak grep -Eq 'leak\?? +[0-9,]+ of [0-9,]+ maps by mprotect in make beneath.c:8 in open_session are not given back' beneath.txt
check beneath-batch sh -c '! grep -E "^(leak|growth)" "$0" | grep -q batch_add' beneath.lines
check beneath-others sh -c '! grep -E "^[1-9][0-9,]* .* in batch_add" "$0"' beneath.lines

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
check stacks-doubt grep -q 'is given back (or threads of other places have these stacks now: GLIBC_TUNABLES=' stacks.txt
traced stacks-sure "report=0" env GLIBC_TUNABLES=glibc.pthread.stack_cache_size=0 bin/stacks
"$TOOL" report stacks-sure/rec 2>&1 | sed 's/^==[0-9]*== *//' | tr '\n' ' ' >stacks.txt
check stacks-sure grep -Eq 'leak\?? .* by m[a-z]+ in leave_one stacks.c:[0-9]+' stacks.txt

# Three places whose maps merge with each other's and come and go in random order: a full cache, snapshots that
# are made read-only, and sessions, with a guard on either side, of which one in three is kept. The program
# prints for each how many maps begin in its memory: so many maps are its, however they were cut.
cat >merged.c <<'EOF'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#define MOST 20000
static volatile int quiet;
static struct place {
	const char *name;
	int count;
	struct { char *p; size_t length; } object[MOST];
} cache = { "cache", 0, { { 0, 0 } } }, snaps = { "snap", 0, { { 0, 0 } } },
	sessions = { "session", 0, { { 0, 0 } } };
static inline __attribute__((always_inline)) char *make(struct place *place, size_t length)
{
	char *p = mmap(0, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || place->count == MOST)
		abort();
	p[length / 2] = 1;
	place->object[place->count].p = p;
	place->object[place->count++].length = length;
	return p;
}
static inline __attribute__((always_inline)) void drop(struct place *place, int i)
{
	munmap(place->object[i].p, place->object[i].length);
	place->object[i] = place->object[--place->count];
}
static __attribute__((noinline)) void cache_put(void)
{
	make(&cache, (size_t)(1 + rand() % 8) * 4096);
	quiet++;
}
static __attribute__((noinline)) void cache_drop(void)
{
	drop(&cache, rand() % cache.count);
	quiet += 2;
}
static __attribute__((noinline)) void snap_take(void)
{
	size_t length = (size_t)(1 + rand() % 4) * 4096;

	mprotect(make(&snaps, length), length, PROT_READ);
	quiet += 3;
}
static __attribute__((noinline)) void snap_drop(void)
{
	drop(&snaps, rand() % snaps.count);
	quiet += 4;
}
static __attribute__((noinline)) void session_open(void)
{
	size_t length = (size_t)(2 + rand() % 6) * 4096;
	char *p = make(&sessions, length);

	mprotect(rand() % 2 ? p : p + length - 4096, 4096, PROT_NONE);
	quiet += 5;
}
static __attribute__((noinline)) void session_close(void)
{
	drop(&sessions, sessions.count - 1 - rand() % (sessions.count < 20 ? sessions.count : 20));
	quiet += 6;
}
static void step(int what)
{
	if (what == 0) {
		if (cache.count == 200)
			cache_drop();
		cache_put();
	} else if (what == 1) {
		if (snaps.count == 200)
			snap_drop();
		snap_take();
	} else {
		session_open();
		if (rand() % 3)
			session_close();
	}
}
static int has(const struct place *place, char *p)
{
	for (int i = 0; i < place->count; i++) {
		if (place->object[i].p <= p && p < place->object[i].p + place->object[i].length)
			return 1;
	}
	return 0;
}
int main(int argc, char **argv)
{
	const struct place *all[] = { &cache, &snaps, &sessions };
	struct timespec tick = { 0, 2000000 };
	int begin[3] = { 0, 0, 0 }, lost[3] = { 0, 0, 0 }, won[3] = { 0, 0, 0 };
	char line[512], *p;
	FILE *maps;

	srand((unsigned)atoi(argv[1]));
	for (int i = 0; i < 2000; i++) {
		for (int k = 0; k < 8; k++)
			step(rand() % 3);
		nanosleep(&tick, 0);
	}
	while (argc > 2 && snaps.count)
		snap_drop();
	maps = fopen("/proc/self/maps", "r");
	while (maps && fgets(line, sizeof(line), maps)) {
		p = (char *)strtoul(line, 0, 16);
		for (int i = 0; i < 3; i++) {
			begin[i] += has(all[i], p);
			for (int k = 1; k < 3 && has(all[i], p); k++) {
				lost[i] += k != i && has(all[k], p - 1);
				won[k] += k != i && has(all[k], p - 1);
			}
		}
	}
	for (int i = 0; i < 3; i++)
		printf("%s %d %d %d\n", all[i]->name, begin[i], begin[i] - lost[i], begin[i] + won[i]);
	return 0;
}
EOF
# near NAME TRUTH SAID MOST: no place's number is wrong by more than MOST maps and one in twenty. A call
# of mprotect may own the start of what it was cut off from: "lost" and "won" are such starts.
near() {
	local said
	said=$(join "$2" "$3" | awk -v most="$4" '{ low = $3 - $5; high = $5 - $4; d = low > high ? low : high; n++
		bad = bad || d > most + $2 / 20
		printf "%s%s: %d maps, said %d", (n > 1 ? ", " : ""), $1, $2, $5 } END { exit bad || n < 2 }')
	if [ $? = 0 ]; then pass "$1" "$said"; else fail "$1" "seed $seed: $said"; fi
}
# live_of RECORDING: the live maps of each place
live_of() {
	"$TOOL" report --format=json "$1" | jq -r '.processes[0].sites[] | . as $s |
		[.stack[].function // empty | select(test("^(cache|snap|session)_"))][0] // empty |
		"\(sub("_.*"; "")) \($s.live)"' |
		awk '{ n[$1] += $2 } END { for (name in n) print name, n[name] }' | sort
}
${CC:-cc} -g -O1 -fno-optimize-sibling-calls -o bin/merged merged.c || exit 2
seed=${SEED:-$RANDOM}
echo "seed $seed"
traced merged report=0 bin/merged "$seed"
sort merged/out >merged.truth
live_of merged/rec >merged.live
near merged-live merged.truth merged.live 3
awk '{ print $1, $2, $2, $2 }' merged.truth >merged.cut-truth
"$TOOL" report --cut -n 50 merged/rec 2>&1 | sed 's/^==[0-9]*== *//; s/,//g' |
	sed -nE 's/^([0-9]+) +[-+][0-9].* (cache|snap|session)_.*/\2 \1/p' |
	awk '{ n[$1] += $2 } END { for (name in n) print name, n[name] }' | sort >merged.cut
near merged-cut merged.cut-truth merged.cut 3
"$TOOL" report -n 20 merged/rec 2>&1 | sed 's/^==[0-9]*== *//' >merged.lines
traced merged-again report=0 bin/merged "$seed" drop
sort merged-again/out >merged-again.truth
live_of merged-again/rec >merged-again.live
# Where two objects of one place have merged, it is not known who had put a start between them.
near merged-given-back merged-again.truth merged-again.live 10
check merged-leak sh -c 'grep -A3 "^leak" "$0" | grep -q session_open' merged.lines

# Two functions use a wrapper of what maps: the one that does not give back is named, also where it was
# inlined.
cat >wrapper.c <<'EOF'
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>
static int fd;
static volatile int quiet;
static __attribute__((noinline)) char *map_part(void)
{
	static unsigned next;
	char *p = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, (next += 3) % 3000 * 4096l);

	quiet++;
	return p;
}
static HOW char *make_buffer(void)
{
	char *p = map_part();

	quiet += 2;
	return p;
}
static HOW void read_header(void)
{
	munmap(make_buffer(), 4096);
	quiet += 3;
}
static HOW void read_body(int i)
{
	char *p = make_buffer();

	if (i % 10)
		munmap(p, 4096);
	quiet += 4;
}
static HOW void probe(void)
{
	munmap(map_part(), 4096);
	quiet += 5;
}
int main(void)
{
	fd = memfd_create("parts", 0);
	for (int i = 0; i < 4000; i++) {
		probe();
		read_header();
		read_body(i);
	}
	return 0;
}
EOF
LINE=$(grep -n 'p = make_buffer' wrapper.c | cut -d: -f1)
for how in noinline always_inline; do
	[ $how = noinline ] || sed -i 's/^static __attribute__((noinline))/static HOW/; s/HOW/inline HOW/' wrapper.c
	${CC:-cc} -g -O1 -fno-optimize-sibling-calls "-DHOW=__attribute__(($how))" wrapper.c -o bin/$how || exit 2
	traced $how report=0 bin/$how
	"$TOOL" report $how/rec 2>&1 | sed 's/^==[0-9]*== *//' | tr '\n' ' ' >$how.txt
done
all='kept +400 of 12,000 maps by mmap in map_part wrapper.c:[0-9]+'
left='are not given back, nearly all of them'
check wrapper-called grep -Eq "$all $left called by read_body wrapper.c:$LINE" noinline.txt
check wrapper-inlined grep -Eq "$all in main $left through read_body wrapper.c:$LINE" always_inline.txt

# A line that three functions call for: what the lead says of one of them is its own part, and where the
# table is filtered, the lead says that it is not.
cat >three.c <<'EOF'
#include <sys/mman.h>
#define NOINLINE __attribute__((noinline))
NOINLINE static void make_buffer(void)
{
	char *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(p, 4096, PROT_NONE);
}
NOINLINE static void some(void) { for (int i = 0; i < 10; i++) make_buffer(); }
NOINLINE static void more(void) { for (int i = 0; i < 100; i++) make_buffer(); }
NOINLINE static void most(void) { for (int i = 0; i < 2000; i++) make_buffer(); }
int main(void)
{
	some();
	more();
	most();
	return 0;
}
EOF
${CC:-cc} -g -O1 -fno-optimize-sibling-calls three.c -o bin/three || exit 2
traced three report=0 bin/three
# lead NAME OPTION...: the report up to its totals as one line, in NAME.txt
lead() {
	local name=$1
	shift
	"$TOOL" report "$@" three/rec 2>&1 | sed 's/^==[0-9]*== *//' | sed '/^calls   /,$d' | tr '\n' ' ' >$name.txt
}
lead three
check "three: its own part" grep -Eq 'cause .*: 4,2[0-9]+ of 4,2[0-9]+ maps, by mprotect in make_buffer three.c:6, 9[45] % called by most three.c:10, none given back' three.txt
check "three: without a filter" sh -c '! grep -q filter three.txt'
lead more -F more
check "three: with a filter" grep -Eq 'filter +the lines above are of all call sites; those with --function=more hold (19[0-9]|20[0-9]) of the 4,2[0-9]+ maps ' more.txt
lead both -F more -c mprotect
check "three: with two" grep -Eq 'those with --function=more and --call=mprotect hold (9[0-9]|10[0-9]) of' both.txt
lead nothing -F nobody
check "three: nothing passes" sh -c '! grep -q "lines above" nothing.txt'
# Who wrote these calls of munmap believes that they give back what leaks: they fail, or leave a page.
cat >futile.c <<'END'
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>
#define SIZE 16384
static char *open_buffer(void)
{
	return mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}
static void close_buffer(char *buffer, int is_fast)
{
	munmap(buffer + (is_fast ? 64 : 0), SIZE);
}
static void close_short(char *buffer)
{
	munmap(buffer, SIZE - 4096);
}
int main(int argc, char **argv)
{
	(void)argv;
	for (int i = 0; i < 1000; i++) {
		char *buffer = open_buffer();
		if (argc > 1)
			close_short(buffer);
		else
			close_buffer(buffer, i % 3 == 0);
		usleep(4000);
	}
	return 0;
}
END
${CC:-cc} -g -O1 futile.c -o futile || exit 2
"$TOOL" run -o failed ./futile 2>failed.txt &
"$TOOL" run -o idle ./futile short 2>idle.txt &
wait
for way in failed idle; do
	sed 's/^==[0-9]*== *//' $way.txt | tr '\n' ' ' >$way.line
done
check futile-failed grep -Eq 'leak\? +33[34] of 1,000 maps by mmap in open_buffer .*; munmap in close_buffer futile.c:[0-9]+ in main failed 33[34] times ' failed.line
check futile-idle grep -Eq 'leak\? +none of the 1,000 maps by .* is given back; munmap in close_short futile.c:[0-9]+ in main removed no map in 1,000 calls: does it unmap less than was mapped\? ' idle.line
# A helper that ends in a jump to mmap leaves no frame; whose calls of it leak is told all the same.
cat >jumping.c <<'END'
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>
static char *cached[300];
static __attribute__((noinline)) char *grab(void)
{
	return mmap(0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}
static __attribute__((noinline)) void cache(int i)
{
	if (cached[i % 300])
		munmap(cached[i % 300], 4096);
	cached[i % 300] = grab();
	__asm__("");
}
static __attribute__((noinline)) void forget(void)
{
	char *page = grab();
	__asm__ volatile("" ::"r"(page));
}
int main(void)
{
	for (int i = 0; i < 1200; i++) {
		cache(i);
		if (i % 20 == 0)
			forget();
		usleep(4000);
	}
	return 0;
}
END
${CC:-cc} -g -O2 jumping.c -o jumping || exit 2
"$TOOL" run -o jumping.rec ./jumping 2>&1 | sed 's/^==[0-9]*== *//' | tr '\n' ' ' >jumping.txt
check jumping-caller grep -Eq 'leak\? +none of the 60 maps by mmap in grab jumping.c:[0-9]+ \[tail call\] called by forget jumping.c:[0-9]+ is given back' jumping.txt
# What a signal handler maps is its own, whichever function it has interrupted, in a report and in a check.
cat >handler.c <<'END'
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
static volatile int maps;
static volatile double sum;
static __attribute__((noinline)) void load(void)
{
	char *page = mmap(0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	maps++;
	__asm__ volatile("" ::"r"(page));
}
static void on_alarm(int signal)
{
	load();
	ualarm(4000, 0);
	(void)signal;
}
static __attribute__((noinline)) void transform(int most)
{
	for (int i = 0; i < 100000000 && maps < most; i++)
		sum += i;
}
static __attribute__((noinline)) void render(int most)
{
	for (int i = 0; i < 100000000 && maps < most; i++)
		sum *= 0.5;
}
int main(int argc, char **argv)
{
	(void)argv;
	signal(SIGALRM, on_alarm);
	ualarm(4000, 0);
	while (argc < 2 && maps < 900) {
		transform(maps + 3);
		render(maps + 2);
	}
	while (argc > 1 && maps < 900)
		render(900);
	return 0;
}
END
${CC:-cc} -g -O1 handler.c -o handler || exit 2
"$TOOL" run -o handler.rec ./handler 2>&1 | sed 's/^==[0-9]*== *//' | tr '\n' ' ' >handler.txt
check handler-leak grep -Eq 'leak\? +[^ ]+ (of )?(the )?[0-9]+ maps by mmap in load handler.c:[0-9]+ (is|are) (not )?given back' handler.txt
check handler-stack grep -Eq '#1 +on_alarm handler.c:[0-9]+ \(handler\) #2 +<signal handler called> \(libc.so.6\)' handler.txt
"$TOOL" check --save=handler.json handler.rec 2>/dev/null
check handler-check "$TOOL" check --per-site=1 --baseline=handler.json -- ./handler one
finish
