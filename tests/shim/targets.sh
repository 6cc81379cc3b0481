#!/bin/bash
# SPDX-License-Identifier: MIT
# Every target program plain and traced: output, errors and status are the same, and the recording
# is true. Then once more with the table compared while the program runs.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

target() {	# [-as NAME] TARGET ARGUMENTS...
	local name=$1
	if [ "$1" = -as ]; then
		name=$2
		shift 2
	fi
	local program=$1
	shift
	same_and_true "$name" "$TARGETS/$program" "$@"
}

target demo12k
target errno_kept
target registers_kept
target brk_moves
target stack_growth
target dlopen_many
target efence_1000
target nested_in_signal 500
VERIFY=10 target threads_10000
target small_stacks
target tiny_altstack
STATUS=13 target maps_around_main
target code_without_pages
target vfork_exec
target posix_spawn_many
target -as raw_clone_copy raw_clone_child copy
target -as raw_clone_vm raw_clone_child vm
target fork_children 100
target fork_lacks_maps
STATUS=14 target execs_itself
# The call that a handler interrupted for good is read from the kernel again, if it was made at all.
STATUS=11 ALLOW="relearned" target -as exit_in_timer exit_in_handler timer
STATUS=12 target -as exit_in_fault exit_in_handler fault
for way in exit _exit quick_exit abort pthread_exit exec signal exit_group thread_exit return; do
	STATUS=any target -as "way_$way" many_ways_to_exit "$way"
done
target closes_all_fds
target -as closes_a_range closes_all_fds range
target -as closes_from closes_all_fds from
target daemon
target text_after_fork
ALLOW="relearned lost" target fork_cached_stacks
ALLOW="relearned lost" target fork_held_starter
ALLOW="relearned lost" target shared_ranges
target -as gives_up_rights changes_root rights
target -as changes_root changes_root chroot
# Without /proc the table cannot be compared with the kernel, and a note says so.
ALLOW="noted" target -as unmounts_proc changes_root proc
ALLOW="noted" target -as unmounts_proc_and_closes changes_root closed
# The child inherits the table nevertheless, and no map of it may be lost.
for name in unmounts_proc unmounts_proc_and_closes; do
	starts=$(jq -c '[.processes[].maps | .start > 15] | [length, all]' "$TMP/$name/traced/json")
	[ "$starts" = "[2,true]" ] && pass "${name}_child" "$starts" ||
		fail "${name}_child" "processes, all with maps: $starts"
done
target file_limit
VERIFY=0 target at_map_limit
# Without PROCMAP_QUERY, the effect of one call takes as long to learn as reading all maps.
for ask in probe maps; do
	OPTIONS=ask=$ask ALLOW="relearned lost" VERIFY=0 target -as "many_maps_$ask" many_maps_threads
done
# No call is lost where the thread in the middle of a call is often not running.
VERIFY=0 same_and_true contended_on_one taskset -c 0 "$TARGETS/contended_threads" 64 30000
unexplained=$(jq '[.processes[].sites[] | select(.id == 1) | .created + .split + .merged +
	.removed] | add // 0' "$TMP/contended_on_one/traced/json" 2>/dev/null)
[ "${unexplained:-1000}" -lt 30 ] && pass contended_explained "$unexplained of 60,000 calls" ||
	fail contended_explained "$unexplained changes belong to no call"
LIMIT=120 VERIFY=5000 target limit_ways
target undumpable
STATUS=8 ALLOW="inexact" target seccomp_after
# A thread cancelled in the middle of a call may leave the library's lock behind.
ALLOW="unseen relearned lost" VERIFY=20 target cancelled_threads
# Calls that cannot be seen must be counted as unseen, and the sums must hold.
ALLOW="unseen relearned inexact" VERIFY=0 target inline_syscalls
ALLOW="unseen relearned inexact" VERIFY=0 target inline_syscalls_large
# A child process, which prints no report, also says when verify finds a difference.
traced "$TMP/child" verify=1:report=0 sh -c "$TARGETS/inline_syscalls; exit \$?"
check verify_in_child grep -rqs "verify: the table differs" "$TMP/child"
check large_text_noted grep -q "too large to be searched" "$TMP/inline_syscalls_large/traced/json"

# A thousand children, which are counted although nothing is recorded.
LIMIT=${LIMIT:-300} plain "$TMP/k/plain" "$TARGETS/fork_children" 1000
(cd "$TMP/k" && LD_PRELOAD=$LIB VMATRACE_OPTIONS=log_path=$TMP/k/log timeout "${LIMIT:-300}" \
	"$TARGETS/fork_children" 1000 >"$TMP/k/out" 2>"$TMP/k/err")
if cmp -s "$TMP/k/plain/out" "$TMP/k/out" && [ ! -s "$TMP/k/err" ]; then
	pass fork_children_1000
else
	fail fork_children_1000 "$(head -c 200 "$TMP/k/out" "$TMP/k/err")"
fi

# A killed process has left a readable recording, with each map at its line.
plain "$TMP/killed/plain" "$TARGETS/killed_midway"
traced "$TMP/killed/traced" "" "$TARGETS/killed_midway"
ALLOW=inexact judge "$TMP/killed/traced"
live=$(jq '[.processes[0].sites[] | select(.live == 500)] | length' "$TMP/killed/traced/json" \
	2>/dev/null)
difference=$(differences "$TMP/killed/plain" "$TMP/killed/traced")
if [ -z "$difference$PROBLEMS" ] && [ "$live" = 1 ]; then
	pass killed_midway "$DETAIL"
else
	fail killed_midway "$difference$PROBLEMS sites with 500 live: $live"
fi

# The three lines of the demonstration.
lines=$(jq -r '.processes[0].sites[] | select(.stack[0].file // "" | endswith("demo12k.c")) |
	"\(.call) \(.net)"' "$TMP/demo12k/traced/json" 2>/dev/null | sort | tr '\n' ' ')
if [ "$lines" = "mmap -1 mmap 1 munmap 1 " ]; then
	pass demo12k_lines "$lines"
else
	fail demo12k_lines "wanted +1, +1, -1 on three lines of demo12k.c; got $lines"
fi
finish
