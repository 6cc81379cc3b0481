#!/bin/bash
# SPDX-License-Identifier: MIT
# Nobody hangs: programs that stop, interrupt, or jump out of a thread in the middle of its memory
# calls. Each must make progress and end, with a table that is true. Rates are printed as
# traced/untraced for one pair of runs. They vary on a busy machine, so they are not judged. A run
# that takes too long has hung, and fails.
. "$(dirname "$0")/../lib.sh"
export TARGET_RATE=1 LIMIT=60

rate() {	# FILE NAME
	awk -v name="$2" '$1 == "rate" && $2 == name { print $3 }' "$1"
}

never_hangs() {	# TARGET ARGUMENTS...
	local name=$1 dir=$TMP/$1 run problem= rates= what untraced traced
	shift
	plain "$dir/plain" "$TARGETS/$name" "$@"
	traced "$dir/traced" "" "$TARGETS/$name" "$@"
	traced "$dir/verify" "verify=20:report=0" "$TARGETS/$name" "$@"
	for run in plain traced verify; do
		[ "$(cat "$dir/$run/status")" = 0 ] ||
			problem+="$run: status $(cat "$dir/$run/status") $(cat \
				"$dir/$run"/log.* "$dir/$run/err" 2>/dev/null | head -3 |
				tr '\n' ' ' | cut -c1-200); "
		grep -v '^rate' "$dir/$run/out" >"$dir/$run/words"
		cmp -s "$dir/plain/words" "$dir/$run/words" || problem+="$run: other output; "
	done
	for what in $(awk '$1 == "rate" { print $2 }' "$dir/plain/out"); do
		untraced=$(rate "$dir/plain/out" "$what")
		traced=$(rate "$dir/traced/out" "$what")
		[ "${traced:-0}" -gt 0 ] || problem+="no $what; "
		rates+="$what $(awk -v t="${traced:-0}" -v u="$untraced" \
			'BEGIN { printf "%.2f", u ? t / u : 0 }') "
	done
	ALLOW="unseen relearned lost" judge "$dir/traced"
	if [ -z "$problem$PROBLEMS" ]; then
		pass "$name" "rates: $rates; $DETAIL"
	else
		fail "$name" "$problem$PROBLEMS rates: $rates; $DETAIL"
	fi
}

never_hangs stop_the_world
never_hangs boehm_incremental
never_hangs siglongjmp_out
never_hangs timer_maps "${SECONDS_OF_TIMER:-10}"
never_hangs nested_in_signal
VERIFY=20 same_and_true userfault_monitor "$TARGETS/userfault_monitor"
finish
