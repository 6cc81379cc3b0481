#!/bin/bash
# SPDX-License-Identifier: MIT
# Is vmatrace check ever wrong? Sixteen threads use malloc, with glibc, jemalloc, tcmalloc and
# mimalloc, RUNS times each without a leak and RUNS times with a leak of three maps a round, against
# marks in the program and against a baseline; then real programs. There may be no false alarm, and
# no missed leak. This takes longer than the other tests (twenty minutes with 200 runs on two busy
# processors), so scripts/test.sh does not run it.
#
# The tolerance is two maps of a call site for each thread, because of glibc's malloc: if a thread
# gets an arena late, that is one map by mmap, and two by mprotect at one call site, when the arena
# is made and when it grows first. With one map for each thread there was one false alarm in 200
# runs.
#
#   RUNS=N            runs of each kind (200)
#   TOLERANCE=N       --per-site for both comparisons (32)
#   ALLOCATORS=NAMES  (programs glibc jemalloc tcmalloc mimalloc); programs: real ones, a tenth as often
. "$(dirname "$0")/../lib.sh"
THREADS=$BUILD/tests/cli/check_threads
RUNS=${RUNS:-200}
TOLERANCE=${TOLERANCE:-32}
cd "$TMP" || exit 2
export TMPDIR=$TMP

# run ROUNDS LEAK OPTIONS...: return the exit status of the verdict, which is in ./verdict
run() {
	local rounds=$1 leak=$2
	shift 2
	LD_PRELOAD=$PRELOAD "$TOOL" check --format=json --output=verdict --program=check_threads \
		--per-site="$TOLERANCE" "$@" -- "$THREADS" "$rounds" "$leak" >out 2>err
}

# Does the verdict name the function that leaks, in its source file?
blames_leak() {
	jq -e 'any(.findings[]; .rule == "per-site" and .function == "leak" and
		(.file | endswith("check_threads.c")))' verdict >/dev/null
}

note_alarm() {
	wrong=$((wrong + 1))
	echo "     false alarm: $(jq -r '.findings[0] | .message' verdict 2>/dev/null || head -3 err)"
}

# clean KIND OPTIONS...: also print the largest growth of a call site, to show how near it is to the
# tolerance
clean() {
	local kind=$1 i grown most=0
	wrong=0
	shift
	for ((i = 1; i <= RUNS; i++)); do
		run 20 0 "$@" || note_alarm
		grown=$(jq '.programs[0].growth' verdict)
		[ "${grown:-0}" -le "$most" ] || most=$grown
		[ $((i % 50)) != 0 ] || echo "     $NAME $kind: $i runs, $wrong false alarms"
	done
	check "$NAME-$kind-no-false-alarm" [ "$wrong" = 0 ]
	echo "     grown by at most $most maps in all"
}

leaking() {
	local kind=$1 i
	wrong=0
	shift
	for ((i = 1; i <= RUNS; i++)); do
		run 30 1 "$@"
		[ $? = 23 ] && blames_leak || wrong=$((wrong + 1))
		[ $((i % 50)) != 0 ] || echo "     $NAME $kind: $i leaks, $wrong missed"
	done
	check "$NAME-$kind-no-leak-missed" [ "$wrong" = 0 ]
}

# allocator NAME LIBRARY
allocator() {
	local phase="--from=round --to=done --warmup=3 --max-growth=$((2 * TOLERANCE))"
	NAME=$1
	PRELOAD=$2
	[[ " ${ALLOCATORS:-$NAME} " = *" $NAME "* ]] || return
	[ -z "$1" ] || [ "$1" = glibc ] || [ -e "$2" ] || {
		fail "$NAME" "the library is missing: scripts/setup.sh test"
		return
	}
	# shellcheck disable=SC2086
	{
	clean marks $phase
	leaking marks $phase
	}
	run 20 0 --save=base.json
	clean baseline --baseline=base.json
	leaking baseline --baseline=base.json
}

# program NAME OPTIONS COMMAND...: compare with a baseline of one run; the program was not chosen
# for its constancy.
program() {
	local options=$2 i
	NAME=$1
	wrong=0
	shift 2
	"$TOOL" check --save=program.json -- "$@" >out 2>err </dev/null
	for ((i = 0; i < RUNS / 10; i++)); do
		# shellcheck disable=SC2086
		"$TOOL" check --format=json --output=verdict --baseline=program.json $options -- "$@" \
			>out 2>err </dev/null || note_alarm
	done
	check "$NAME-no-false-alarm" [ "$wrong" = 0 ]
}

# First programs with locales, plug-ins, hash seeds and children; then programs with threads and JIT
# compilers, with a tolerance.
programs() {
	local threads='import concurrent.futures as f
print(sum(f.ThreadPoolExecutor(8).map(lambda x: len(str(x) * 1000), range(2000))))'
	[[ " ${ALLOCATORS:-programs} " = *" programs "* ]] || return
	program perl "" perl -MPOSIX -e 'print strftime("%A", localtime)'
	program python "" /usr/bin/python3 -c 'import ctypes, json, re, sqlite3, unittest'
	program shell "" bash -c 'for i in 1 2 3; do ls / | sort | tail -1; done'
	program git "" git -C "$ROOT" status
	program compiler "" cc -c "$ROOT/tests/cli/check_threads.c" -I"$ROOT/preload" -o compiled.o
	program python-threads --per-site=16 /usr/bin/python3 -c "$threads"
	program node --per-site=16 node -e 'console.log([..."abc"].map(x => x + x))'
	program java --per-site=16 java -version
}

programs
allocator glibc ""
allocator jemalloc "$(library libjemalloc.so.2)"
allocator tcmalloc "$(library libtcmalloc_minimal.so.4)"
allocator mimalloc "$(library libmimalloc.so.2)"
finish
