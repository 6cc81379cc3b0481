#!/bin/bash
# SPDX-License-Identifier: MIT
# The library is entered at any moment and on any stack: before it is relocated, by a sanitizer that
# starts while it starts itself, on stacks that are small or not there.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

# as_plain NAME COMMAND...: the same output and status, plain and traced, report at exit or not
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

# By their addresses it is told whether the library is relocated.
for symbol in __errno_location dl_iterate_phdr; do
	check "weak_$symbol" sh -c "nm -D '$LIB' | grep -qE ' w $symbol'"
done
as_plain ifunc_early "$TARGETS/ifunc_early"
OPTIONS=malloc=0 as_plain ifunc_early_no_malloc "$TARGETS/ifunc_early"
export LD_BIND_NOW=1
as_plain ifunc_early_now "$TARGETS/ifunc_early"
unset LD_BIND_NOW

# What a sanitizer finds, without addresses and pids.
finding() {
	grep -m1 -oE '(ERROR|WARNING): [A-Za-z]*Sanitizer: [a-z -]*|runtime error: [a-z ]*' "$1/err"
}

# sanitized NAME COMPILER SANITIZER FAULT: the same finding and status; with no fault, the same output
sanitized() {
	local name=$1 program=$TMP/$2-$3
	[ -x "$program" ] || "$2" -g -O1 -pthread "-fsanitize=$3" -I "$ROOT/tests/targets" -o "$program" \
		"$ROOT/tests/targets/sanitized.c" 2>"$name.cc" || {
		fail "$name" "cannot be compiled: $(head -1 "$name.cc")"
		return
	}
	plain "$name/plain" "$program" $4
	traced "$name/traced" "" "$program" $4
	finding "$name/plain" >"$name/plain/finding"
	finding "$name/traced" >"$name/traced/finding"
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

finish
