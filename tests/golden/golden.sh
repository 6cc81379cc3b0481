#!/bin/bash
# SPDX-License-Identifier: MIT
# Recordings made long ago are read as they were then, there is one of each version of the format, and
# doc/format.md names every section and field of preload/core/recording/record.h.
. "$(dirname "$0")/../lib.sh"
HERE=$ROOT/tests/golden
RECORD=$ROOT/preload/core/recording/record.h

read_one() {
	local name differences
	name=$(basename "$1" .vmt.gz)
	gunzip -c "$1" >"$TMP/$name.vmt"
	if ! "$TOOL" report --format=json "$TMP/$name.vmt" >"$TMP/json" 2>"$TMP/err" ||
		! "$TOOL" report "$TMP/$name.vmt" >"$TMP/text" 2>>"$TMP/err"; then
		fail "$name" "cannot be read: $(head -c 300 "$TMP/err")"
		return
	fi
	if [ -e "$HERE/$name.lines" ]; then
		jq -r -f "$HERE/lines.jq" "$TMP/json" | cmp -s - "$HERE/$name.lines" && pass "$name-lines" ||
			fail "$name-lines" "$(jq -r -f "$HERE/lines.jq" "$TMP/json" | diff - "$HERE/$name.lines" | head -3)"
	fi
	differences=$(jq -r --slurpfile wanted "$HERE/$name.json" -f "$HERE/covers.jq" "$TMP/json")
	if [ -z "$differences" ] && [ ! -s "$TMP/err" ]; then
		pass "$name" "$(tail -1 "$TMP/text")"
	else
		fail "$name" "$(echo "$differences" | head -3 | tr '\n' ' ')$(head -c 200 "$TMP/err")"
	fi
}

# Fields of structures, values of enumerations, flags.
names() {
	sed 's|/\*.*||' "$RECORD" | sed -nE -e 's/^\t[a-z].*[ *]([a-z_0-9]+)(\[[A-Za-z_0-9]*\])*;.*/\1/p' \
		-e 's/^\t(VMT_[A-Z_0-9]+),.*/\1/p' -e 's/^#define (VMT_[A-Z_0-9]+)[ \t].*/\1/p' |
		grep -vE '^(reserved[0-9]*|VMT_RECORD_H)$' | sort -u
}

document() {
	local name missing= count=0
	for name in $(names); do
		count=$((count + 1))
		grep -qE "(^|[^A-Za-z_0-9])$name([^A-Za-z_0-9]|\$)" "$ROOT/doc/format.md" ||
			missing+="$name "
	done
	if [ -z "$missing" ] && [ $count -gt 100 ]; then
		pass document "$count names"
	else
		fail document "$count names; not in doc/format.md: $missing"
	fi
}

# The numbers, offsets and sizes in doc/format.md are those of record.h.
layout() {
	local count
	python3 "$HERE/layout.py" <"$ROOT/doc/format.md" >"$TMP/layout.c"
	count=$(sed -nE '$s|^/\* ([0-9]+) \*/$|\1|p' "$TMP/layout.c")
	if [ "${count:-0}" -gt 200 ] &&
		${CC:-cc} -std=gnu17 -fsyntax-only -I "$ROOT/preload" "$TMP/layout.c" 2>"$TMP/err"; then
		pass layout "$count facts"
	else
		fail layout "$(grep -m3 -o 'error: .*' "$TMP/err" | tr '\n' ' ')"
	fi
}

for file in "$HERE"/*.vmt.gz; do
	read_one "$file"
done
version=$(sed -nE 's/^#define VMT_RECORD_VERSION ([0-9]+)u/\1/p' "$RECORD")
for ((v = 1; v <= ${version:-1}; v++)); do
	check "a_sample_of_version_$v" test -e "$HERE/v$v-exit.vmt.gz"
done
document
layout
finish
