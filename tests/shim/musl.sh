#!/bin/bash
# SPDX-License-Identifier: MIT
# The same library file in programs that are linked with musl: they run as without it, and their
# calls are seen, also those inside musl's malloc and in threads.
. "$(dirname "$0")/../lib.sh"

musl-gcc -O1 -g -Wl,--eh-frame-hdr -o "$TMP/other_libc" "$ROOT/tests/targets/other_libc.c" || exit 2

# run NAME ARGUMENT OPTIONS: status and output as without; the recording's JSON is left in $TMP/NAME/json
run() {
	local name=$1 want got
	mkdir -p "$TMP/$name/rec"
	want=$("$TMP/other_libc" "$2" 2>&1; echo "status $?")
	got=$(VMATRACE_OPTIONS="report=0:dir=$TMP/$name/rec$3" LD_PRELOAD=$LIB \
		timeout 60 "$TMP/other_libc" "$2" 2>&1; echo "status $?")
	[ "$got" = "$want" ] && pass "$name" "$(echo "$got" | tr '\n' ' ')" ||
		fail "$name" "$(echo "$got" | tr '\n' ' ' | cut -c1-300)"
	"$TOOL" report --format=json "$TMP/$name/rec" >"$TMP/$name/json" 2>"$TMP/$name/err"
}

# of NAME JQ: a value of the process that the test has started
of() {
	jq -r "[.processes[] | select(.status == 7 and (.exe | endswith(\"other_libc\")))][0] | $2" "$TMP/$1/json"
}

run threads "" :verify=1
for value in unseen lost relearned truncated_stacks; do
	got=$(of threads ".coverage.$value")
	[ "$got" = 0 ] && pass "threads_$value" || fail "threads_$value" "$got"
done
[ "$(of threads .coverage.exact)" = true ] && pass threads_exact || fail threads_exact "is not"
# The report names the functions that call mmap, mprotect and malloc, the last also in other
# threads.
got=$(of threads '[.sites[].stack[].function] | unique | map(. // "") | join(" ")')
for name in main map_pages allocate; do
	[[ " $got " == *" $name "* ]] && pass "named_$name" || fail "named_$name" "$got"
done
got=$(of threads '.coverage.notes | join(" ")')
[[ $got == *"no unwind tables"* ]] && pass guess_is_told || fail guess_is_told "$got"

# Where /proc/self/mem refuses, musl's call sites, whose instructions are moved, are patched too.
run by_mprotect "" :verify=1:sites=mprotect
for value in unseen lost relearned; do
	got=$(of by_mprotect ".coverage.$value")
	[ "$got" = 0 ] && pass "by_mprotect_$value" || fail "by_mprotect_$value" "$got"
done

# A detached thread of musl unmaps its own stack, with the thread's storage on it.
run detached detached ""

# A fork child that gives up root before its first memory call is recorded.
musl-gcc -D_GNU_SOURCE -O1 -g -o "$TMP/leaves" "$ROOT/tests/targets/child_leaves_root.c" || exit 2
mkdir -m 755 "$TMP/left"
VMATRACE_OPTIONS=report=0:dir=$TMP/left LD_PRELOAD=$LIB timeout 60 "$TMP/leaves" setuid >"$TMP/left.out" 2>&1
got=$(cat "$TMP/left.out"; "$TOOL" report --format=json "$TMP/left" 2>&1 |
	jq -c '[.processes[] | select(.exe | endswith("leaves")) | .maps.now - .maps.start]')
[ "$got" = $'child 4\n[0,300]' ] && pass child_leaves_root || fail child_leaves_root "$got"
finish
