#!/bin/bash
# SPDX-License-Identifier: MIT
# The matrix of real programs: each is run plain, traced, and traced with verify=N, each time in a
# new folder. Output and status must be the same (the checksums of the files it wrote are part of
# the output), the sums must hold, and the tables of all processes must equal the kernel's. A
# program that is missing, skips something or takes too long has failed. About ten minutes.
#
#   tests/real/matrix.sh [NAME...]    NAME: a file of tests/real/matrix     KEEP=1: keep the folder
#
# Such a file has, in bash: NEEDS (programs that must exist), VERIFY (compare after every Nth call;
# 0 only for programs whose calls are partly unseen), EXPECT (a note that its reports must have),
# SECONDS_MAX (for one run), ALLOW (see judge in lib.sh; a comment says why), an optional function
# prepare (run once, untraced, in a folder that run finds as $PREPARED), and the function run, whose
# output must not depend on time, pids or addresses. What run starts is traced as well.
. "$(dirname "$0")/../lib.sh"
"$ROOT/scripts/setup.sh" matrix || exit 2
CASES=$ROOT/tests/real/matrix
export TARGETS CASES PATH=/usr/sbin:/usr/bin:/sbin:/bin
RESULTS=$TMP/results
chmod 777 "$TMP"	# the database server gives up its rights
# Where another user may read it as well.
cp "$LIB" "$TMP/libvmatrace.so" && LIB=$TMP/libvmatrace.so

# The folders of all runs have names of the same length, since names end up in memory and in output.
in_new_folder() {	# FUNCTION COMMAND...: run it there
	local function=$1
	shift
	rm -rf "$TMP/work"
	mkdir -m 777 "$TMP/work"
	(cd "$TMP/work" && HOME=$TMP/work TMPDIR=$TMP/work "$function" "$@")
}

# Print the complaints of the processes of a verified run.
found_by_verify() {
	cat "$1"/log.* "$1/err" 2>/dev/null | grep -a -m1 -A9 'verify: ' | tr '\n' ' ' | cut -c1-600
	[ "$VERIFY" = 0 ] || timeout 120 "$TOOL" report --format=json "$1/rec" 2>/dev/null |
		jq -e '[.processes[].coverage.verified] | add > 0' >/dev/null ||
		echo -n "nothing was compared by verify; "
}

missing_of() {
	local program
	for program in $NEEDS; do
		has_program "$program" || echo -n "$program is missing; "
	done
}

# Print why the two runs are not the same, or not complete.
compare_runs() {
	local run
	for run in plain traced verify; do
		case $(cat "$1/$run/status") in
		124 | 137) echo -n "$run: took longer than $SECONDS_MAX s; " ;;
		esac
	done
	[ -s "$1/plain/out" ] || echo -n "plain: no output; "
	[ "$(cat "$1/plain/status")" = "${STATUS:-0}" ] ||
		echo -n "plain: status $(cat "$1/plain/status"), $(tail -1 "$1/plain/err"); "
	differences "$1/plain" "$1/traced"
	differences "$1/plain" "$1/verify" | sed 's/^/verify: /'
}

timed_run() {	# NAME-OF-RUN ARGS...: as above; prints seconds
	local since=$SECONDS
	in_new_folder "$@"
	echo $((SECONDS - since))
}

examine() {
	local name=$1 dir=$TMP/$1 problems times options
	NEEDS= VERIFY=1 SECONDS_MAX=60 ALLOW= SAME="out err status" AFTER= STATUS=0 EXPECT=
	unset -f prepare run
	# shellcheck source=/dev/null
	. "$CASES/$name.sh"
	problems=$(missing_of)
	PREPARED=$dir/prepared
	mkdir -m 777 -p "$PREPARED" "$dir/traced" "$dir/verify"
	if [ -z "$problems" ] && declare -F prepare >/dev/null; then
		(cd "$PREPARED" && prepare) >"$dir/prepare.log" 2>&1 ||
			problems="prepare failed: $(tail -1 "$dir/prepare.log")"
	fi
	if [ -n "$problems" ]; then
		fail "$name" "$problems"
		printf '%s\tFAIL\t-\t-\t-\t-\t-\t-\t-\n' "$name" >>"$RESULTS"
		return
	fi
	export PREPARED LIMIT=$SECONDS_MAX
	set -- bash -c ". $CASES/$name.sh; run"
	times=$(timed_run plain "$dir/plain" "$@")
	times+=\ $(timed_run traced "$dir/traced" "" "$@")
	options=verify=$VERIFY:report=0
	times+=\ $(timed_run traced "$dir/verify" "$options" "$@")
	judge "$dir/traced"
	problems=$(compare_runs "$dir")$PROBLEMS$(found_by_verify "$dir/verify")
	[ -z "$EXPECT" ] || grep -qsF "$EXPECT" "$dir/traced/json" ||
		problems+="its reports do not say '$EXPECT'; "
	if [ -z "$problems" ]; then
		pass "$name" "$DETAIL"
	else
		fail "$name" "$problems"
	fi
	add_result "$name" "${problems:+FAIL}" "$times"
	[ -n "${KEEP:-}" ] || rm -rf "$dir/traced/rec" "$dir/verify/rec" "$PREPARED"
}

add_result() {	# NAME PROBLEMS TIMES
	local figures
	figures=$(awk -F '\t' '{ unseen += $6; relearned += $7; lost += $8; if ($4 > most) most = $4 }
		$2 == "exit" { ended++; exact += $9 == "true" }
		END { printf "%d\t%d/%d\t%d\t%d\t%d\t%d", NR, exact, ended, most, unseen,
			relearned, lost }' \
		"$TMP/$1/traced/table" 2>/dev/null)
	printf '%s\t%s\t%s\t%d\t%s\n' "$1" "${2:-ok}" "${3// //}" "$VERIFY" "$figures" >>"$RESULTS"
}

NAMES=${*:-$(cd "$CASES" && basename -s .sh ./*.sh)}
total=$(echo "$NAMES" | wc -w)
number=0
for name in $NAMES; do
	number=$((number + 1))
	[ -e "$CASES/$name.sh" ] || { fail "$name" "there is no $CASES/$name.sh"; continue; }
	echo "== $number of $total: $name ($SECONDS s)"
	examine "$name"
done
echo
{
	printf 'program\tresult\tplain/traced/verified s\tverify\tprocesses\texact/ended\tmaps'
	printf '\tunseen\trelearned\tlost\n'
	cat "$RESULTS"
} | column -t -s "$(printf '\t')"
finish
