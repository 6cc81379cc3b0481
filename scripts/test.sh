#!/bin/bash
# SPDX-License-Identifier: MIT
# Install what is missing, build, and run every test: unit tests, then the library under target
# programs and real programs. Prints a line per test, and at the end the lines of those that failed
# once more and "N passed, N failed"; succeeds only if none failed. About 25 minutes on two cores.
#
#   scripts/test.sh            everything
#   scripts/test.sh quick      what finds most mistakes, in less than two minutes
#   scripts/test.sh PART...    these parts
set -u
ROOT=$(cd "$(dirname "$0")/.." && pwd)
export BUILD=${BUILD:-$ROOT/build}
ALL="
house
unit
model
doors
run
report
export
symbols
top
terminal
install
dist
check
limits
frames
bursts
leaks
alarms
ci
self
maps
patterns
causes
growth
neighbours
library
musl
stacks
harmless
descriptors
errno
sites
targets
hangs
efence
allocators
reasons
jit
filters
deaths
ends
killed
recordings
golden
random
kernel
mutants
unwind
programs
cases
bench
readme
"
QUICK="house unit doors library errno report check golden"

usage() {
	sed -n '3,/^set/ { /^set/d; s/^# \{0,1\}//; p; }' "$0"
	echo "Parts: $(echo $ALL)" | fold -s -w 80
}

# What is asked for, before anything is built.
PARTS=
for part in "${@:-all}"; do
	case " $(echo $ALL) all quick -h --help " in
	*" $part "*) ;;
	*)
		echo "test.sh: there is no part '$part'; scripts/test.sh --help lists them" >&2
		exit 2
		;;
	esac
	case $part in
	-h | --help) usage && exit 0 ;;
	all) PARTS+=" $ALL" ;;
	quick) PARTS+=" $QUICK" && export FAST=1 ;;
	*) PARTS+=" $part" ;;
	esac
done
passed=0
failed=0
failures=$(mktemp)
trap 'rm -f "$failures"' EXIT

"$ROOT/scripts/setup.sh" test || exit 1
# Configured again: what was missing before may be installed by now.
reconfigure=
[ ! -f "$BUILD/build.ninja" ] || reconfigure=--reconfigure
meson setup $reconfigure "$BUILD" "$ROOT" || exit 1
ninja -C "$BUILD" || exit 1

# The script of a part is called like it, with few exceptions.
command_of() {
	local script
	case $1 in
	doors) echo "sh tests/capture/run.sh" ;;
	model) echo "sh tests/model/mutants.sh" ;;
	run | report | symbols | top) echo "sh tests/cli/$1.sh $BUILD/tools/vmatrace" ;;
	*)
		for script in tests/"$1".sh tests/{cli,shim,real,golden}/"$1".sh; do
			[ -x "$ROOT/$script" ] && echo "$script" && return
		done
		return 1
		;;
	esac
}

# A part says at its end how many passed; one that does not counts as one, by its status.
run_part() {
	local command output status
	command=$(command_of "$1") || {
		echo "no part is called $1" >&2
		exit 2
	}
	echo "== $1 (after $SECONDS s)"
	output=$(mktemp)
	# shellcheck disable=SC2086
	(cd "$ROOT" && $command) 2>&1 | tee "$output"
	status=${PIPESTATUS[0]}
	if tail -1 "$output" | grep -qE '^[0-9]+ passed, [0-9]+ failed$'; then
		passed=$((passed + $(tail -1 "$output" | cut -d' ' -f1)))
		failed=$((failed + $(tail -1 "$output" | cut -d' ' -f3)))
	elif [ "$status" = 0 ]; then
		passed=$((passed + 1))
	else
		echo "FAIL $1 ended with status $status" | tee -a "$output"
		failed=$((failed + 1))
	fi
	grep '^FAIL ' "$output" | sed "s/^FAIL /FAIL $1: /" >>"$failures"
	rm -f "$output"
}

run_unit() {
	local output
	echo "== unit (after $SECONDS s)"
	output=$(mktemp)
	meson test -C "$BUILD" --print-errorlogs --num-processes 2 2>&1 | tee "$output"
	passed=$((passed + $(awk '/^Ok:/ { n = $2 } END { print n + 0 }' "$output")))
	failed=$((failed + $(awk '/^(Fail|Timeout|Unexpected Pass):/ { n += $NF }
		END { print n + 0 }' "$output")))
	grep -q '^Ok:' "$output" || failed=$((failed + 1))
	grep -E '^ *[0-9]+/[0-9]+ .* (FAIL|ERROR|TIMEOUT|INTERRUPT)' "$output" | sort -u |
		sed 's/^/FAIL unit: /' >>"$failures"
	rm -f "$output"
}

for part in $PARTS; do
	if [ "$part" = unit ]; then run_unit; else run_part "$part"; fi
done
echo "== all parts ended (after $SECONDS s)"
cat "$failures"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
