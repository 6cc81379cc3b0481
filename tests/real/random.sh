#!/bin/bash
# SPDX-License-Identifier: MIT
# The table against the kernel: random calls under the library, the whole table compared after
# every call, in one thread and in four, with each way of asking. CALLS=1000000 for the long run,
# SEED to repeat one.
. "$(dirname "$0")/../lib.sh"
CALLS=${CALLS:-100000}
export LIMIT=${LIMIT:-900}

random_run() {
	local ask=$1 threads=$2 dir=$TMP/$1-$2
	local name=random-$ask-${threads}t status answers
	local seed=${SEED:-$((RANDOM * 32768 + RANDOM))}

	traced "$dir" "verify=1:ask=$ask" "$BUILD/tests/random/random_calls" \
		--calls "$CALLS" --seed "$seed" --threads "$threads"
	status=$(cat "$dir/status")
	if [ "$status" != 0 ] || ! grep -q 'calls done' "$dir/out"; then
		fail "$name" "seed $seed, status $status: $(cat "$dir"/log.* "$dir/err" \
			2>/dev/null | head -12 | tr '\n' ' ' | cut -c1-600)"
		return
	fi
	ALLOW=$([ "$threads" = 1 ] || echo relearned lost) judge "$dir"
	answers=$(jq -c '.processes[0].coverage.asked' "$dir/json" 2>/dev/null)
	if [ "$(jq -r ".processes[0].coverage.asked.$ask" "$dir/json" 2>/dev/null)" -gt 0 ] &&
		[ -z "$PROBLEMS" ]; then
		pass "$name" "seed $seed, $CALLS calls, 0 differences, asked $answers; $DETAIL"
	else
		fail "$name" "seed $seed, asked $answers; $PROBLEMS$DETAIL"
	fi
}

for ask in query probe maps; do
	for threads in 1 4; do
		random_run "$ask" "$threads"
	done
done
finish
