#!/bin/bash
# SPDX-License-Identifier: MIT
# Run each fuzz target under libFuzzer with the address and undefined behaviour sanitizers, one after
# the other, for ten minutes each by default. Inputs that crash are kept in BUILD/crashes; a line each
# minute shows the progress. Ends with "N passed, N failed". Needs clang.
#
#   scripts/fuzz.sh [SECONDS [TARGET...]]
#   BUILD    the build folder (default: build-fuzz), which also keeps the corpus between runs
#   KEEP=1   afterwards add inputs with new coverage to tests/fuzz/corpus, minimised
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -u
. "$(dirname "$0")/usage.sh"
no_options "$@"
ROOT=$(cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-$ROOT/build-fuzz}
SECONDS_EACH=${1:-600}
shift $(($# > 0))
ALL=$(sed -n "s/^fuzz_targets = \[\(.*\)\]/\1/p" "$ROOT/tests/fuzz/meson.build" | tr -d "',")
TARGETS=${*:-$ALL}
LENGTH_MAX=16384
passed=0
failed=0
unset DEBUGINFOD_URLS VMATRACE_OPTIONS LD_PRELOAD
# The tools end when memory runs out; an input must not cause this.
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=0
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

build() {
	local target names=()

	command -v clang >/dev/null || { echo "please install clang" >&2; exit 1; }
	[ -f "$BUILD/build.ninja" ] || CC=clang meson setup "$BUILD" "$ROOT" -Dfuzzer=true \
		-Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized || exit 1
	for target in $TARGETS; do names+=("tests/fuzz/fuzz-$target"); done
	ninja -C "$BUILD" -j2 "${names[@]}" tests/fuzz/seed.vmt || exit 1
}

# Print one line a minute of the many that libFuzzer prints.
progress() {
	local line due=0

	while read -r line; do
		case $line in
		*ERROR* | *"broken promise"* | *"runtime error"*) ;;
		'#'[0-9]*) [ $SECONDS -ge $due ] || continue; due=$((SECONDS + 60)) ;;
		*) continue ;;
		esac
		echo "  $1: $line"
	done
}

fuzz() {
	local target=$1 corpus=$BUILD/corpus/$1 log=$BUILD/$1.log status runs
	mkdir -p "$corpus" "$BUILD/crashes"
	case $target in recording | report) cp "$BUILD/tests/fuzz/seed.vmt" "$corpus/seed" ;; esac
	"$BUILD/tests/fuzz/fuzz-$target" -max_total_time="$SECONDS_EACH" -max_len=$LENGTH_MAX \
		-timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -use_value_profile=1 \
		-artifact_prefix="$BUILD/crashes/$target-" \
		"$corpus" "$ROOT/tests/fuzz/corpus/$target" 2>&1 | tee "$log" |
		progress "$target"
	status=${PIPESTATUS[0]}
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	if [ "$status" = 0 ]; then
		passed=$((passed + 1))
		echo "ok   $target: $runs runs in $SECONDS_EACH s, nothing found"
	else
		failed=$((failed + 1))
		echo "FAIL $target: $(grep -m1 -E 'ERROR|broken promise|runtime error' "$log"); see $log"
	fi
}

# Keep the smallest inputs that together cover as much as all of them, without long ones.
keep() {
	local target=$1 kept=$ROOT/tests/fuzz/corpus/$1 small=$BUILD/small/$1
	rm -rf "$small"
	mkdir -p "$small"
	"$BUILD/tests/fuzz/fuzz-$target" -merge=1 -max_len=4096 "$small" "$kept" "$BUILD/corpus/$target" \
		>/dev/null 2>&1
	find "$small" -type f -size -4 | sort -R --random-source=/dev/zero | head -24 |
		xargs -r cp -t "$kept"
}

build
for target in $TARGETS; do
	fuzz "$target"
	[ -z "${KEEP:-}" ] || keep "$target"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
