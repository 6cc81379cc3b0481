# SPDX-License-Identifier: MIT
# Shared by the shell tests; sourced, not run. Each test prints a line, "ok NAME DETAIL" or
# "FAIL NAME DETAIL", and at the end "N passed, N failed". Needs bash and jq.
#
#   BUILD   the build folder (default: build)     KEEP=1   keep the working folder, and name it

set -u
export LC_ALL=C
unset LD_PRELOAD VMATRACE_OPTIONS TARGET_RATE

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$(cd "${BUILD:-$ROOT/build}" 2>/dev/null && pwd) || {
	echo "no build folder: run scripts/test.sh, or meson setup build && ninja -C build" >&2
	exit 2
}
LIB=$BUILD/preload/libvmatrace.so
TOOL=$BUILD/tools/vmatrace
TARGETS=$BUILD/tests/targets

# The programs and libraries that a build makes.
all_built() {
	jq -r '.[] | select(.build_by_default) | select(.type | test("executable|library")) | .filename[]' \
		"$BUILD/meson-info/intro-targets.json" 2>/dev/null
}

# A script that is run alone says at once what it needs and is not built: the library, the tool, and
# the programs whose names it has, or begins, as with $TARGETS/pattern_$name.
need_built() {
	local missing
	missing=$(for file in "$LIB" "$TOOL" $(all_built); do
		[ -e "$file" ] || echo "$file"
	done)
	[ -n "$missing" ] || return
	missing=$(awk -v must=" $LIB $TOOL " -v build="$BUILD/" '
		NR == FNR && !/^[ \t]*#/ {
			gsub(/[^A-Za-z0-9_.$-]+/, " ")
			for (i = 1; i <= NF; i++) {
				words[$i] = 1
				if (match($i, /^[a-z_]+_\$/)) begins[substr($i, 1, RLENGTH - 1)] = 1
			}
		}
		NR == FNR || index($0, build) != 1 { next }
		{ name = $0; sub(/.*\//, "", name); stem = name; sub(/^lib/, "", stem); sub(/\.so$/, "", stem)
		  is_needed = index(must, " " $0 " ") || name in words || stem in words
		  for (part in begins) is_needed = is_needed || index(name, part) == 1
		  if (is_needed && !seen[name]++) printf " %s", substr($0, length(build) + 1) }
		' "$0" - <<<"$missing")
	[ -n "$missing" ] || return
	echo "not built:$missing. Build them: ninja -C $BUILD" >&2
	exit 2
}
need_built
TMP=$(mktemp -d "${TMPDIR:-/tmp}/vmatrace-test.XXXXXX")
chmod 755 "$TMP"	# a target gives up its rights
PASSED=0
FAILED=0

clean_up() {
	if [ -n "${KEEP:-}" ]; then
		echo "kept: $TMP"
	else
		rm -rf "$TMP"
	fi
}
trap clean_up EXIT

pass() {
	PASSED=$((PASSED + 1))
	printf 'ok   %-28s %s\n' "$1" "${2:-}"
}

fail() {
	FAILED=$((FAILED + 1))
	printf 'FAIL %-28s %s\n' "$1" "${2:-}"
}

# check NAME COMMAND...: passes if the command succeeds
check() {
	local name=$1
	shift
	if "$@" >/dev/null 2>&1; then pass "$name"; else fail "$name" "$*"; fi
}

# keeps_to NAME COMMAND FILE...: these files keep to doc/COMMAND.schema.json, and have nothing else
keeps_to() {
	local name=$1 schema=$ROOT/doc/$2.schema.json said
	shift 2
	said=$(/usr/bin/python3 "$ROOT/tests/cli/schema_check.py" "$schema" "$@" 2>&1) && pass "$name" || fail "$name" "$said"
}

finish() {
	echo "$PASSED passed, $FAILED failed"
	[ "$FAILED" -eq 0 ]
	exit
}

has_program() {
	command -v "$1" >/dev/null 2>&1
}

# Print the full path of a shared library, found by its name.
library() {
	/sbin/ldconfig -p | awk -v name="$1" '$1 == name && /x86-64/ { print $NF; exit }'
}

# plain DIR COMMAND...: run untraced; DIR/out, err, status. AFTER: libraries to preload.
plain() {
	local dir=$1
	shift
	mkdir -p "$dir"
	# The braces catch what bash itself prints about a program that a signal has killed.
	{
		timeout -k 5 "${LIMIT:-60}" env ${AFTER:+"LD_PRELOAD=$AFTER"} "$@" \
			>"$dir/out" 2>"$dir/err" </dev/null
		echo $? >"$dir/status"
	} 2>/dev/null
}

# traced DIR OPTIONS COMMAND...: the same under the library; also DIR/pid, log.PID, rec/*.vmt
traced() {
	local dir=$1 options=$2
	shift 2
	mkdir -p "$dir/rec"
	chmod 777 "$dir/rec"
	{
		timeout -k 5 "${LIMIT:-60}" sh -c 'echo $$ >"$0"; exec "$@"' "$dir/pid" \
			env LD_PRELOAD="$LIB${AFTER:+ $AFTER}" \
			VMATRACE_OPTIONS="log_path=$dir/log:dir=$dir/rec${options:+:$options}" \
			"$@" >"$dir/out" 2>"$dir/err" </dev/null
		echo $? >"$dir/status"
	} 2>/dev/null
}

# wait_until COMMAND...: until it succeeds, but for two minutes at most
wait_until() {
	local i
	for ((i = 0; i < 6000; i++)); do
		"$@" && return
		sleep 0.02
	done
	return 1
}

# has_said FILE WORD: it has a line that begins with the word, or its writer, JOB, has ended
has_said() { grep -q "^$2" "$1" || ! kill -0 "$JOB" 2>/dev/null; }

# wait_ready JOB: wait until the job has written "ready PID" into the file ready, and set pid; if
# the job ends before, pid is empty
wait_ready() {
	local JOB=$1
	wait_until has_said ready 'ready '
	pid=$(awk '/^ready / { print $2 }' ready)
}

# Print in words what differs between two runs; nothing if they are equal. SAME: what is compared.
differences() {
	local what
	for what in ${SAME:-out err status}; do
		cmp -s "$1/$what" "$2/$what" && continue
		if [ "$what" = status ]; then
			echo -n "status $(cat "$1/status") became $(cat "$2/status"); "
		else
			echo -n "$what differs: $(diff "$1/$what" "$2/$what" | sed -n 2p |
				cut -c1-120); "
		fi
	done
}

# Print a line for each process of DIR/rec, with the figures that judge examines.
summarise() {
	local dir=$1
	ls "$dir"/rec/*.vmt >/dev/null 2>&1 || return 1
	timeout 120 "$TOOL" report --format=json "$dir/rec" >"$dir/json" 2>"$dir/json.err" &&
		jq -r '.processes[] | [.pid, .end, .maps.start, .maps.now, (.maps.kernel // "-"),
			.coverage.unseen, .coverage.relearned, .coverage.lost, .coverage.exact,
			([.sites[].net] | add // 0) - (.maps.now - .maps.start),
			([.sites[].live] | add // 0) - .maps.now,
			(.coverage.notes // [] | length)] | @tsv' "$dir/json" >"$dir/table"
}

# judge DIR: set PROBLEMS to the problems of the recordings in words, and DETAIL to the figures.
# ALLOW: unseen, relearned, inexact (the kernel is not asked at the end), noted (a note must explain
# what is not exact).
judge() {
	local dir=$1
	if ! summarise "$dir"; then
		PROBLEMS="no report: $(head -c 200 "$dir/json.err" 2>/dev/null)"
		DETAIL=
		return
	fi
	PROBLEMS=$(awk -F '\t' -v allow=" ${ALLOW:-} " '
		function allowed(word) {
			return index(allow, " " word " ") || index(allow, " noted ") && $12 > 0
		}
		$6 != 0 && !allowed("unseen") { print $1 ": unseen " $6 ";" }
		$7 != 0 && !allowed("relearned") { print $1 ": relearned " $7 ";" }
		$8 != 0 && !allowed("lost") { print $1 ": lost " $8 ";" }
		$10 != 0 { print $1 ": sum of net is off by " $10 ";" }
		$11 != 0 { print $1 ": sum of live is off by " $11 ";" }
		$2 == "exit" && $5 != $4 && !allowed("inexact") {
			print $1 ": now " $4 ", kernel " $5 ";" }
		$2 == "exit" && $9 != "true" && allow !~ /unseen|relearned|inexact|noted/ {
			print $1 ": not exact;" }
		' "$dir/table" | head -20 | tr '\n' ' ')
	DETAIL=$(awk -F '\t' -v pid="$(cat "$dir/pid")" '
		{ unseen += $6; relearned += $7; net += $10 < 0 ? -$10 : $10
		  live += $11 < 0 ? -$11 : $11 }
		$1 == pid || NR == 1 { start = $3; now = $4; exact = $9 }
		END { printf "%d proc, start %d now %d, ", NR, start, now
			printf "unseen %d relearned %d exact %s ", unseen, relearned, exact
			printf "sums off by %d and %d", net, live }' "$dir/table")
}

# fields NAME DIR: the JSON report of the recordings in DIR must have all fields that others rely on
fields() {
	local wrong
	wrong=$("$TOOL" report --format=json "$2" 2>&1 |
		jq -r -f "$ROOT/tests/cli/report_fields.jq" 2>&1 | sort -u | head -3 | tr '\n' ' ')
	if [ -z "$wrong" ]; then pass "$1"; else fail "$1" "$wrong"; fi
}

# Say in words that the program fails by itself: with another status than STATUS (0; any: it ends in its own
# way), or since a REQUIRE of target.h was not met. DIR: its plain run
fails_by_itself() {
	local status wanted=${STATUS:-0}
	status=$(cat "$1/status")
	[ "$status" = "$wanted" ] || [[ $wanted = any && $status != 12[4-7] ]] ||
		echo -n "plain run: status $status instead of $wanted; "
	[ "$status" != 3 ] || ! grep -E -m1 '^[^ ]*\.c:[0-9]+: ' "$1/err" | tr '\n' ' '
}

# same_and_true NAME COMMAND...: all checks of one program. STATUS: what it ends with (0). VERIFY: N of the
# second traced run (0: there is none); SUMMARY=1: its log must hold a report with a summary line.
same_and_true() {
	local name=$1 dir=$TMP/$1 difference verify=${VERIFY:-1}
	shift
	plain "$dir/plain" "$@"
	traced "$dir/traced" "${OPTIONS:-}" "$@"
	difference=$(differences "$dir/plain" "$dir/traced")
	difference+=$(fails_by_itself "$dir/plain")
	PROBLEMS= DETAIL=
	judge "$dir/traced"
	[ -z "${SUMMARY:-}" ] ||
		grep -qs '^SUMMARY: vmatrace: ' "$dir/traced/log.$(cat "$dir/traced/pid")" ||
		PROBLEMS+="no summary in its log; "
	if [ "$verify" != 0 ]; then
		traced "$dir/verify" "verify=$verify:report=0" "$@"
		difference+=$(differences "$dir/plain" "$dir/verify" | sed 's/^/verify: /')
		[ "$(cat "$dir/verify/status")" != 97 ] ||
			difference+=$(cat "$dir"/verify/log.* "$dir/verify/err" 2>/dev/null |
				grep -i -m1 -A3 differ | tr '\n' ' ' | cut -c1-300)
	fi
	if [ -z "$difference$PROBLEMS" ]; then
		pass "$name" "$DETAIL"
	else
		fail "$name" "$difference$PROBLEMS$DETAIL"
	fi
}
