#!/bin/bash
# SPDX-License-Identifier: MIT
# Maps that a program gives back only because it ends count as kept, whether exit handlers do it or
# functions that runtimes call before they exit: in the report, in its JSON and in check. Maps that
# it gives back while it runs do not.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2
PYTHON=/usr/bin/python3
cat >kept.py <<'EOF'
import mmap
kept = [mmap.mmap(-1, 8192, prot=mmap.PROT_READ | (mmap.PROT_WRITE if i % 2 else 0)) for i in range(200)]
EOF

# line KEY: print the entry of the text report in one line
line() {
	awk -v key="$1" '/^==[0-9]+==   [a-z]/ { on = $2 == key || $2 == key "?" }
		on && /^==[0-9]+==  / { sub(/^==[0-9]+== +/, ""); printf "%s ", $0 }' report.txt
}

# kept NAME FUNCTION LEAST PROGRAM…: the program kept at least LEAST maps, which FUNCTION gave back
kept() {
	local name=$1 function=$2 least=$3 growth
	shift 3
	rm -rf rec && mkdir rec
	"$TOOL" run --report=none -o rec -- "$@" >/dev/null 2>run.err
	"$TOOL" report rec >report.txt 2>&1
	growth=$("$TOOL" report --format=json rec | jq -c '.processes | max_by(.maps.peak).growth.torn_down')
	if line growth | grep -qE "^growth +\+[0-9]+ before $function gave back [0-9]+ at the end: "; then
		pass "$name: report" "$(line growth)"
	else
		fail "$name: report" "$(line growth) $(cat run.err)"
	fi
	check "$name: no burst" sh -c 'grep -Eq "growth: up to [0-9,]+, which $0 gave back" report.txt && ! grep -q "a burst" report.txt' "$function"
	check "$name: cause and help" [ "$(line cause | cut -c1-5) $(line help | cut -c1-4)" = "cause help" ]
	if jq -e --arg f "$function" --argjson n "$least" '.function == $f and .maps >= $n' \
		<<<"$growth" >/dev/null; then
		pass "$name: JSON" "$growth"
	else
		fail "$name: JSON" "$growth"
	fi
	"$TOOL" check --max-growth=150 -- "$@" >check.txt 2>&1
	if [ $? = 23 ] && tr -d '\n' <check.txt | grep -q "before $function gave" &&
		grep -qE '^==[0-9]+==   200 of them by mmap here' check.txt; then
		pass "$name: check" "$(grep -m1 ERROR check.txt)"
	else
		fail "$name: check" "$(cat check.txt)"
	fi
}
kept "exit handler" exit 199 "$TARGETS/torn_down" 200 exit
kept "exit handler beside a thread" exit 189 "$TARGETS/torn_down" 200 threads
kept "runtime" lua_close 199 "$TARGETS/torn_down" 200 runtime
kept "part of a runtime's function" _Py_Finalize 199 "$TARGETS/torn_down" 200 part
kept "python" Py_FinalizeEx 190 "$PYTHON" kept.py

# Not what the script imports, which stays to the end, but who kept what was given back then.
cat >imports.py <<'EOF'
import asyncio, ssl, sqlite3, decimal, ctypes, lzma, bz2, uuid, multiprocessing, http.client
import mmap
kept = []
def keep_session(i):
    kept.append(mmap.mmap(-1, 8192, prot=mmap.PROT_READ | (mmap.PROT_WRITE if i % 2 else 0)))
for i in range(100):
    keep_session(i)
EOF
rm -rf rec && mkdir rec
"$TOOL" run --report=none -o rec -- "$PYTHON" imports.py >/dev/null 2>run.err
"$TOOL" report rec >report.txt 2>&1
check "imports: who kept what was given back" grep -qE \
	'^kept +until the end: 100 of the 1[0-9][0-9] maps that it gave back, by mmap in keep_session imports.py:5 $' \
	<<<"$(line kept)"

# Debian's ruby exports one function that runs the script and then cleans up, and no name tells these apart.
cat >kept.rb <<'EOF'
require 'fiddle'
long, int = Fiddle::TYPE_LONG, Fiddle::TYPE_INT
map = Fiddle::Function.new(Fiddle.dlopen(nil)['mmap'], [long, long, int, int, int, long], long)
unmap = Fiddle::Function.new(Fiddle.dlopen(nil)['munmap'], [long, long], int)
kept = 100.times.map { |i| map.call(0, 8192, i % 2 * 2 + 1, 0x22, -1, 0) }
at_exit { kept.each { |at| unmap.call(at, 8192) } }
EOF
if has_program ruby && ruby -e 'require "fiddle"'; then
	rm -rf rec && mkdir rec
	"$TOOL" run --report=none -o rec -- ruby kept.rb >/dev/null 2>run.err
	check "ruby: what it kept" jq -e '.processes | max_by(.maps.peak).growth.torn_down.maps >= 95' \
		<<<"$("$TOOL" report --format=json rec)"
	"$TOOL" check --max-growth=150 -- ruby kept.rb >check.txt 2>&1
	check "ruby: check" [ $? = 23 ]
fi

# given_back NAME PROGRAM…: none of its maps counts as kept
given_back() {
	local name=$1
	shift
	rm -rf rec && mkdir rec
	"$TOOL" run --report=none -o rec -- "$@" >/dev/null 2>run.err
	"$TOOL" report rec >report.txt 2>&1
	"$TOOL" check --max-growth=150 -- "$@" >check.txt 2>&1
	if [ $? = 0 ] && line growth | grep -q . && ! line growth | grep -q ' before '; then
		pass "$name" "$(line growth)"
	else
		fail "$name" "$(line growth) $(cat check.txt)"
	fi
}
given_back "by itself" "$TARGETS/torn_down" 200 itself
given_back "for each request" "$TARGETS/torn_down" 200 requests

# Destructors of main are its last work: the words about the growth are of before, the verdict is not. In
# rounds they are work.
cat >service.cc <<'EOF'
#include <cstdlib>
#include <memory>
#include <sys/mman.h>
#include <vector>

namespace app {
struct Session {
	void *page = mmap(nullptr, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	~Session() { munmap(page, 4096); }
};
struct Service {
	std::vector<std::unique_ptr<Session>> sessions;
	__attribute__((noinline)) void serve()
	{
		for (int i = 0; i < 200; i++)
			sessions.push_back(std::make_unique<Session>());
	}
};
}

int main(int, char **argv)
{
	for (int rounds = atoi(argv[1]); rounds > 0; rounds--) {
		app::Service service;
		service.serve();
	}
}
EOF
c++ -g -O1 service.cc -o service || exit 2
"$TOOL" run --report=none -o service.rec -- ./service 1 2>run.err
"$TOOL" report service.rec >report.txt 2>&1
check "destructors of main: report" grep -qE '^growth +\+2[0-9][0-9] before app::Service::~Service gave back 200 ' \
	<<<"$(line growth)"
check "destructors of main: JSON" jq -e '.processes[0].growth | .verdict == "too-short" and
	.torn_down == { maps: 200, function: "app::Service::~Service" }' \
	<<<"$("$TOOL" report --format=json service.rec)"
"$TOOL" check --max-growth=150 -- ./service 1 >check.txt 2>&1
check "destructors of main: check" grep -q 'check passed' check.txt
given_back "destructors in rounds" ./service 3

# The same where main jumps to the function that does it all, and is not on the stack.
sed -e 's/^int main(int, char \*\*argv)/__attribute__((noinline)) int serve(const char *arg)/' \
	-e 's/argv\[1\]/arg/' -e '$d' service.cc >jumps.cc
cat >>jumps.cc <<'EOF'
	return 0;
}

int main(int, char **argv)
{
	return serve(argv[1]);
}
EOF
c++ -g -O2 jumps.cc -o jumps || exit 2
check "a main that jumps" sh -c "objdump -d --disassemble=main jumps | grep -q 'jmp.*serve'"
"$TOOL" run --report=none -o jumps.rec -- ./jumps 1 2>run.err
"$TOOL" report jumps.rec >report.txt 2>&1
check "destructors below such a main" grep -qE '^growth +\+2[0-9][0-9] before serve gave back 200 ' \
	<<<"$(line growth)"
given_back "destructors below such a main, in rounds" ./jumps 3

# A run that is long enough is judged up to there.
cat >long.c <<'EOF'
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
static void *kept[600];
static void give_back(void)
{
	for (int i = 0; i < 600; i++)
		munmap(kept[i], 4096);
}
int main(void)
{
	const struct timespec pause = { 0, 10000000 };

	atexit(give_back);
	for (int i = 0; i < 600; i++) {
		kept[i] = mmap(0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		nanosleep(&pause, 0);
	}
	return 0;
}
EOF
cc -g -O1 long.c -o long || exit 2
"$TOOL" run --report=none -o long.rec -- ./long 2>run.err
"$TOOL" report long.rec >report.txt 2>&1
check "a long run: report" grep -qE '^growth +\+6[0-9][0-9] before exit gave back 600 at the end: a leak, \+[0-9]+ a second' \
	<<<"$(line growth)"
check "a long run: who leaked" grep -qE '^leak\?? +none of the 600 maps by mmap in main long.c:[0-9]+ is given back before the end( \(or a start-up\))? $' \
	<<<"$(line leak)"
check "a long run: its call site" grep -qE '^==[0-9]+==     growth: a leak \(or a start-up\), \+[0-9]+ a second, up to 600 that exit$' \
	report.txt
check "a long run: JSON" jq -e '.processes[0] | .growth.verdict == "leak" and .leak.left == 600' \
	<<<"$("$TOOL" report --format=json long.rec)"

# Threads give back what they hold when they end, as they do all the time; at the exit, the others are
# told to end as well.
cat >pool.c <<'EOF'
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
static struct worker { pthread_t thread; atomic_int is_told; } worker[400];
static const struct timespec pause = { 0, 10000000 };
static void *work(void *arg)
{
	struct worker *self = arg;
	void *pages[8];

	for (int i = 0; i < 8; i++)
		pages[i] = mmap(0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	while (!self->is_told)
		nanosleep(&pause, 0);
	for (int i = 0; i < 8; i++)
		munmap(pages[i], 4096);
	return arg;
}
static void finish(int i)
{
	worker[i].is_told = 1;
	pthread_join(worker[i].thread, 0);
}
static void finish_all(void)
{
	for (int i = 0; i < 400; i += 4)
		finish(i);
}
int main(void)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 << 20); /* too large to be kept */
	atexit(finish_all);
	for (int i = 0; i < 400; i++) {
		if (pthread_create(&worker[i].thread, &attributes, work, &worker[i]))
			return 1;
		nanosleep(&pause, 0);
		if (i % 4)
			finish(i);
	}
	return 0;
}
EOF
cc -g -O1 -pthread pool.c -o pool || exit 2
"$TOOL" run --report=none -o pool.rec -- ./pool 2>run.err
"$TOOL" report pool.rec >report.txt 2>&1
check "threads that end at the exit: report" grep -qE '^growth +\+[0-9,]+ before exit gave back [0-9,]+ at the end: a leak, \+[0-9]+ a second' \
	<<<"$(line growth)"
check "threads that end at the exit: leak" grep -qE '^leak\?? +[0-9,]+ of 3,200 maps by mmap in work pool.c:[0-9]+ are not given back before the end' \
	<<<"$(line leak)"

# What call sites had before the end is recorded where libc or a function that is exported ends the program.
# Of a function with another name (-DQUIET), only those who read the recording learn that; where the peak
# was before the end, the maps are judged together then.
mkdir known quiet
cat >ends.h <<'EOF'
#include <stdlib.h>
#include <sys/mman.h>
static void give_back(void);
static void __attribute__((noinline)) _Py_Finalize(void)
{
	give_back();
	__asm__("");
}
#ifdef QUIET
#define ENDS_WITH(function) (void)0
#define END() _Py_Finalize()
#else
#define ENDS_WITH(function) atexit(function)
#define END() (void)_Py_Finalize
#endif
EOF
cat >apart.c <<'EOF'
#include "ends.h"
static void *held[1000];
static int n;
static void *block(void) { return mmap(0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0); }
static void give_back(void)
{
	while (n)
		munmap(held[--n], 4096);
}
int main(int argc, char **argv)
{
	void *used[400];
	int leak = atoi(argv[1]), most = argc > 2 ? atoi(argv[2]) : 400;

	ENDS_WITH(give_back);
	for (int i = 0; i < most; i++)
		used[i] = block();
	for (int i = 0; i < most; i++)
		if (i < leak)
			held[n++] = used[i];
		else
			munmap(used[i], 4096);
	END();
	return 0;
}
EOF
cc -g -O1 -I. apart.c -o known/apart && cc -g -O1 -I. -DQUIET apart.c -o quiet/apart || exit 2
# green_or_red NAME STATUS OPTIONS… -- PROGRAM…
green_or_red() {
	local name=$1 wanted=$2 status
	shift 2
	"$TOOL" check "$@" >check.txt 2>&1
	status=$?
	if [ $status = "$wanted" ]; then pass "$name"; else fail "$name" "status $status: $(cat check.txt)"; fi
}
for how in known quiet; do
	"$TOOL" check --save=apart.json -- $how/apart 100 >/dev/null 2>&1
	for more in "" --per-site=4; do
		options=(--baseline=apart.json ${more:+"$more"} --)
		green_or_red "given back apart, $how: the same $more" 0 "${options[@]}" $how/apart 100
		green_or_red "given back apart, $how: 10 more $more" $([ $how = known ] && echo 23 || echo 0) \
			"${options[@]}" $how/apart 110
		green_or_red "given back apart, $how: 50 more $more" 23 "${options[@]}" $how/apart 150
		if [ $how = known ]; then
			check "given back apart, known: who $more" grep -q '+50 by mmap in block' check.txt
			check "given back apart, known: when $more" grep -qE \
				'^==[0-9]+==     exit gave back 150 at the end: up to there they were kept$' check.txt
		else
			tr -s ' \n=0-9' ' ' <check.txt >words
			check "given back apart, quiet: said $more" grep -q \
				'apart grew by maps before _Py_Finalize gave back at the end, by in the baseline' words
		fi
		# Where the peak is at the end of one run and not of the other, nothing has changed.
		green_or_red "peak at the end, $how: the same $more" 0 "${options[@]}" $how/apart 100 100
		green_or_red "peak at the end, $how: 20 more $more" 23 "${options[@]}" $how/apart 120 120
	done
done

# A baseline holds what was kept, and who kept it.
"$TOOL" check --save=base.json -- "$TARGETS/torn_down" 100 exit >/dev/null 2>&1
"$TOOL" check --baseline=base.json -- "$TARGETS/torn_down" 100 exit >check.txt 2>&1
if [ $? = 0 ]; then pass "same baseline"; else fail "same baseline" "$(cat check.txt)"; fi
"$TOOL" check --baseline=base.json -- "$TARGETS/torn_down" 200 exit >check.txt 2>&1
if [ $? = 23 ] && grep -q '+100 by mmap in keep' check.txt; then
	pass "more than the baseline" "$(grep -m1 ERROR check.txt)"
else
	fail "more than the baseline" "$(cat check.txt)"
fi

# Where who had what is not recorded, the baseline's peak was before the end, and that of the run was at the
# end or nearly so, call sites are compared by what they have at the true end; those that then had more than
# ever before are named.
cat >cache.c <<'EOF'
#include "ends.h"
static void *cached[100], *held[100];
static int caches, holds;
static void *page(void) { return mmap(0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0); }
#define CALLER(name) __attribute__((noinline)) static void *name(void) { void *p = page(); __asm__(""); return p; }
CALLER(cache)
CALLER(burst)
CALLER(forget)
CALLER(hold)
static void give_back(void)
{
	while (caches)
		munmap(cached[--caches], 4096);
	while (holds)
		munmap(held[--holds], 4096);
}
int main(int argc, char **argv)
{
	void *used[100];
	int most = argc > 4 ? atoi(argv[4]) : 30;

	ENDS_WITH(give_back);
	for (int i = 0; i < atoi(argv[1]); i++)
		cached[caches++] = cache();
	for (int i = 0; i < most; i++)
		used[i] = burst();
	for (int i = 0; i < most; i++)
		munmap(used[i], 4096);
	for (int i = 0; i < atoi(argv[2]); i++)
		forget();
	for (int i = 0; i < atoi(argv[3]); i++)
		held[holds++] = hold();
	END();
	return 0;
}
EOF
cc -g -O1 -fno-ipa-icf -I. cache.c -o known/cache && cc -g -O1 -fno-ipa-icf -I. -DQUIET cache.c -o quiet/cache || exit 2

# names NAME EXPECTED OPTIONS… -- PROGRAM…: the finding about a call site is this, as "+15 forget"; "none": it
# is green
names() {
	local name=$1 expected=$2 seen=none
	shift 2
	"$TOOL" check --format=json --output=check.json "$@" >check.txt 2>&1 ||
		seen=$(jq -r '[.findings[] | "+\(.maps - .base) " + (.stack[1].function? // .rule)] | join(", ")' check.json)
	if [ "$seen" = "$expected" ]; then pass "$name" "$seen"; else fail "$name" "$seen: $(cat check.txt)"; fi
}
echo 'vma:forget' >forget.supp
echo 'vma:hold' >hold.supp
for how in known quiet; do
	for full in 24 12; do
		"$TOOL" check --save=cache.json -- $how/cache $full 0 0 >/dev/null 2>&1
		for more in --per-site=0 --per-site=4 ""; do
			options=(--baseline=cache.json ${more:+"$more"} -- $how/cache)
			name="cache of $full, $how $more"
			names "$name: as before" none "${options[@]}" $full 0 0
			names "$name: peak at the end" none "${options[@]}" $full 0 0 0
			for n in 15 60; do
				names "$name: leak of $n" "+$n forget" "${options[@]}" $full $n 0
				names "$name: $n more given back" "+$n hold" "${options[@]}" $full 0 $n 0
			done
		done
	done
	"$TOOL" check --save=cache.json -- $how/cache 24 0 0 >/dev/null 2>&1
	maps=$([ $how = known ] && echo '24,0' || echo '0,24')
	check "a baseline says who had most, $how" jq -e ".programs[0] | .given_back == 24 and
		([.sites[] | select(.stack[1] == \"cache!cache\") | .maps, .most // 0] == [$maps])" cache.json
	jq 'del(.programs[].given_back, .programs[].sites[].most) |
		.programs[].sites |= map(select(.maps != 0 and .stack[1] != "cache!cache"))' cache.json >older.json
	for base in cache older; do
		named=$([ $base = older ] && echo max-growth || echo hold)
		options=(--baseline=$base.json -- $how/cache)
		names "$base baseline, $how: as before" none "${options[@]}" 24 0 0
		names "$base baseline, $how: peak at the end" none "${options[@]}" 24 0 0 0
		names "$base baseline, $how: leak" "+60 forget" "${options[@]}" 24 60 0
		names "$base baseline, $how: more given back" "+60 $named" "${options[@]}" 24 0 60 0
		options=(--baseline=$base.json --suppressions=hold.supp -- $how/cache)
		names "$base baseline, $how: suppressed maps are given back" none "${options[@]}" 24 0 60 0
	done
	names "a suppressed leak, $how" none --baseline=cache.json --suppressions=forget.supp -- $how/cache 24 60 0
done
"$TOOL" run --report=none -o cache.rec -- known/cache 24 60 0 >/dev/null 2>&1
"$TOOL" diff --format=json cache.json cache.rec >diff.json 2>&1
check "diff compares the same moment" [ "$(jq -c '[.. | objects | select(.stack?) | .stack[1] |
	if type == "object" then .function else . end]' diff.json)" = '["cache!forget"]' ]
finish
