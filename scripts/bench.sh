#!/bin/bash
# SPDX-License-Identifier: MIT
# What tracing costs: each measurement untraced and traced in turns (u, t, u, t, …), the medians
# and their ratio. Figures of one machine at one time; the ratio is what may be compared.
#
#   scripts/bench.sh [--json] [--pairs N] [NAME...]        BUILD: the build folder
set -u
ROOT=$(cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-$ROOT/build}
LIB=$BUILD/preload/libvmatrace.so
BENCH=$BUILD/tests/bench/bench
PAIRS=7
JSON=
NAMES=
while [ $# -gt 0 ]; do
	case $1 in
	--json) JSON=1 ;;
	--pairs) PAIRS=$2; shift ;;
	-*) echo "usage: scripts/bench.sh [--json] [--pairs N] [NAME...]" >&2; exit 2 ;;
	*) NAMES="$NAMES $1" ;;
	esac
	shift
done
for file in "$LIB" "$BENCH"; do
	[ -e "$file" ] || { echo "$file is missing: ninja -C $BUILD builds it" >&2; exit 2; }
done
ALL="map-touch-unmap map-unmap among-60000 mprotect-flips malloc-free malloc-free-2 thread fork"
ALL+=" true"
NAMES=${NAMES:-$ALL}
unset LD_PRELOAD VMATRACE_OPTIONS

# Target ratios; for true it is milliseconds more, not a ratio.
target() {
	case $1 in
	map-touch-unmap) echo 1.25 ;;
	map-unmap) echo 1.30 ;;
	malloc-free*) echo 1.06 ;;
	*) echo - ;;
	esac
}

# 20 starts of /bin/true, nanoseconds each
time_true() {
	local start i
	start=$(date +%s%N)
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		/bin/true
	done
	echo $((($(date +%s%N) - start) / 20))
}

once() {	# NAME [traced]
	local options=report=0
	if [ "$1" = true ]; then
		enable -n true 2>/dev/null
		if [ -n "${2:-}" ]; then
			(export LD_PRELOAD=$LIB VMATRACE_OPTIONS=$options; time_true_preloaded)
		else
			time_true
		fi
	elif [ -n "${2:-}" ]; then
		LD_PRELOAD=$LIB VMATRACE_OPTIONS=$options "$BENCH" "$1"
	else
		"$BENCH" "$1"
	fi
}

# date must not be traced, or its start-up would be measured as well
time_true_preloaded() {
	local start i lib=$LD_PRELOAD
	unset LD_PRELOAD
	start=$(date +%s%N)
	export LD_PRELOAD=$lib
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		/bin/true
	done
	unset LD_PRELOAD
	echo $((($(date +%s%N) - start) / 20))
}

median() {
	sort -n | awk '{ v[NR] = $1 }
		END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

measure() {
	local name=$1 untraced=() traced=() i ratios
	for ((i = 0; i < PAIRS; i++)); do
		untraced+=("$(once "$name")")
		traced+=("$(once "$name" traced)")
	done
	ratios=$(for ((i = 0; i < PAIRS; i++)); do
		awk -v t="${traced[i]:-0}" -v u="${untraced[i]:-0}" 'BEGIN { print u ? t / u : 0 }'
	done | median)
	echo "$name $(printf '%s\n' "${untraced[@]}" | median)" \
		"$(printf '%s\n' "${traced[@]}" | median) $ratios $(target "$name")"
}

results=
[ -n "$JSON" ] ||
	printf '%-18s %14s %14s %8s %8s\n' measurement "untraced ns" "traced ns" ratio target
for name in $NAMES; do
	line=$(measure "$name")
	results+=$line$'\n'
	[ -n "$JSON" ] || echo "$line" |
		awk '{ printf "%-18s %14.1f %14.1f %8.3f %8s\n", $1, $2, $3, $4, $5 }'
done
if [ -n "$JSON" ]; then
	printf '%s' "$results" | awk -v pairs="$PAIRS" '
		BEGIN { printf "{ \"schema\": \"vmatrace.bench/1\", \"pairs\": %d, ", pairs
			printf "\"results\": [" }
		{ printf "%s\n  { \"name\": \"%s\", \"untraced_ns\": %s, \"traced_ns\": %s, " \
			"\"ratio\": %s, \"target\": %s }",
			(NR > 1 ? "," : ""), $1, $2, $3, $4, ($5 == "-" ? "null" : $5) }
		END { print "\n] }" }'
fi
