#!/bin/bash
# SPDX-License-Identifier: MIT
# Why neighbours have not merged: a program makes pairs at random, and knows in which attributes
# they differ. Each reason that the tool gives must be one of these: from maps and smaps, from a
# recording while the program runs, and from one after its end, when flags are not known.
#
#   SEED, PAIRS   of the first round (random, 2000)       ROUNDS (2)
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2
CHECK=$BUILD/tests/cli/neighbours_check

# compare NAME FILES...
compare() {
	local name=$1 said
	shift
	said=$("$CHECK" pairs "$@" 2>&1)
	if [ $? = 0 ]; then pass "$name" "$said"; else fail "$name" "seed $seed: $said"; fi
}

round() {
	local pid= job
	mkdir -p rec
	rm -f input rec/*
	mkfifo input
	: >ready
	env LD_PRELOAD="$LIB" VMATRACE_OPTIONS=dir=rec:report=0 \
		"$TARGETS/neighbours" pairs "${PAIRS:-2000}" "$seed" <input >ready 2>err &
	job=$!
	exec 9>input
	wait_ready $job
	if [ -z "$pid" ]; then
		fail "seed $seed" "$(head -c 200 err)"
		exec 9>&-
		return
	fi
	compare "smaps and numa_maps" "/proc/$pid/smaps" "/proc/$pid/numa_maps"
	compare "maps alone" "/proc/$pid/maps"
	compare "recording, running" rec/*.vmt
	exec 9>&-
	wait $job
	compare "recording, ended" rec/*.vmt
}

first=${SEED:-$((RANDOM * 32768 + RANDOM))}
for seed in $(seq "$first" $((first + ${ROUNDS:-2} - 1))); do
	echo "seed $seed"
	round
done
finish
