#!/bin/bash
# SPDX-License-Identifier: MIT
# The library may be entered at any moment and on any stack: before it is relocated, by a sanitizer
# that starts during its own start, on stacks that are small or missing.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

# as_plain NAME COMMAND...: output and status are the same plain and traced, with a report at exit
# and without
as_plain() {
	local name=$1 difference
	shift
	plain "$name/plain" "$@"
	traced "$name/traced" "${OPTIONS:-}" "$@"
	difference=$(differences "$name/plain" "$name/traced")
	traced "$name/silent" "report=0${OPTIONS:+:$OPTIONS}" "$@"
	difference+=$(differences "$name/plain" "$name/silent")
	[ "$(cat "$name/plain/status")" = "${STATUS:-0}" ] ||
		difference+="plain status $(cat "$name/plain/status")"
	if [ -z "$difference" ]; then pass "$name"; else fail "$name" "$difference"; fi
}

# These references must be weak: their addresses show the library whether it has been relocated.
for symbol in __errno_location dl_iterate_phdr; do
	check "weak_$symbol" sh -c "nm -D '$LIB' | grep -qE ' w $symbol'"
done
as_plain ifunc_early "$TARGETS/ifunc_early"
OPTIONS=malloc=0 as_plain ifunc_early_no_malloc "$TARGETS/ifunc_early"
export LD_BIND_NOW=1
as_plain ifunc_early_now "$TARGETS/ifunc_early"
unset LD_BIND_NOW

# Print what a sanitizer finds, without addresses and pids.
finding() {
	grep -m1 -oE '(ERROR|WARNING): [A-Za-z]*Sanitizer: [a-z -]*|runtime error: [a-z ]*' "$1/err"
}

# The symbolizer of gcc 12's ThreadSanitizer sometimes crashes on a busy machine, traced or not.
export TSAN_OPTIONS=symbolize=0

# On a busy machine one run in twenty of clang 14's ThreadSanitizer ends with "nested bug in the
# same thread", traced or not, at some of the random addresses. So the addresses are fixed here.
FIXED=
setarch -R true 2>/dev/null && FIXED="setarch -R"

# After it has found a race on a busy machine, clang 14's ThreadSanitizer sometimes dies of a fault
# of its own before the program ends: in 11 and in 16 of 80 untraced runs.
has_failed_itself() {	# DIR FAULT
	[ "$2" = race ] && ! grep -q end "$1/out"
}

# sanitized NAME COMPILER SANITIZER FAULT: the same finding and status; with no fault, the same output
sanitized() {
	local name=$1 program=$TMP/$2-$3
	[ -x "$program" ] || "$2" -g -O1 -pthread "-fsanitize=$3" -I "$ROOT/tests/targets" -o "$program" \
		"$ROOT/tests/targets/sanitized.c" 2>"$name.cc" || {
		fail "$name" "cannot be compiled: $(head -1 "$name.cc")"
		return
	}
	# Such a run is repeated, and so is an untraced run that finds nothing.
	for try in 1 2 3 4 5; do
		rm -rf "$name/plain"
		plain "$name/plain" $FIXED "$program" $4
		finding "$name/plain" >"$name/plain/finding"
		has_failed_itself "$name/plain" "$4" && continue
		[ -z "$4" ] || [ -s "$name/plain/finding" ] && break
	done
	for try in 1 2 3 4 5; do
		rm -rf "$name/traced"
		traced "$name/traced" "" $FIXED "$program" $4
		finding "$name/traced" >"$name/traced/finding"
		has_failed_itself "$name/traced" "$4" || break
	done
	if [ -n "$4" ] && [ ! -s "$name/plain/finding" ]; then
		fail "$name" "untraced, nothing is found"
		return
	fi
	difference=$(SAME="out status finding" differences "$name/plain" "$name/traced")
	if [ -z "$difference" ]; then
		pass "$name" "$(cat "$name/traced/finding")"
	else
		fail "$name" "$difference$(head -c 200 "$name/traced/err" | tr '\n' '|')"
	fi
}

export ASAN_OPTIONS=verify_asan_link_order=0
for compiler in gcc clang; do
	for fault in "" race; do
		sanitized "tsan_$compiler${fault:+_$fault}" $compiler thread "$fault"
	done
	sanitized "asan_$compiler" $compiler address overflow
	sanitized "lsan_$compiler" $compiler leak leak
	sanitized "ubsan_$compiler" $compiler undefined shift
done
sanitized msan_clang clang memory ""
unset ASAN_OPTIONS

# A stack is unmapped, with the thread's storage on it or without, and a stack pointer does not
# point to a stack.
same_and_true no_stack "$TARGETS/no_stack"

# least WHAT STATUS COMMAND...: find the smallest stack, in steps of 64 bytes, with which WHAT ends
# with STATUS
least() {
	local what=$1 status=$2 size
	shift 2
	for ((size = 128; size <= 16384; size += 64)); do
		{ "$@" "$TARGETS/least_stack" "$what" $size; } >/dev/null 2>&1
		[ $? != "$status" ] || break
	done
	echo $size
}

# A traced program must be able to do on a small stack what a plain one can; the difference is the
# stack that the library uses.
ROOM=256
for what in map=0 malloc=0 exit=5 syscall=5 signal=0; do
	plain=$(least ${what/=/ } env 2>/dev/null)
	for options in report=0 "report=1:log_path=$TMP/least.log"; do
		traced=$(least ${what/=/ } env LD_PRELOAD="$LIB" VMATRACE_OPTIONS=$options 2>/dev/null)
		name=least_stack_${what%=*}_${options%%:*}
		detail="$plain bytes plain, $traced traced"
		[ "$plain" -le 8192 ] && [ "$traced" -le $((plain + ROOM)) ] && pass "$name" "$detail" ||
			fail "$name" "$detail"
	done
done

# A thread jumps out of a call and then calls from deeper frames: nobody waits for a lock whose
# holder has gone, and no descriptor of ours stays open.
traced jumps "" "$TARGETS/siglongjmp_out" 300 40
judge jumps
lost=$(jq '.processes[0].coverage.lost' jumps/json)
[ "$(cat jumps/status)" = 0 ] && [ "$lost" -le 300 ] && grep -q ', 0 descriptors more$' jumps/out &&
	pass jumps_deeper "$lost lost, $DETAIL" ||
	fail jumps_deeper "status $(cat jumps/status), $lost lost, $(cat jumps/out), $DETAIL"

finish
