#!/bin/bash
# SPDX-License-Identifier: MIT
# Real programs in which each stack is walked twice: as the library does it, with remembered stacks,
# and plainly. Prints how many stacks were recalled as a whole, how many were walked, and which
# share of their frames was recalled. A stack that differs fails.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2
export UNWIND_CHECK_LOG=$TMP/stacks
LIB=$BUILD/tests/libvmatrace-unwind-check.so

cp "$ROOT"/tests/real/inputs/* .
echo 'public class Hello { public static void main(String[] a) { System.out.println("hello"); } }' \
	>Hello.java

# same_stacks NAME COMMAND...
same_stacks() {
	local name=$1 said
	shift
	rm -f "$UNWIND_CHECK_LOG"
	traced "$TMP/$name" report=0 "$@"
	said=$(awk '{ for (i = 3; i < NF; i++) sum[$i] += $(i + 1) }
		END { printf "%d processes, %d stacks as a whole, %d walked, %d %% of their frames recalled",
			NR, sum["whole"], sum["walks"],
			sum["frames"] ? 100 * sum["recalled"] / sum["frames"] : 0
			exit sum["differ"] != 0 || !sum["walks"] }' \
		"$UNWIND_CHECK_LOG" 2>/dev/null)
	if [ $? = 0 ] && [ "$(cat "$TMP/$name/status")" = 0 ]; then
		pass "$name" "$said, 0 differ"
	else
		fail "$name" "status $(cat "$TMP/$name/status"), $said: $(cat "$UNWIND_CHECK_LOG")"
	fi
}

same_stacks python3 python3 -c 'import ctypes, json, sqlite3; exec(open("many.py").read())'
same_stacks perl perl many.pl
same_stacks java java -Xshare:off Hello.java
same_stacks node node many.js
same_stacks sbcl sbcl --script many.lisp
same_stacks gcc gcc -O2 -o hello hello.c
same_stacks dlopen "$TARGETS/dlopen_many"
same_stacks threads "$TARGETS/many_maps_threads"
same_stacks signals "$TARGETS/nested_in_signal"
finish
