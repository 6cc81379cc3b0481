#!/bin/bash
# SPDX-License-Identifier: MIT
# Does a thread that populates 1 GiB delay the memory calls of another thread longer under the
# library than without it? The test runs both in turns, ROUNDS times, prints the longest and the
# mean time of the other thread's calls, and fails if the median of the longest is more than twice
# as long. It needs 1.5 GiB of memory and an idle machine, and is not a part of scripts/test.sh.
. "$(dirname "$0")/../lib.sh"
export TARGET_RATE=1 LIMIT=300
ROUNDS=${ROUNDS:-5}

value() {	# DIR NAME
	awk -v name="$2" '$1 == "rate" && $2 == name { print $3 }' "$1/out"
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

for round in $(seq "$ROUNDS"); do
	plain "$TMP/plain$round" "$TARGETS/populate"
	traced "$TMP/traced$round" report=0 "$TARGETS/populate"
	echo "round $round: longest $(value "$TMP/plain$round" longest_us) us plain," \
		"$(value "$TMP/traced$round" longest_us) us traced; mean" \
		"$(value "$TMP/plain$round" mean_ns) and $(value "$TMP/traced$round" mean_ns) ns"
done
plain=$(for round in $(seq "$ROUNDS"); do value "$TMP/plain$round" longest_us; done | median)
traced=$(for round in $(seq "$ROUNDS"); do value "$TMP/traced$round" longest_us; done | median)
if [ -n "$plain" ] && [ -n "$traced" ] && [ "$traced" -le $((2 * plain)) ]; then
	pass populate_stalls "longest call, median: $plain us plain, $traced us traced"
else
	fail populate_stalls "longest call, median: $plain us plain, $traced us traced"
fi
finish
