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

finish
