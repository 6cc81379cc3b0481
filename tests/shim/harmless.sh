#!/bin/bash
# SPDX-License-Identifier: MIT
# The library under bad conditions: alone in a folder, with bad options, unwritable paths, a full
# disk, closed descriptors, valgrind. The program behaves as without it, and what there is to say is
# one line.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2
DEMO=$TARGETS/demo12k
"$DEMO" >plain.out

# run NAME COMMAND...: under LD_PRELOAD=$PRELOAD; NAME.out, .err, status in $STATUS
run() {
	local name=$1
	shift
	timeout -k 5 60 env LD_PRELOAD="${PRELOAD:-$LIB}" "$@" >"$TMP/$name.out" \
		2>"$TMP/$name.err" </dev/null
	STATUS=$?
}

# same NAME PATTERN [MOST]: output as plain, status 0, PATTERN in the errors (MOST times at most)
same() {
	local name=$1 pattern=$2 most=${3:-1000} found
	found=$(grep -cE -- "$pattern" "$name.err")
	if [ "$STATUS" = 0 ] && cmp -s plain.out "$name.out" && [ "$found" -ge 1 ] &&
		[ "$found" -le "$most" ]; then
		pass "$name" "$(grep -m1 -E -- "$pattern" "$name.err" | cut -c1-90)"
	else
		fail "$name" "status $STATUS, /$pattern/ $found times: $(head -c 300 "$name.err" |
			tr '\n' '|')"
	fi
}

run terminal "$DEMO"
same terminal '^SUMMARY: vmatrace: ' 1

mkdir alone
cp "$LIB" alone/
PRELOAD=$TMP/alone/libvmatrace.so run no_tool "$DEMO"
same no_tool 'SUMMARY: vmatrace: ' 1
leftover=$(find alone -type f ! -name libvmatrace.so)
[ -z "$leftover" ] && grep -qE 'split  *main$' no_tool.err && pass no_tool_names ||
	fail no_tool_names "no names of functions, or files left: $leftover"

run no_log VMATRACE_OPTIONS=log_path=/nonexistent/x "$DEMO"
same no_log '/nonexistent/x' 1
run no_dir VMATRACE_OPTIONS=dir=/nonexistent/y "$DEMO"
same no_dir '/nonexistent/y' 1
run nonsense VMATRACE_OPTIONS=nonsense "$DEMO"
same nonsense 'nonsense' 1
run bad_value VMATRACE_OPTIONS=verify=many:top=-1 "$DEMO"
same bad_value 'verify' 1
run help VMATRACE_OPTIONS=help=1 "$DEMO"
same help 'log_path' 2
run no_report VMATRACE_OPTIONS=report=0 "$DEMO"
[ "$STATUS" = 0 ] && cmp -s plain.out no_report.out && [ ! -s no_report.err ] &&
	pass no_report || fail no_report "$(head -c 200 no_report.err)"
run wrappers_only VMATRACE_OPTIONS=sites=0 "$DEMO"
same wrappers_only 'SUMMARY: vmatrace: ' 1

mkdir read_only && cp "$DEMO" read_only/ && chmod 555 read_only
(cd read_only && run read_only "$DEMO"; echo "$STATUS" >"$TMP/read_only.status")
STATUS=$(cat read_only.status)
same read_only 'SUMMARY: vmatrace: ' 1
check read_only_untouched test "$(ls read_only)" = demo12k

# ls closes its stderr in an atexit handler; the report is printed nevertheless.
ls / >plain.out
run ls ls /
same ls 'SUMMARY: vmatrace: ' 1
ls / /nonexistent >plain.out 2>plain.err
run ls_fails ls / /nonexistent
[ "$STATUS" = 2 ] && cmp -s plain.out ls_fails.out && grep -q "$(cat plain.err)" ls_fails.err &&
	pass ls_fails || fail ls_fails "status $STATUS: $(head -c 200 ls_fails.err)"
"$DEMO" >plain.out

# Descriptors 0 to 2 are closed by the program, or before it starts; a file of the program on
# descriptor 2 gets no byte of ours.
run closes_012 "$TARGETS/closes_012" "$TMP/own"
[ "$STATUS" = 6 ] && [ "$(cat closes_012.out)" = before ] && [ "$(cat own)" = mine ] &&
	pass closes_012 || fail closes_012 "status $STATUS, its file: $(head -c 100 own)"
run closes_012_bare "$TARGETS/closes_012"
check closes_012_bare test "$STATUS" = 6
timeout 20 env LD_PRELOAD="$LIB" "$TARGETS/closes_012" <&- >&- 2>&-
check starts_without_012 test $? = 6
# Nobody reads the output: the library raises no SIGPIPE, and does not block.
timeout 20 bash -c 'LD_PRELOAD=$0 "$1" 2> >(exec 0<&-; sleep 0.01) >/dev/null' "$LIB" "$DEMO"
check broken_pipe test $? = 0

# A child gets the user's environment, LD_PRELOAD included, with nothing added.
env LD_PRELOAD="$LIB" VMATRACE_OPTIONS=report=0 env | sort >environment
env LD_PRELOAD="$LIB" VMATRACE_OPTIONS=report=0 sh -c env | grep -vE '^(_|PWD|OLDPWD|SHLVL)=' |
	sort >environment.child
missing=$(grep -vE '^(_|PWD|OLDPWD|SHLVL)=' environment | comm -3 - environment.child)
check environment test -z "$missing"

# A file size limit of 0, with a recording in a file and without: SIGXFSZ would kill the program.
for options in report=0 "dir=$TMP/fsize:report=0"; do
	mkdir -p fsize
	(
		ulimit -f 0
		LD_PRELOAD=$LIB VMATRACE_OPTIONS=$options timeout 20 "$DEMO" 2>/dev/null
		echo "status $?"
	) | cat >fsize.out
	name=fsize_0_${options%%=*}
	if [ "$(cat fsize.out)" = "$(cat plain.out; echo status 0)" ]; then
		pass "$name"
	else
		fail "$name" "$(tail -1 fsize.out)"
	fi
done
(ulimit -v 300000; run address_limit "$DEMO"; echo "$STATUS" >"$TMP/address_limit.status")
STATUS=$(cat address_limit.status)
same address_limit 'SUMMARY: vmatrace: ' 1

# The disk becomes full before the recording does.
mkdir small
if mount -t tmpfs -o size=64k tmpfs small 2>/dev/null; then
	run disk_full VMATRACE_OPTIONS=dir="$TMP/small" "$TARGETS/file_limit"
	[ "$STATUS" = 0 ] && [ "$(cat disk_full.out)" = "5000 maps" ] &&
		pass disk_full "$(grep -m1 -iE 'disk|space|record' disk_full.err | cut -c1-90)" ||
		fail disk_full "status $STATUS: $(head -c 200 disk_full.err)"
	umount small
else
	echo "--   disk_full                    not run: needs the right to mount a tmpfs"
fi

# Under valgrind the output is the same; the maps of valgrind itself are not seen, and a note says
# so.
if has_program valgrind; then
	timeout 120 valgrind -q "$DEMO" >plain.out 2>plain.err
	timeout 120 env LD_PRELOAD="$LIB" VMATRACE_OPTIONS=log_path="$TMP/valgrind.log" \
		valgrind -q "$DEMO" >valgrind.out 2>valgrind.err
	status=$?
	[ $status = 0 ] && cmp -s plain.out valgrind.out && pass valgrind ||
		fail valgrind "status $status: $(tail -5 valgrind.err | tr '\n' '|' | head -c 300)"
	# What the library does with the program's stacks and with its own is no mistake of the program.
	for target in unwritten_stack malloc_many_threads; do
		timeout 120 env LD_PRELOAD="$LIB" VMATRACE_OPTIONS=log_path="$TMP/$target.log" \
			valgrind -q --error-exitcode=9 "$TARGETS/$target" >$target.out 2>$target.err
		status=$?
		[ $status = 0 ] && [ ! -s $target.err ] && grep -qs unseen $target.log* &&
			pass memcheck-$target ||
			fail memcheck-$target "status $status: $(grep '== [A-Z]' $target.err | head -3 | tr '\n' '|')"
	done
	# DHAT warns of requests that it does not know.
	timeout 120 env LD_PRELOAD="$LIB" VMATRACE_OPTIONS=log_path="$TMP/dhat.log" \
		valgrind -q --tool=dhat --dhat-out-file=/dev/null "$DEMO" >dhat.out 2>dhat.err
	status=$?
	[ $status = 0 ] && [ ! -s dhat.err ] && cmp -s plain.out dhat.out && pass dhat ||
		fail dhat "status $status: $(head -3 dhat.err | tr '\n' '|')"
	# The thread checkers do not know the library's lock, but report no race of its own.
	for tool in helgrind drd; do
		timeout 120 env LD_PRELOAD="$LIB" VMATRACE_OPTIONS=log_path="$TMP/$tool.log" \
			valgrind -q --tool=$tool "$TARGETS/contended_threads" 3 30 >$tool.out 2>$tool.err
		status=$?
		[ $status = 0 ] && [ ! -s $tool.err ] && grep -qs unseen $tool.log.* && pass $tool ||
			fail $tool "status $status: $(grep ' at 0x' $tool.err | head -3 | tr '\n' '|')"
	done
elif [ -n "${IN_GUEST:-}" ]; then
	echo "--   valgrind                     not run: another kernel has no valgrind beside it"
else
	fail valgrind "valgrind is not installed"
fi
finish
