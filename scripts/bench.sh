#!/bin/bash
# SPDX-License-Identifier: MIT
# What tracing costs. Every measurement is made untraced and traced in turns (a b, b a, a b, …). The
# result is the median of the pairs' ratios with its quartiles, beside its budget. Times hold for one
# machine at one time only; compare ratios and instruction counts.
#
#   scripts/bench.sh [OPTIONS] [PART...]              BUILD: the build folder
#
# As root, it raises vm.max_map_count while there are a million maps. `scripts/setup.sh bench` installs
# the programs and peers that are measured; missing ones are named and left out.
#
#   parts: calls threads programs stacks tools scale counts (all of them when none is named), peers
#   --pairs N        pairs of each measurement (9); up to three times as many of one that takes less
#                    than 3 seconds
#   --quick          a hundredth of the rounds: to see that it works, not to measure
#   --only PATTERN   only measurements whose name fits, like 'map-*'
#   --peers          the same as part peers, besides the others
#   --compare REV    the library and tool of another revision against these, both traced
#   --json FILE      all figures, with the machine, as JSON
#   --readme         put the tables into README.md and doc/cost.md (only from a run with nothing
#                    beside it)
#   --strict         fail when a budget is not met
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -u
. "$(dirname "$0")/usage.sh"
export LC_ALL=C
unset LD_PRELOAD VMATRACE_OPTIONS
ROOT=$(cd "$(dirname "$0")/.." && pwd)
[[ " $* " != *" --help "* && " $* " != *" -h "* ]] || { usage; exit 0; }
BUILD=$(cd "${BUILD:-$ROOT/build}" 2>/dev/null && pwd) || {
	echo "no build folder: meson setup build && ninja -C build" >&2
	exit 2
}
LIB_A=
LIB_B=$BUILD/preload/libvmatrace.so
LIB_STACKS=$BUILD/tests/bench/libvmatrace-stack-times.so
TOOL_A=
TOOL_B=$BUILD/tools/vmatrace
BENCH=$BUILD/tests/bench/bench
SPEND=$BUILD/tests/bench/spend
PAIRS=9
SPARE=3
QUICK= ONLY='*' JSON= README= STRICT= REVISION=
PARTS=

while [ $# -gt 0 ]; do
	case $1 in
	--pairs) PAIRS=${2:?} && shift ;;
	--quick) QUICK=1 SPARE=0 ;;
	--only) ONLY=${2:?} && shift ;;
	--peers) PARTS+=" +peers" ;;
	--compare) REVISION=${2:?} && shift ;;
	--json) JSON=${2:?} && shift ;;
	--readme) README=1 ;;
	--strict) STRICT=1 ;;
	calls | threads | programs | stacks | tools | scale | counts | peers) PARTS+=" $1" ;;
	-h | --help) usage && exit 0 ;;
	*) usage >&2 && exit 2 ;;
	esac
	shift
done
case $PARTS in
*' '[a-z]*) PARTS=${PARTS//+/} ;;
*) PARTS="calls threads programs stacks tools scale counts${PARTS//+/}" ;;
esac
for file in "$LIB_B" "$TOOL_B" "$BENCH" "$SPEND"; do
	[ -e "$file" ] || { echo "$file is missing: ninja -C $BUILD builds it" >&2; exit 2; }
done

TMP=$(mktemp -d "${TMPDIR:-/tmp}/vmatrace-bench.XXXXXX")
chmod 755 "$TMP"	# servers run as somebody else
clean_up() {
	stop_servers
	restore_limit
	remove_group
	[ -z "$REVISION" ] || git -C "$ROOT" worktree remove --force "$TMP/base" 2>/dev/null
	[ -z "${KEEP:-}" ] || { echo "kept: $TMP" >&2; return; }
	rm -rf "$TMP"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

. "$ROOT/tests/bench/lib.sh"
for part in calls threads programs stacks tools scale counts peers; do
	. "$ROOT/tests/bench/$part.sh"
done

# Build the other revision in the same way.
build_base() {
	local type
	type=$(meson introspect "$BUILD" --buildoptions |
		jq -r '.[] | select(.name == "buildtype").value')
	git -C "$ROOT" worktree add --quiet --detach "$TMP/base" "$REVISION" &&
		meson setup "$TMP/base/build" "$TMP/base" --buildtype "$type" >"$TMP/base.log" &&
		ninja -C "$TMP/base/build" preload/libvmatrace.so tools/vmatrace \
			>>"$TMP/base.log" || {
		tail -5 "$TMP/base.log" >&2
		exit 2
	}
	LIB_A=$TMP/base/build/preload/libvmatrace.so
	TOOL_A=$TMP/base/build/tools/vmatrace
	A=$REVISION B=this
}

A=untraced B=traced
[ -z "$REVISION" ] || build_base
: >"$TMP/results"
describe_machine
for part in $PARTS; do
	"bench_$part"
done
finish_bench
