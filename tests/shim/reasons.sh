#!/bin/bash
# SPDX-License-Identifier: MIT
# Why calls fail: the test provokes each reason. The recording must name it, the report must say it
# in words, and if it is the map limit, a message must come at that moment.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

for reason in map-limit rlimit-as rlimit-data rlimit-memlock overcommit address-space huge-pages hole sealed; do
	dir=$TMP/$reason
	plain "$dir/plain" "$TARGETS/fails_for" $reason
	traced "$dir" "" "$TARGETS/fails_for" $reason
	said=$(differences "$dir/plain" "$dir")
	found=$("$TOOL" report --format=json "$dir/rec" 2>&1 |
		jq -r '[.processes[].failures[].reason] | unique | join(",")' 2>&1)
	if [ -z "$said" ] && [ "$found" = $reason ]; then
		pass "$reason" "$(cat "$dir/out")"
	else
		fail "$reason" "$said found '$found'"
	fi
done
fields "fields of failures" "$TMP/map-limit/rec"

line=$(grep -n 'if (mprotect(at' "$ROOT/tests/targets/fails_for.c" | cut -d: -f1)
for said in '80 % of vm.max_map_count' '95 % of vm.max_map_count' 'mprotect failed: ENOMEM, because' \
	"fails_for.c:$line" 'limit reached'; do
	if grep -qF "$said" "$TMP"/map-limit/log.*; then pass "says '$said'"; else fail "says '$said'"; fi
done
finish
