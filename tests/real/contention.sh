#!/bin/bash
# SPDX-License-Identifier: MIT
# Threads that contend for memory calls: on all processors, on one, and under a cgroup's limit of 20
# % of one. No call may be lost, and hardly any change of the table may stay unexplained. The last
# of the three needs root, and is left out with a message where no cgroup can be made.
#
#   tests/real/contention.sh [THREADS] [ROUNDS]
. "$(dirname "$0")/../lib.sh"
THREADS=${1:-64} ROUNDS=${2:-100000}
GROUP=

make_group() {
	local unified=/sys/fs/cgroup/vmatrace.$$ old=/sys/fs/cgroup/cpu/vmatrace.$$
	if [ -f /sys/fs/cgroup/cgroup.controllers ] && mkdir "$unified" 2>/dev/null; then
		GROUP=$unified
		echo "20000 100000" >"$GROUP/cpu.max"
	elif mkdir "$old" 2>/dev/null; then
		GROUP=$old
		echo 100000 >"$GROUP/cpu.cfs_period_us"
		echo 20000 >"$GROUP/cpu.cfs_quota_us"
	fi
} 2>/dev/null

contend() {	# NAME COMMAND...
	local dir=$TMP/$1 name=$1 unexplained
	shift
	LIMIT=300 traced "$dir" "" "$@" "$TARGETS/contended_threads" "$THREADS" "$ROUNDS"
	judge "$dir"
	unexplained=$(jq '[.processes[].sites[] | select(.id == 1) | .created + .split +
		.merged + .removed] | add // 0' "$dir/json")
	if [ -z "$PROBLEMS" ] && [ "$((unexplained * 1000))" -le "$((2 * ROUNDS))" ]; then
		pass "$name" "$unexplained changes unexplained; $DETAIL"
	else
		fail "$name" "$unexplained changes unexplained; $PROBLEMS $DETAIL"
	fi
}

contend all_processors
contend one_processor taskset -c 0
if make_group; then
	contend a_fifth_of_one sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$GROUP"
	rmdir "$GROUP"
else
	echo "left out: no cgroup can be made here"
fi
finish
