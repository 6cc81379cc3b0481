#!/bin/bash
# SPDX-License-Identifier: MIT
# The library on Debian's kernels, from 5.10 to the newest, under qemu: the core's table, random
# calls under the library with each way of asking, the demonstration, and the tests of tests/shim
# that need no more than an initramfs has. Writes a table into doc/houses.md. The kernels and the
# build are needed (scripts/test.sh); two cores take about an hour.
#
#   scripts/kernels.sh [SUITE...]	bullseye (5.10) bookworm (6.1) trixie (6.12) sid
#
#   CALLS	of each run (3000)	SEED	of each run	SCRIPTS	of tests/shim ("targets errno")
. "$(dirname "$0")/usage.sh"
no_options "$@"
. "$(dirname "$0")/../tests/lib.sh"
. "$ROOT/tests/kernel/guest.sh"
export CALLS=${CALLS:-3000} SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
SCRIPTS=${SCRIPTS-targets errno harmless}
TABLE=$ROOT/doc/houses.md
NEWEST=$(sed -n 's/^#define VMT_KERNEL_TRIED VMT_KERNEL(\([0-9]*\), \([0-9]*\))/\1 \2/p' \
	"$ROOT/preload/core/base/kernel.h")

plan() {
	local script
	cat <<END
export CALLS=$CALLS SEED=$SEED LIMIT=900
. /src/tests/kernel/plan.sh
for way in query probe maps; do
	model \$way --ask=\$way
	model alloc-\$way --ask=\$way --alloc
done
model plain --plain
model stacks --stacks
model forks --forks=\$((CALLS / 6))
for way in auto query probe maps; do
	random \$way ask=\$way 1
	random \$way-threads ask=\$way 4
done
random plain derive=plain 1
random plain-threads derive=plain 4
random forks "" 1 3
demonstration
END
	for script in $SCRIPTS; do
		echo "script tests/shim/$script.sh"
	done
}

# of PATTERN FILE: print in words how many of the tests with such names passed
of() {
	local good bad
	good=$(grep -acE "^ok +$1" "$2")
	bad=$(grep -acE "^FAIL +$1" "$2")
	echo "$good of $((good + bad))"
}

row() {	# FILE
	local release script rest=
	release=$(sed -n 's/^kernel //p' "$1")
	while read -r script good bad; do
		rest+="$script $good of $((good + bad)), "
	done < <(sed -n 's/^script //p' "$1")
	echo "| ${release:-did not boot} | $(of model- "$1") | $(of random- "$1")" \
		"| $(of demo12k "$1") | ${rest%, } |"
}

# Fail if the kernel is newer than VMT_KERNEL_TRIED, the newest that the library's rules were tried
# on.
note_newest() {	# FILE
	local major minor
	IFS=. read -r major minor _ < <(sed -n 's/^kernel //p' "$1")
	# shellcheck disable=SC2086
	set -- $NEWEST
	[ "${major:-0}" -lt "$1" ] || { [ "$major" = "$1" ] && [ "${minor:-0}" -le "$2" ]; } ||
		fail newest "$major.$minor is newer than VMT_KERNEL_TRIED in preload/core/base/kernel.h"
}

# Write the table between its marks in doc/houses.md, which has other tables as well.
write_table() {
	grep -q '^<!-- kernels -->$' "$TABLE" 2>/dev/null ||
		printf '\n## Kernels\n\n<!-- kernels -->\n<!-- /kernels -->\n' >>"$TABLE"
	awk -v rows="$TMP/rows" '
		/^<!-- \/kernels -->$/ { inside = 0 }
		!inside
		/^<!-- kernels -->$/ { inside = 1; while ((getline line <rows) > 0) print line }
		' "$TABLE" >"$TMP/table" && cat "$TMP/table" >"$TABLE"
}

cat >"$TMP/rows" <<END
By scripts/kernels.sh, with $CALLS calls a run; "7 of 7" means that all seven runs had no
difference and nothing unseen.

| Linux | table beside the kernel | random calls under the library | demonstration | tests |
|---|---|---|---|---|
END
guest_root || exit 1
plan >"$TMP/commands"
for suite in ${*:-bullseye bookworm trixie sid}; do
	echo "== $suite, seed $SEED (after $SECONDS s)"
	: >"$TMP/printed"
	if ! guest_kernel "$suite"; then
		fail "$suite" "no kernel"
	elif ! guest_run "$TMP/commands" "$TMP/printed"; then
		fail "$suite" "did not come to its end: $(tail -2 "$TMP/printed" | cut -c1-300)"
	fi
	grep -aE '^(ok|FAIL|kernel|script) ' "$TMP/printed" | tee "$TMP/lines"
	PASSED=$((PASSED + $(grep -c '^ok ' "$TMP/lines")))
	FAILED=$((FAILED + $(grep -c '^FAIL ' "$TMP/lines")))
	note_newest "$TMP/lines"
	row "$TMP/lines" >>"$TMP/rows"
done
sed -n '3,$p' "$TMP/rows"
[ $# -gt 0 ] || write_table
finish
