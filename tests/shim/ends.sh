#!/bin/bash
# SPDX-License-Identifier: MIT
# A program that ends by system call instructions of its own, as programs in Go do, is compared with
# the kernel's table like others. A table that was not compared is never called exact, and passes no
# check unless the user allows it.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

for target in exits_itself exits_itself_low; do
	for way in group thread small_stack no_stack two vfork fork; do
		STATUS=any SUMMARY=1 same_and_true "$target-$way" "$TARGETS/$target" $way
		# The end of each process that made memory calls was seen, and nothing is left out.
		said=$(jq -r '[.processes[] | [.end, .maps.now >= 60, .coverage.exact] | join(" ")] |
			unique | join(", ")' "$TMP/$target-$way/traced/json")
		[ "$said" = "exit true true" ] && pass "$target-$way-end" "$said" ||
			fail "$target-$way-end" "$said"
	done
done

# Where a filter of the program's own refuses exit_group, the end is what becomes of the process.
for way in strict process thread error exit; do
	dir=$TMP/refused-$way
	plain "$dir/plain" "$TARGETS/exit_refused" $way
	traced "$dir/traced" "" "$TARGETS/exit_refused" $way
	difference=$(SAME="out status" differences "$dir/plain" "$dir/traced")
	status=$(cat "$dir/plain/status")
	said=$("$TOOL" report --format=json "$dir/traced/rec" | jq -r '.processes[] |
		if .end == "signal" then .status + 128 else .status end')
	[ -z "$difference" ] && [ "$said" = "$status" ] && pass "refused-$way" "status $said" ||
		fail "refused-$way" "$difference status $status, and the recording says $said"
done

# uncompared NAME COMMAND...: what the report says of a program whose end nobody has seen
uncompared() {
	local name=$1
	shift
	"$TOOL" run -o "$name" -- "$@" >"$name.out" 2>"$name.err" </dev/null
	grep -q 'NOTHING was compared' <(tr -s ' \n=0-9' ' ' <"$name.err") &&
		pass "$name-said" || fail "$name-said" "$(head -c 600 "$name.err")"
	said=$("$TOOL" report --format=json "$name" | jq -c '.processes[-1] |
		[.coverage.exact, .maps.kernel]')
	[ "$said" = "[false,null]" ] && pass "$name-json" || fail "$name-json" "$said"
	"$TOOL" check --max-maps=1000 "$name" >"$name.check"
	[ $? = 23 ] && grep -q 'failed: .* 1 of its processes the maps were not' "$name.check" &&
		pass "$name-fails" || fail "$name-fails" "$(cat "$name.check")"
	"$TOOL" check --max-maps=1000 --allow-uncompared=1 "$name" >"$name.check"
	[ $? = 0 ] && pass "$name-allowed" || fail "$name-allowed" "$(cat "$name.check")"
}

uncompared hidden "$TARGETS/exits_itself" hidden
uncompared killed "$TARGETS/many_ways_to_exit" kill
"$TOOL" check --max-maps=1000 -- "$TARGETS/exits_itself" hidden >out 2>&1
[ $? = 23 ] && pass hidden-run || fail hidden-run "$(cat out)"
"$TOOL" check --save=saved.json -- "$TARGETS/exits_itself" hidden >out 2>&1
grep -q 'not compared with the' out && pass hidden-save || fail hidden-save "$(cat out)"

finish
