#!/bin/bash
# SPDX-License-Identifier: MIT
# The program has all of its descriptors, whoever reads its output sees the end of it, and the tool
# that names functions at exit harms nobody: neither when it hangs nor when it fails, and there is
# one report.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2
GO=$TARGETS/lets_go

# The program has as many descriptors as without the library, wherever it is recorded, and also
# where 0 to 2 are closed when it starts.
count() {	# LIMIT [PROGRAM...]
	(
		ulimit -n "$1"
		shift
		"$@" "$GO" count 2>/dev/null
		echo "opened $?"
		"$@" "$GO" count <&- >&- 2>&-
		echo "opened $?, of those that were closed as well"
	)
}
for limit in 20 64 1024; do
	for options in "" "dir=$TMP" "log_path=$TMP/log" report=0; do
		want=$(count $limit)
		got=$(count $limit env LD_PRELOAD="$LIB" VMATRACE_OPTIONS=$options)
		[ "$want" = "$got" ] && pass "limit_$limit" "${options%%=*}: $(echo $got)" ||
			fail "limit_$limit" "$options: $want became $got"
	done
done

# The program lowers its limit while it runs: there is a report, whether the library may raise that of
# the tool or not, and it is not called compared if there was no descriptor for that.
for limit in "0" "3" "0 hard"; do
	name=lowered_${limit/ /_}
	LD_PRELOAD=$LIB "$TARGETS/no_descriptors" $limit >out 2>err
	status=$?
	said=$(tr -s '=0-9 \n' ' ' <err | grep -oE "equal to the kernel's table|could not be read at the end")
	want="equal to the kernel's table"
	[ "$limit" != "0 hard" ] || want="could not be read at the end"
	[ $status = 5 ] && [ "$(cat out)" = mapped ] && [ "$(grep -c ^SUMMARY err)" = 1 ] &&
		[ "$said" = "$want" ] && pass "$name" "$said" ||
		fail "$name" "status $status: $(cat out) $(head -c 700 err)"
done

# (with CAP_SYS_RESOURCE the tool runs all the same)
check lowered_hard_is_told sh -c 'grep -q no_descriptors.c: err || tr -s "=0-9 \n" " " <err |
	grep -q "no lines and causes: the limit on descriptors (ulimit -n) leaves the vmatrace tool none"'

# The reader of a daemon's output sees its end while the daemon lives.
for options in report=1 report=0 "dir=$TMP"; do
	rm -f fifo
	mkfifo fifo
	said=$(LD_PRELOAD=$LIB VMATRACE_OPTIONS=$options "$GO" daemon fifo 2>&1 &)
	timeout 20 cat fifo >/dev/null	# it hangs if the daemon has ended
	check "end_of_output_${options%%=*}" [ $? = 0 -a -z "$said" ]
done

# No child is taken from the program or given to it, and there is one report.
timeout 60 env LD_PRELOAD="$LIB" "$GO" reaper >out 2>err
check reaper_status [ $? = 7 ]
check reaper_nothing_reaped [ ! -s out ]
check reaper_one_report [ "$(grep -c ^SUMMARY err)" = 1 ]
if unshare -p -f true 2>/dev/null; then
	timeout 60 unshare -p -f env LD_PRELOAD="$LIB" "$GO" reaper >out 2>err
	check reaper_as_init [ $? = 7 -a ! -s out ]
fi

# tool NAME SCRIPT: run a program with this script as the tool; it must end soon, with one report
tool() {
	local start=$SECONDS
	mkdir -p "$1/preload" "$1/tools"
	cp "$LIB" "$1/preload/"
	printf '#!/bin/sh\n%s\n' "$2" >"$1/tools/vmatrace"
	chmod 755 "$1/tools/vmatrace" "$1/tools"
	timeout 60 env LD_PRELOAD="$TMP/$1/preload/libvmatrace.so" "$TARGETS/demo12k" >out 2>err
	STATUS=$?
	TOOK=$((SECONDS - start))
	[ $STATUS = 0 ] && [ "$(grep -c ^SUMMARY err)" = 1 ] && [ $TOOK -lt 30 ] &&
		pass "tool_$1" "after $TOOK s" || fail "tool_$1" "status $STATUS, $TOOK s: $(tail -3 err)"
}
tool hangs 'echo "SUMMARY: half"; exec sleep 1000'
tool fails 'echo "SUMMARY: half"; exit 1'
check tool_fails_is_told grep -q 'names   no lines and causes: the vmatrace tool did not run' err
tool crashes 'echo "SUMMARY: half"; kill -SEGV $$'
tool works 'echo "SUMMARY: from the tool"'
check tool_works_is_used grep -q "from the tool" err
export DEBUGINFOD_URLS=http://nowhere
tool asks_nobody 'echo "SUMMARY: servers \"$DEBUGINFOD_URLS\""'
check tool_asks_nobody_at_all grep -q 'servers ""' err
unset DEBUGINFOD_URLS
# A tool that somebody else has put there, or that others may write to, is not run.
mkdir -p planted/tools && chmod 777 planted/tools
tool planted 'echo "SUMMARY: planted"'
check tool_of_ours_runs grep -q planted err
chmod 777 planted/tools
LD_PRELOAD=$TMP/planted/preload/libvmatrace.so "$TARGETS/demo12k" >out 2>err
check planted_folder sh -c '! grep -q planted err && grep -q ^SUMMARY err'
check no_tool_is_told grep -q 'names   no lines and causes: there is no vmatrace tool beside' err
check no_tool_is_helped sh -c 'tr -s "=0-9 \n" " " <err | grep -q "that it may run; with dir DIR report finds them"'
check no_tool_80_columns sh -c '! grep -E "^.{81}" err'
# Where it cannot be found or reached, no library of it is said to be missing.
LD_PRELOAD='' unshare -rm sh -c 'mount -t tmpfs none /proc && LD_PRELOAD=$0 exec "$1"' "$LIB" \
	"$TARGETS/demo12k" >out 2>err
check no_proc_is_told sh -c 'tr -s "=0-9 \n" " " <err |
	grep -q "names no lines and causes: the vmatrace tool beside the library is found only where /proc is mounted"'
LD_PRELOAD=$LIB "$TARGETS/changes_root" chroot >out 2>err
check other_root_is_told sh -c 'tr -s "=0-9 \n" " " <err | grep -q "tool is gone, or it is outside of the root folder"'
check other_root_misses_nothing sh -c '! grep -q libdw err && grep -q ^SUMMARY err'
LD_PRELOAD=$TMP/planted/preload/libvmatrace.so VMATRACE_OPTIONS=tool=0 "$TARGETS/demo12k" >out 2>err
check tool_unwanted_is_not_told sh -c '! grep -q " names  " err && grep -q ^SUMMARY err'
if [ "$(id -u)" = 0 ]; then
	chmod 755 planted/tools
	chown 1234 planted/tools/vmatrace
	LD_PRELOAD=$TMP/planted/preload/libvmatrace.so "$TARGETS/demo12k" >out 2>err
	check planted_file sh -c '! grep -q planted err && grep -q ^SUMMARY err'
fi

# A log file is readable for its owner only; in a folder that others may write to it replaces no
# file and follows no link.
mkdir own shared && chmod 1777 shared
LD_PRELOAD=$LIB VMATRACE_OPTIONS=log_path=own/log "$TARGETS/demo12k" >out
check log_mode [ "$(stat -c %a own/log.*)" = 600 ]
for kind in file link; do
	echo precious >victim
	sh -c 'if [ $0 = file ]; then echo precious >shared/log.$$; else ln -s ../victim shared/log.$$; fi
		exec env LD_PRELOAD='"$LIB"' VMATRACE_OPTIONS=log_path=shared/log '"$TARGETS/demo12k" $kind >out
	check "log_over_$kind" sh -c '[ "$(cat victim)" = precious ] &&
		! grep -L precious shared/log.*[0-9] | grep -vq -- -2 && grep -q ^SUMMARY shared/log.*-2'
	rm -f shared/*
done
finish
