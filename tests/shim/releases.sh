#!/bin/bash
# SPDX-License-Identifier: MIT
# A kernel that the library's rules were never tried on, since it is newer or older, or since its
# release says nothing: the kernel is asked wherever maps may have merged, a note says so, and the
# table is right after every call.
. "$(dirname "$0")/../lib.sh"
CALLS=1000
NOTE="not tested on this version of Linux"

# under RELEASE: random calls under the library; sets STATUS, NOTES (their number) and DERIVED, the
# number of calls that it took no question to understand
under() {
	local dir=$TMP/release${1//[^a-z0-9]/_}
	mkdir -p "$dir/rec"
	timeout -k 5 120 "$TARGETS/other_release" "$1" env LD_PRELOAD="$LIB" \
		VMATRACE_OPTIONS="verify=1:log_path=$dir/log:dir=$dir/rec" \
		"$BUILD/tests/random/random_calls" --calls "$CALLS" --seed 1 >"$dir/out" 2>&1
	STATUS=$?
	"$TOOL" report --format=json "$dir/rec" >"$dir/json" 2>>"$dir/out"
	NOTES=$(jq --arg note "$NOTE" '[.processes[].coverage.notes[] | select(contains($note))] |
		length' "$dir/json")
	DERIVED=$(jq '[.processes[].coverage.derived] | add' "$dir/json")
	WRONG=$(cat "$dir"/out "$dir"/log.* 2>/dev/null | grep -i -m1 -A3 differ | tr '\n' ' ')
	FIGURES="status $STATUS, $NOTES notes, $DERIVED of $CALLS calls without a question"
}

# The rules of the newest kernel may be false here, where another one runs; those of the oldest hold
# on all.
tried() {	# RELEASE
	under "$1"
	[ "$NOTES" = 0 ] && [ "${DERIVED:-0}" -gt 0 ] && pass "tried_$1" "$FIGURES" ||
		fail "tried_$1" "$FIGURES"
}

untried() {	# NAME RELEASE
	under "$2"
	[ "$STATUS" = 0 ] && [ "$NOTES" = 1 ] && [ -z "$WRONG" ] &&
		[ "${DERIVED:-$CALLS}" -lt $((FEWEST * 4 / 5)) ] && pass "untried_$1" "$2: $FIGURES" ||
		fail "untried_$1" "$2: $FIGURES, wanted 0, 1, and far fewer than $FEWEST; $WRONG"
}

limit() {	# NAME
	sed -n "s/^#define VMT_KERNEL_${1}_TRIED *VMT_KERNEL(\([0-9]*\), \([0-9]*\))/\1 \2/p" \
		"$ROOT/preload/core/base/kernel.h"
}

read -r old_major old_minor < <(limit OLDEST)
read -r major minor < <(limit NEWEST)
tried "$old_major.$old_minor.0-amd64"
FEWEST=${DERIVED:-0}
[ "$STATUS" = 0 ] || fail rules_of_the_oldest "$WRONG"
tried "$major.$minor.99-amd64"
untried newer "$major.$((minor + 1)).0-rc1"
untried far_newer 100.0
untried older "$old_major.$((old_minor - 1)).19"
# What gVisor calls itself, which maps memory in ways of its own; and personality(UNAME26).
untried by_another 4.4.0
untried uname26 2.6.78
untried nameless "a kernel"
finish
