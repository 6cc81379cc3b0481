#!/bin/bash
# SPDX-License-Identifier: MIT
# The jumps in libc's and other modules' text: what others do to that text, or to the calls that
# are made from it, harms neither the program nor what is said of it.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

same_and_true uprobe_removed "$TARGETS/uprobes" by_hand
check uprobe_removed_plain [ "$(cat uprobe_removed/plain/status)" = 0 ]
# The kernel itself makes a map for the instructions that probes stand on.
ALLOW=unseen VERIFY=0 same_and_true uprobes "$TARGETS/uprobes"
unseen=$(jq '[.processes[].coverage.unseen] | add' "$TMP/uprobes/traced/json")
[ "$unseen" -le 1 ] && pass uprobes_seen "$unseen unseen" || fail uprobes_seen "$unseen unseen"

# noted NAME: the recording says why it ends before its process
noted() {
	jq -e '.processes[0].coverage.notes | any(test("by the address"))' "$TMP/$1/traced/json" \
		>/dev/null && pass "$1_noted" || fail "$1_noted" "no note of it"
}

# Calls let through by the address they come from, and each way out.
same_and_true dispatch_everywhere "$TARGETS/calls_by_address" everywhere exit
[ "$(cat dispatch_everywhere/plain/out)" = "all done" ] && pass dispatch_works ||
	fail dispatch_works "$(head -c 200 dispatch_everywhere/plain/out)"
for how in dispatch filter filter_twice kill; do
	for way in return exit _exit exit_group; do
		same_and_true "${how}_$way" "$TARGETS/calls_by_address" $how $way
		noted "${how}_$way"
	done
done
export AFTER=$TARGETS/dispatch_selector.so
same_and_true aside_python python3 -c 'import json, threading
threads = [threading.Thread(target=lambda: bytearray(1 << 22)) for i in range(20)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]; print("done")'
noted aside_python
same_and_true aside_perl perl -MPOSIX -e 'system("echo", "x" x 10); print "y" x 3e6 =~ /y$/, "\n"; exit 3'
noted aside_perl
same_and_true aside_node node -e 'let a = []; for (let i = 0; i < 3e5; i++) a.push({ i }); console.log(a.length)'
noted aside_node
same_and_true aside_java java --version
noted aside_java
unset AFTER

finish
