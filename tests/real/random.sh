#!/bin/bash
# SPDX-License-Identifier: MIT
# The table against the kernel: random calls of every kind under the library, with the whole table
# compared after every call, in one thread, in four, and in forks whose child goes on; with each way
# of asking, and once more with the kernel asked wherever maps may merge. SEED repeats a run; CALLS
# is the number for each.
#
#   tests/real/random.sh [TOTAL]    go on with other seeds until TOTAL calls are made, and
#                                   print a line after each round; 10000000 takes hours
. "$(dirname "$0")/../lib.sh"
CALLS=${CALLS:-12000}
TOTAL=${1:-0}
export LIMIT=${LIMIT:-900}
DONE=0

# random_run ASK THREADS FORKS [DERIVE]
random_run() {
	local ask=$1 threads=$2 forks=$3 derive=${4:-full} dir=$TMP/run
	local name=random-$ask-${threads}t-${forks}f-$derive status answers
	local seed=${SEED:-$((RANDOM * 32768 + RANDOM))}

	rm -rf "$dir"
	traced "$dir" "verify=1:ask=$ask:derive=$derive" "$BUILD/tests/random/random_calls" \
		--calls "$CALLS" --seed "$seed" --threads "$threads" \
		--forks $((forks ? CALLS / (forks + 1) + 1 : 0))
	status=$(cat "$dir/status")
	DONE=$((DONE + CALLS))
	if [ "$status" != 0 ] || ! grep -q 'calls done' "$dir/out"; then
		fail "$name" "seed $seed, status $status: $(cat "$dir"/log.* "$dir/err" \
			2>/dev/null | head -12 | tr '\n' ' ' | cut -c1-600)"
		return
	fi
	ALLOW=$([ "$threads" = 1 ] || echo relearned lost) judge "$dir"
	[ "$(wc -l <"$dir/table")" = $((forks + 1)) ] || PROBLEMS+="not $forks children; "
	answers=$(jq -c '.processes[0].coverage.asked' "$dir/json" 2>/dev/null)
	if [ "$(jq "[.processes[].coverage.asked.$ask] | min" "$dir/json" 2>/dev/null)" -gt 0 ] &&
		[ -z "$PROBLEMS" ]; then
		pass "$name" "seed $seed, $CALLS calls, 0 differences, asked $answers; $DETAIL"
	else
		fail "$name" "seed $seed, asked $answers; $PROBLEMS$DETAIL"
	fi
}

round() {
	local ask
	for ask in query probe maps; do
		random_run "$ask" 1 0
		random_run "$ask" 4 0
	done
	random_run query 1 6
	random_run query 1 0 plain
	random_run query 4 0 plain
}

if [ "$TOTAL" = 0 ]; then
	round
	finish
fi
while [ "$DONE" -lt "$TOTAL" ] && [ "$FAILED" = 0 ]; do
	round >"$TMP/round"
	grep FAIL "$TMP/round"
	FAILED=$((FAILED + $(grep -c FAIL "$TMP/round")))
	echo "$(date +%T) $DONE of $TOTAL calls, $FAILED runs failed"
done
finish
