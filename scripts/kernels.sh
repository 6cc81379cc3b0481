#!/bin/bash
# SPDX-License-Identifier: MIT
# The library on Debian's kernels, from 5.10 to the newest, under qemu: the core's table, random
# calls under the library with each way of asking, the demonstration, and the tests of tests/shim
# that need no more than an initramfs has. Prints a line for each test as it ends, and writes the
# rows of the kernels that were tried into the table in doc/houses.md; other rows stay. The build is
# needed (scripts/test.sh). On two idle cores all kernels take about an hour with 3,000 calls.
#
#   scripts/kernels.sh [SUITE...]	bullseye (5.10) bookworm (6.1) trixie (6.12) sid
#
#   CALLS	of each run (3000)	SEED	of each run
#   SCRIPTS	of tests/shim ("targets errno harmless"; "" for none)
#   GUEST_QUIET	seconds after which a guest that prints nothing is ended (1800)
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
. "$(dirname "$0")/usage.sh"
no_options "$@"
SUITES=${*:-bullseye bookworm trixie sid}
SCRIPTS=${SCRIPTS-targets errno harmless}
export CALLS=${CALLS:-3000} SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}

refuse() {
	echo "kernels.sh: $*; --help says how it is called" >&2
	exit 2
}

for suite in $SUITES; do
	case $suite in
	bullseye | bookworm | trixie | sid) ;;
	*) refuse "there is no suite '$suite', only bullseye, bookworm, trixie and sid" ;;
	esac
done
for script in $SCRIPTS; do
	[ -f "$(dirname "$0")/../tests/shim/$script.sh" ] || refuse "there is no tests/shim/$script.sh"
done
case $CALLS$SEED in
*[!0-9]*) refuse "CALLS and SEED are numbers, not '$CALLS' and '$SEED'" ;;
esac
. "$(dirname "$0")/../tests/lib.sh"
. "$ROOT/tests/kernel/guest.sh"
TABLE=$ROOT/doc/houses.md
NEWEST=$(sed -n 's/^#define VMT_KERNEL_NEWEST_TRIED VMT_KERNEL(\([0-9]*\), \([0-9]*\))/\1 \2/p' \
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

# What the guest prints, as it comes; its tests count as ours.
guest_line() {
	case $1 in
	"ok "* | "FAIL "* | "kernel "*) printf '%5d s  %s\n' "$SECONDS" "$1" ;;
	esac
}

row() {	# FILE
	local release script good bad rest=
	release=$(sed -n 's/^kernel //p' "$1")
	while read -r script good bad; do
		rest+="$script $good of $((good + bad)), "
	done < <(sed -n 's/^script //p' "$1")
	echo "| $release | $CALLS | $(of model- "$1") | $(of random- "$1")" \
		"| $(of demo12k "$1") | ${rest%, } |"
}

# Fail if the kernel is newer than the newest that the library's rules were tried on.
note_newest() {	# FILE
	local major minor
	IFS=. read -r major minor _ < <(sed -n 's/^kernel //p' "$1")
	# shellcheck disable=SC2086
	set -- $NEWEST
	[ "${major:-0}" -lt "$1" ] || { [ "$major" = "$1" ] && [ "${minor:-0}" -le "$2" ]; } ||
		fail newest "$major.$minor is newer than VMT_KERNEL_NEWEST_TRIED in preload/core/base/kernel.h"
}

# Write the new rows between the table's marks in doc/houses.md, which has other tables as well. A
# new row takes the place of those of the same version.
write_table() {
	grep -q '^<!-- kernels -->$' "$TABLE" 2>/dev/null ||
		printf '\n## Kernels\n\n<!-- kernels -->\n<!-- /kernels -->\n' >>"$TABLE"
	sed -n '/^<!-- kernels -->$/,/^<!-- .kernels -->$/p' "$TABLE" | grep '^| [0-9]' |
		cat - "$TMP/rows" |
		awk '{ split($2, v, "."); row[v[1] "." v[2]] = $0 } END { for (i in row) print row[i] }' |
		sort -V >"$TMP/all"
	cat >"$TMP/new" <<-'END'
		By scripts/kernels.sh. "7 of 7" means that all seven runs, each of as many calls as the second
		column says, had no difference and nothing unseen.

		| Linux | calls | table beside the kernel | random calls under the library | demonstration | tests |
		|---|---|---|---|---|---|
	END
	awk -v new="$TMP/new" -v rows="$TMP/all" '
		/^<!-- \/kernels -->$/ { inside = 0 }
		!inside
		/^<!-- kernels -->$/ {
			inside = 1
			while ((getline line <new) > 0) print line
			while ((getline line <rows) > 0) print line
		}' "$TABLE" >"$TMP/table" && cat "$TMP/table" >"$TABLE"
}

guest_root || exit 1
: >"$TMP/rows"
plan >"$TMP/commands"
for suite in $SUITES; do
	echo "== $suite, seed $SEED, $CALLS calls"
	: >"$TMP/printed"
	if ! guest_kernel "$suite"; then
		fail "$suite" "no kernel"
		continue
	fi
	guest_run "$TMP/commands" "$TMP/printed" && ended=1 || { ended= && fail "$suite" "$GUEST_WHY"; }
	grep -aE '^(ok|FAIL|kernel|script) ' "$TMP/printed" >"$TMP/lines"
	PASSED=$((PASSED + $(grep -c '^ok ' "$TMP/lines")))
	FAILED=$((FAILED + $(grep -c '^FAIL ' "$TMP/lines")))
	note_newest "$TMP/lines"
	[ -z "$ended" ] || row "$TMP/lines" | tee -a "$TMP/rows"
done
write_table
finish
