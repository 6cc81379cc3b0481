#!/bin/bash
# SPDX-License-Identifier: MIT
# Install what is missing, build, and run every test: unit tests, then the library under target
# programs and real programs. Prints a line per test, and at the end "N passed, N failed"; succeeds
# only if none failed. About ten minutes on two cores.
#
#   scripts/test.sh [PART...]
#   parts: house unit model doors run report top check maps patterns library harmless targets hangs efence reasons killed random
#          mutants programs bench readme
set -u
ROOT=$(cd "$(dirname "$0")/.." && pwd)
export BUILD=${BUILD:-$ROOT/build}
ALL="house unit model doors run report top check maps patterns library harmless targets hangs efence reasons killed random"
ALL+=" mutants programs bench readme"
PARTS=${*:-$ALL}
passed=0
failed=0

"$ROOT/scripts/setup.sh" test || exit 1
# Configured again: what was missing before may be installed by now.
reconfigure=
[ ! -f "$BUILD/build.ninja" ] || reconfigure=--reconfigure
meson setup $reconfigure "$BUILD" "$ROOT" || exit 1
ninja -C "$BUILD" || exit 1

command_of() {
	case $1 in
	doors) echo "sh tests/capture/run.sh" ;;
	run | report | top) echo "sh tests/cli/$1.sh $BUILD/tools/vmatrace" ;;
	check | maps | patterns) echo "tests/cli/$1.sh" ;;
	library | harmless | targets | hangs | efence | reasons | killed) echo "tests/shim/$1.sh" ;;
	random | programs) echo "tests/real/$1.sh" ;;
	mutants | house | readme | bench) echo "tests/$1.sh" ;;
	model) echo "sh tests/model/mutants.sh" ;;
	*) return 1 ;;
	esac
}

# A part says at its end how many passed; one that does not counts as one, by its status.
run_part() {
	local command output status
	command=$(command_of "$1") || {
		echo "no part is called $1" >&2
		exit 2
	}
	echo "== $1"
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
		echo "FAIL $1 ended with status $status"
		failed=$((failed + 1))
	fi
	rm -f "$output"
}

run_unit() {
	local output
	echo "== unit"
	output=$(mktemp)
	meson test -C "$BUILD" --print-errorlogs --num-processes 2 2>&1 | tee "$output"
	passed=$((passed + $(awk '/^Ok:/ { n = $2 } END { print n + 0 }' "$output")))
	failed=$((failed + $(awk '/^(Fail|Timeout|Unexpected Pass):/ { n += $NF }
		END { print n + 0 }' "$output")))
	grep -q '^Ok:' "$output" || failed=$((failed + 1))
	rm -f "$output"
}

for part in $PARTS; do
	if [ "$part" = unit ]; then run_unit; else run_part "$part"; fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
