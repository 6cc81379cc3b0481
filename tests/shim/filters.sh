#!/bin/bash
# SPDX-License-Identifier: MIT
# Seccomp filters, inherited or installed by the program: nobody is killed because of the library,
# and where the filter allows more, as in containers, everything works as without a filter.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

# under PROFILE HOW NAME OPTIONS COMMAND...: plain and traced under the filter, compared
under() {
	local profile=$1 how=$2 name=$3 options=$4 dir=$TMP/$3
	shift 4
	plain "$dir/plain" "$TARGETS/under_filter" "$profile" "$how" "$@"
	mkdir -p "$dir/traced/rec"
	{
		PRE=$LIB VMATRACE_OPTIONS=$options timeout -k 5 60 "$TARGETS/under_filter" \
			"$profile" "$how" "$@" >"$dir/traced/out" 2>"$dir/traced/err" </dev/null
		echo $? >"$dir/traced/status"
	} 2>/dev/null
	different=$(SAME="${SAME:-out status}" differences "$dir/plain" "$dir/traced")
	if [ -z "$different" ]; then pass "$name" "$(cat "$dir/traced/status")"; else
		fail "$name" "$different"; fi
}

has() {	# NAME PATTERN: in the report of the program that NAME ran
	check "$1_has_$(echo "$2" | tr -dc a-z | cut -c1-12)" grep -q "$2" "$TMP/$1/traced/err"
}

named() {	# NAME: the recording that NAME left; at exit the time for names is short
	"$TOOL" report "$TMP/$1/traced/rec" >"$TMP/$1/report" 2>&1
	check "$1_named" grep -q "make_object .*guard_pages.c:" "$TMP/$1/report"
}

# A program that lives without the library lives with it.
for profile in few few-eperm; do
	under $profile exec "strict_$profile" "" "$TARGETS/demo12k"
	# The report has names and stacks, and the table was compared with the kernel's.
	has "strict_$profile" "equal to the kernel's table"
	has "strict_$profile" "mmap new  *main$"
	has "strict_$profile" "causes: a seccomp filter is active"
done
SAME="out err status" under few exec strict_silent report=0 "$TARGETS/guard_pages"

# Calls that the program makes are for the filter to judge; the library passes them on.
for profile in few few-eperm; do
	SAME="out err status" under $profile exec "other_calls_$profile" report=0 \
		"$TARGETS/other_calls_filtered"
done

# Everything is as without a filter.
for profile in docker service denies all; do
	rec=$TMP/whole_$profile/traced/rec
	under $profile fork "whole_$profile" "dir=$rec" "$TARGETS/guard_pages"
	named "whole_$profile"
	has "whole_$profile" "equal to the kernel's table"
	has "whole_$profile" "libc's own included"
	if grep -qE "seccomp|stack unknown" "$TMP/whole_$profile/traced/err"; then
		fail "whole_${profile}_unnoted" "$(grep -m1 -E 'seccomp|unknown' "$TMP/whole_$profile/traced/err")"
	else
		pass "whole_${profile}_unnoted"
	fi
done

# A call that the filter skips, and that returns 0, has answered nothing.
rec=$TMP/skipped/traced/rec
SAME="out err status" under skips fork skipped "dir=$rec:report=0" "$TARGETS/fork_children" 3
"$TOOL" report --format=json "$rec" 2>/dev/null | jq -e '[.processes[] | select(.coverage.exact)] | length == 3' \
	>"$TMP/exact" && pass skipped_exact || fail skipped_exact "$("$TOOL" report "$rec" 2>&1 | head -c 300)"

# Children of a program under Docker's profile have recordings of their own.
rec=$TMP/children/traced/rec
under docker fork children "dir=$rec:report=0" "$TARGETS/fork_children" 10
processes=$("$TOOL" report --format=json "$rec" 2>/dev/null |
	jq '[.processes[] | select(.coverage.exact)] | length')
# One of the ten processes is killed.
[ "$processes" = 10 ] && pass children_recorded || fail children_recorded "$processes of 10"

# Commands of the tool that start the process themselves.
timeout 60 "$TARGETS/under_filter" docker exec "$TOOL" run "$TARGETS/guard_pages" >"$TMP/run" 2>&1
check run_under_docker grep -q "make_object" "$TMP/run"
timeout 60 "$TARGETS/under_filter" docker exec "$TOOL" check --max-growth=10 -- \
	"$TARGETS/guard_pages" >"$TMP/check" 2>&1
check check_under_docker grep -q "grew by 1,000 maps" "$TMP/check"

# Where nothing shows that a child process is allowed, the user can say so.
under docker exec by_option "filter=probe:dir=$TMP/by_option/traced/rec" "$TARGETS/guard_pages"
named by_option

# A traced launcher has read its filter, and passes on what it knows to the programs that it
# executes.
for profile in docker service few few-eperm; do
	dir=$TMP/carried_$profile rec=$TMP/carried_$profile/rec
	mkdir -p "$rec"
	plain "$dir/plain" "$TARGETS/under_filter" $profile exec "$TARGETS/guard_pages"
	mkdir -p "$dir/traced"
	PRE=$LIB LD_PRELOAD=$LIB VMATRACE_OPTIONS=dir=$rec:report=0 timeout 60 "$TARGETS/under_filter" $profile \
		exec "$TARGETS/guard_pages" >"$dir/traced/out" 2>"$dir/traced/err" </dev/null
	echo $? >"$dir/traced/status"
	different=$(differences "$dir/plain" "$dir/traced")
	case $profile in docker | service)
		different+=$("$TOOL" report --format=json "$rec" | jq -r '[.processes[] | select((.exe | endswith("guard_pages")) and
			.coverage.exact and .coverage.notes == [])] | if length == 1 then empty else "not as outside" end') ;;
	esac
	different+=$(ls -A "$rec" | grep "^\.filter")
	[ -z "$different" ] && pass "carried_$profile" || fail "carried_$profile" "$different"
done

# What was left there by another process is not believed.
mkdir -m 755 forged
sh -c 'head -c 32 /dev/zero | tr "\0" "\377" >forged/.filter.$$; chmod 600 forged/.filter.$$
	PRE=$1 VMATRACE_OPTIONS=report=0:dir=$PWD/forged exec "$2/under_filter" few exec "$2/guard_pages"' \
	sh "$LIB" "$TARGETS" >out 2>err
check forged_is_ignored [ $? = 0 ]

# Real programs with children and threads under Docker's profile: all is as without it, names
# included.
real_program() {	# NAME COMMAND...
	local name=docker_$1 rec=$TMP/docker_$1/traced/rec not_outside
	shift
	under docker fork "$name" "dir=$rec:report=0" "$@"
	not_outside=$("$TOOL" report --format=json "$rec" 2>&1 | jq -r '.processes[] | select(.coverage.notes != [] or
		.coverage.unseen > 0 or (.end == "exit" and (.coverage.exact | not))) | .exe' 2>&1)
	[ -z "$not_outside" ] && [ -n "$(ls "$rec")" ] && pass "${name}_as_outside" ||
		fail "${name}_as_outside" "$not_outside"
}

python=$(python3 -c 'import sys; print(sys.executable)')
real_program python3 "$python" -c 'import json, subprocess, threading
threads = [threading.Thread(target=lambda: json.dumps([1] * 9999)) for i in range(5)]
[t.start() for t in threads]; [t.join() for t in threads]; print(subprocess.call(["true"]))'
real_program perl perl -e 'my @a = map { "x" x 10000 } 1..1000; system("true"); print "done\n"; exit 3'
real_program node node -e 'console.log(require("child_process").spawnSync("true").status)'
cat >Hello.java <<'END'
public class Hello {
	public static void main(String[] args) throws Exception {
		System.out.println(new ProcessBuilder("true").start().waitFor());
	}
}
END
real_program java java -Xmx64m Hello.java
real_program redis sh -c 'redis-server --version | grep -c v= && redis-cli --version | grep -c redis'

# A filter for all threads, which kills for calls that only the library makes, while all threads
# make calls. filter_for_all NAME [small]: small means that the threads run on stacks of the
# program's making.
filter_for_all() {
	local killed=0 run how status
	for run in $(seq 50); do
		how=$([ $((run % 2)) = 0 ] && echo prctl || echo raw)
		LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:derive=plain timeout 60 \
			"$TARGETS/filter_for_all" $how ${2:-} >"$TMP/out" 2>&1 </dev/null
		status=$?
		[ $status = 8 ] && [ "$(cat "$TMP/out")" = "done" ] || killed=$((killed + 1))
	done
	[ $killed = 0 ] && pass "$1" "50 runs" || fail "$1" "$killed of 50"
}

# Modules have names also if their first call comes after a filter that forbids asking.
traced late "" "$TARGETS/seccomp_after" late
"$TOOL" report late/rec >late/report 2>&1
if [ "$(cat late/status)" = 8 ] && grep -q 'map_and_cut .*target\.h:' late/report &&
	! grep -q 'unknown module' late/report; then
	pass names_of_before
else
	fail names_of_before "status $(cat late/status): $(grep -m1 -E 'unknown|split' late/report)"
fi

filter_for_all filter_for_all
filter_for_all filter_on_own_stacks small
finish
