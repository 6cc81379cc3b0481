#!/bin/bash
# SPDX-License-Identifier: MIT
# Install what is missing, build, and run every test: unit tests, then the library under target
# programs and real programs. Prints a line per test, and at the end the lines of those that failed
# once more and "N passed, N failed"; succeeds only if none failed. About 12 minutes on two cores.
# Two parts run at a time (JOBS), and the lines of each are printed when it has ended.
#
#   scripts/test.sh            everything
#   scripts/test.sh quick      what finds most mistakes, in less than two minutes
#   scripts/test.sh PART...    these parts
#   scripts/test.sh --for FILE...
#                              name the parts that are about these files (tests/parts.txt)
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -u
. "$(dirname "$0")/usage.sh"
ROOT=$(cd "$(dirname "$0")/.." && pwd)
export BUILD=${BUILD:-$ROOT/build}
# Those that take longest come first, so that neither of two that run at a time waits for the other in
# the end.
ALL="
house
readme
unit
mutants
killed
hangs
recordings
targets
kernel
model
dist
filters
report
causes
ci
sites
check
html
random
doors
run
export
fleet
merge
symbols
top
terminal
install
suppressions
diff
limits
frames
jumps
bursts
leaks
owners
alarms
renamed
self
maps
patterns
try
growth
teardown
hosts
scripts
neighbours
library
musl
stacks
harmless
descriptors
errno
efence
allocators
reasons
releases
jit
python
children
deaths
ends
golden
unwind
programs
cases
bench
"
QUICK="house unit doors library errno report check golden"

help() {
	usage
	echo "Parts: $(echo $ALL)" | fold -s -w 80
}

# parts_of FILE: the parts on the first line of tests/parts.txt whose pattern fits
parts_of() {
	local file=${1#"$ROOT"/} pattern parts
	file=${file#./}
	while read -r pattern parts; do
		# shellcheck disable=SC2254
		case $file in
		$pattern) echo "house unit $parts" && return ;;
		esac
	done < <(grep -v '^#' "$ROOT/tests/parts.txt")
	for part in $ALL; do
		case $file in
		tests/"$part".sh | tests/*/"$part".sh | tests/"$part"/*) echo "house $part" && return ;;
		esac
	done
	echo "house unit"
}

if [ "${1:-}" = --for ]; then
	shift
	[ $# -gt 0 ] || {
		echo "test.sh: --for needs a file, such as tools/check/verdict.c" >&2
		exit 2
	}
	missing=0
	for file; do
		[ -e "$file" ] || [ -e "$ROOT/$file" ] || {
			echo "test.sh: there is no file $file" >&2
			missing=2
		}
	done
	parts=$(for file; do parts_of "$file"; done | tr ' ' '\n' | awk '!seen[$0]++')
	# shellcheck disable=SC2086
	echo "scripts/test.sh" $parts
	[ $missing = 0 ] && echo "FAST=1 before it leaves out the builds of the part house, which take some minutes." >&2
	exit $missing
fi

# Check the arguments before anything is built.
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
	-h | --help) help && exit 0 ;;
	all) PARTS+=" $ALL" ;;
	quick) PARTS+=" $QUICK" && export FAST=1 ;;
	*) PARTS+=" $part" ;;
	esac
done
JOBS=${JOBS:-2}
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

"$ROOT/scripts/setup.sh" test || exit 1
# Configure again, since programs that were missing may be installed by now. A new build folder makes
# warnings errors, so that the part house need not build the same again to see that there are none.
# If there are some, everything else is tested all the same.
how=--werror
[ ! -f "$BUILD/build.ninja" ] || how=--reconfigure
meson setup $how "$BUILD" "$ROOT" || exit 1
ninja -C "$BUILD" || {
	[ $how = --werror ] && meson configure "$BUILD" -Dwerror=false && ninja -C "$BUILD"
} || exit 1

# The script of a part has its name, with few exceptions.
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

# sum PART PASSED FAILED
sum() {
	echo "$2 $3" >"$results/$1.sum"
}

# A part prints at its end how many tests passed; one that does not counts as one test, by its
# status.
run_part() {
	local output=$results/$1.out last status
	# shellcheck disable=SC2046
	(cd "$ROOT" && $(command_of "$1")) >"$output" 2>&1
	status=$?
	last=$(tail -1 "$output")
	if echo "$last" | grep -qE '^[0-9]+ passed, [0-9]+ failed$'; then
		sum "$1" "$(echo "$last" | cut -d' ' -f1)" "$(echo "$last" | cut -d' ' -f3)"
	elif [ "$status" = 0 ]; then
		sum "$1" 1 0
	else
		echo "FAIL $1 ended with status $status" >>"$output"
		sum "$1" 0 1
	fi
	grep '^FAIL ' "$output" | sed "s/^FAIL /FAIL $1: /" >"$results/$1.failures"
}

run_unit() {
	local output=$results/unit.out ok failed
	meson test -C "$BUILD" --print-errorlogs --num-processes 2 >"$output" 2>&1
	ok=$(awk '/^Ok:/ { n = $2 } END { print n + 0 }' "$output")
	failed=$(awk '/^(Fail|Timeout|Unexpected Pass):/ { n += $NF } END { print n + 0 }' "$output")
	grep -q '^Ok:' "$output" || failed=$((failed + 1))
	sum unit "$ok" "$failed"
	grep -E '^ *[0-9]+/[0-9]+ .* (FAIL|ERROR|TIMEOUT|INTERRUPT)' "$output" | sort -u |
		sed 's/^/FAIL unit: /' >"$results/unit.failures"
}

# Only one part at a time may print.
run() {
	local began=$SECONDS
	if [ "$1" = unit ]; then run_unit; else run_part "$1"; fi
	(
		flock 9
		echo "== $1 (from $began to $SECONDS s)"
		cat "$results/$1.out"
	) 9>"$results/printing"
}

for part in $PARTS; do
	command_of "$part" >/dev/null || [ "$part" = unit ] || {
		echo "no part is called $part" >&2
		exit 2
	}
	while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do wait -n; done
	run "$part" &
done
wait
echo "== all parts ended (after $SECONDS s)"
passed=$(cat "$results"/*.sum | awk '{ n += $1 } END { print n + 0 }')
failed=$(cat "$results"/*.sum | awk '{ n += $2 } END { print n + 0 }')
for part in $PARTS; do
	cat "$results/$part.failures"
	[ -s "$results/$part.sum" ] && continue
	echo "FAIL $part: no result"
	failed=$((failed + 1))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
