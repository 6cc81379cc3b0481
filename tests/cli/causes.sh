#!/bin/bash
# SPDX-License-Identifier: MIT
# Causes that what was called tells, not the shape that is left: the cause stands in the first ten
# lines of the report, with the call site, and nothing is advised whose premise is known to be false.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

# first NAME: the report's first lines as one line, without its margin
first() {
	sed -n '/^==[0-9]*== vmatrace: /,$p' "$1.txt" | head -"${LINES_SHOWN:-14}" |
		sed -E 's/^==[0-9]+== ?//; s/^ +/ /' | tr -d '\n'
}

# run WAY [COUNT]: record it, the report in WAY.txt
run() {
	timeout -k 5 120 "$TOOL" run -o "$1.rec" -- "$TARGETS/causes" "$@" >"$1.txt" 2>&1
	"$TOOL" report --format=json "$1.rec" >"$1.json" 2>>"$1.txt"
}

# says WAY WANT [WRONG]: what the first lines say, and what stands nowhere
says() {
	local text
	text=$(first "$1")
	if ! grep -qE "$2" <<<"$text"; then
		fail "$1" "not '$2' in: $text"
	elif [ -n "${3:-}" ] && tr -d '\n' <"$1.txt" | sed -E 's/==[0-9]+== +/ /g' | grep -qE "$3"; then
		fail "$1" "'$3' in: $text"
	else
		pass "$1" "$(grep -oE "$2" <<<"$text" | head -1 | cut -c1-150)"
	fi
}

# holds WAY FILTER: something of the process in JSON
holds() {
	check "$1: $2" jq -e ".processes[-1] | $2" "$1.json"
}

run advise-unseen 6000
holds advise-unseen '.maps.now == .maps.start + 6000 and .maps.kernel == .maps.now'
holds advise-unseen '.coverage.lost == 0'

# The list of failures is bounded, their number is not.
run read-chunks 70000
says read-chunks 'failure mmap failed 4,[0-9]{3} times: ENOMEM, because the process had 65,[0-9]+ maps .*; first in read_chunks [^ ]*causes.c:[0-9]+.*pthread_create makes EAGAIN of it.*cause'

finish
