#!/bin/bash
# SPDX-License-Identifier: MIT
# The README is true: each command in its ```sh blocks must succeed, in order, in a copy of the tree
# (all except the whole of scripts/test.sh, which this is a part of, and what another part of that runs),
# and its list of options must be that of help=1.
#
#   tests/readme.sh --update    put the report and the options of this build into the README instead
. "$(dirname "$0")/lib.sh"
COPY=$TMP/vmatrace
export -n BUILD

copy_tree() {
	mkdir "$COPY" && tar -C "$ROOT" -cf - --exclude='./build*' --exclude=./.git \
		--exclude='*.vmt' . | tar -C "$COPY" -xf -
}

commands() {
	awk '/^```/ { inside = $0 == "```sh"; next } inside && NF' "$ROOT/README.md"
}

run_command() {
	local command=$1 said=$TMP/said status
	if [ "$command" = ./scripts/test.sh ]; then
		check "$command" [ -x "$COPY/scripts/test.sh" ]
		return
	fi
	# The part unit runs these tests, and all others, in the build folder.
	if [ "$command" = 'meson test -C build --suite unit' ]; then
		check "$command" sh -c "cd '$COPY' && $command --list | grep -q unit"
		return
	fi
	(cd "$COPY" && timeout 600 bash -c "$command") >"$said" 2>&1 </dev/null
	status=$?
	if [ $status = 0 ]; then
		pass "$(echo "$command" | cut -c1-70)" "$(tail -1 "$said" | cut -c1-70)"
	else
		fail "$command" "status $status: $({ grep -E ' (FAIL|TIMEOUT) ' "$said"; tail -3 "$said"; } | tr '\n' ' ' | cut -c1-300)"
	fi
}

# The list is the second block of the README without a language; the report is the first.
check_options() {
	local in_readme in_help
	in_readme=$(sed -n '/^## Options/,/^## /p' "$ROOT/README.md" |
		sed -n '/^```$/,/^```$/p' | grep -v '^```' | tr -s ' \n' ' ')
	in_help=$(LD_PRELOAD=$LIB VMATRACE_OPTIONS=help=1:report=0 /bin/true 2>&1 |
		sed -E 's/^==[0-9]+== (vmatrace: )?//' | tr -s ' \n' ' ')
	if [ -n "$in_help" ] && [ "$in_readme" = "$in_help" ]; then
		pass options "$(echo "$in_help" | grep -oE '[a-z_]+=' | wc -l) words with ="
	else
		fail options "$(diff <(echo "$in_readme" | tr ' ' '\n') \
			<(echo "$in_help" | tr ' ' '\n') | head -5 | tr '\n' ' ')"
	fi
}

# Print the lines that can be compared. Most numbers depend on where the kernel puts the first
# objects, except their sum and the source lines; and so does the room for paths.
comparable() {
	grep -hE 'created|split|removed|live|net|start-up|SUMMARY|#' "$@" |
		sed -E -e 's/^==[0-9]+==//' -e '/#|^SUMMARY/!s/[0-9][0-9,]*/N/g' \
			-e '/^SUMMARY/s/ \(peak.*//' -e 's#[^ ]*/guard_pages\.c#guard_pages.c#g' \
			-e 's#[^ ]*\.\.\.guard_pages\.c#guard_pages.c#g' | tr -s ' '
}

check_report() {
	local dir=$TMP/report
	traced "$dir" "" "$TARGETS/guard_pages"
	sed -n '/^==[0-9]*== vmatrace:/,/^SUMMARY/p' "$ROOT/README.md" | comparable >"$TMP/shown"
	comparable "$dir"/log.* >"$TMP/given"
	if [ -s "$TMP/given" ] && cmp -s "$TMP/shown" "$TMP/given"; then
		pass report "$(wc -l <"$TMP/given") lines are the same"
	else
		fail report "$(diff "$TMP/shown" "$TMP/given" | head -6 | tr '\n' ' ')"
	fi
}

# The blocks without a language, in order: the report, the options.
update() {
	(cd "$TMP" && ln -s "$BUILD" build && LD_PRELOAD=build/preload/libvmatrace.so \
		build/tests/targets/guard_pages 2>"$TMP/block1")
	sed -n '/^static const struct option table/,/^};/p' "$ROOT/preload/core/base/options.c" |
		tr '\n\t' '  ' | sed -E 's/" +"//g' | grep -oE '"[a-z_]+=([^"\\]|\\.)*"' |
		sed -E -e 's/^"(.*)"$/\1/' -e 's/\\"/"/g' >"$TMP/block2"
	awk -v folder="$TMP" '
		/^```$/ && !inside { inside = 1; block = folder "/block" ++count
			print; while ((getline line < block) > 0) print line; next }
		/^```sh/ { inside = 2 }
		/^```$/ { inside = 0 }
		inside != 1' "$ROOT/README.md" >"$TMP/README.md" &&
		cp "$TMP/README.md" "$ROOT/README.md"
}

if [ "${1:-}" = --update ]; then
	update
	exit
fi
copy_tree || exit 2
while read -r command; do
	run_command "$command"
done < <(commands)
check_options
check_report
finish
