#!/bin/bash
# SPDX-License-Identifier: MIT
# However a program ends, `vmatrace run` says how, and what was recorded until then is complete.
# Whatever happens to the disk meanwhile, the program runs on, and one line says what is missing.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

# Print in words which counts of ./json do not add up. SLACK: the difference that a call in progress
# may make.
sums() {
	jq -r --argjson slack "${SLACK:-0}" '.processes[] |
		(([.sites[].net] | add // 0) - (.maps.now - .maps.start)) as $net |
		(([.sites[].live] | add // 0) - .maps.now) as $live |
		select(($net | fabs) > $slack or $live != 0 or .maps.now < 10) |
		"\(.pid): net off by \($net), live by \($live), now \(.maps.now);"' json
}

# death NAME "END:STATUS ..." COMMAND: how each image of the process must end, in order
death() {
	local name=$1 wanted=$2 got
	shift 2
	rm -rf data
	# The braces catch what bash itself prints about a program that a signal has killed.
	{ timeout 60 "$TOOL" run -o data --report=none -- "$@" >out 2>err </dev/null; } 2>/dev/null
	"$TOOL" report --format=json data >json 2>>err
	got=$(jq -r '[.processes[] | "\(.end):\(.status)"] | join(" ")' json)
	said=$(sums)$(head -c 200 err)
	if [ "$got" = "$wanted" ] && [ -z "$said" ]; then
		pass "$name" "$got"
	else
		fail "$name" "$got instead of $wanted; $said"
	fi
}

ways() {
	local way="$TARGETS/many_ways_to_exit"
	death return exit:26 "$way" return
	death exit exit:21 "$way" exit
	death _exit exit:22 "$way" _exit
	death quick_exit exit:23 "$way" quick_exit
	death exit_in_thread exit:27 "$way" thread_exit
	death main_thread_leaves exit:0 "$way" pthread_exit
	death exit_group exit:28 "$way" exit_group
	death abort signal:6 "$way" abort
	death segv signal:11 "$way" segv
	death segv_in_thread signal:11 "$way" segv_in_thread
	death sigterm signal:15 "$way" signal
	death sigkill signal:9 "$way" kill
	death exec "exec:null exit:0" "$way" exec
	death killed_midway signal:9 "$TARGETS/killed_midway"
	jq -e '.processes[0].sites | any(.live == 500)' json >/dev/null &&
		pass killed_midway_owners || fail killed_midway_owners "no site with 500 live maps"
}

# Find a place below our own control group, so within its limits, where a group with limited memory
# can be made.
make_group() {
	local own
	own=$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
	GROUP=/sys/fs/cgroup/memory$own/vmatrace-$$
	if mkdir "$GROUP" 2>/dev/null && [ -w "$GROUP/memory.limit_in_bytes" ]; then
		echo 32M >"$GROUP/memory.limit_in_bytes"
		[ ! -e "$GROUP/memory.memsw.limit_in_bytes" ] ||
			echo 32M >"$GROUP/memory.memsw.limit_in_bytes"
		return
	fi
	rmdir "$GROUP" 2>/dev/null
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	GROUP=/sys/fs/cgroup$own/vmatrace-$$
	if mkdir "$GROUP" 2>/dev/null && [ -w "$GROUP/memory.max" ]; then
		echo 32M >"$GROUP/memory.max"
		[ ! -e "$GROUP/memory.swap.max" ] || echo 0 >"$GROUP/memory.swap.max"
		return
	fi
	rmdir "$GROUP" 2>/dev/null
	return 1
}

out_of_memory() {
	local maps
	if ! make_group 2>/dev/null; then
		echo "--   oom_killer                   not run: no control group can be made here"
		return
	fi
	SLACK=1 death oom_killer "exec:null signal:9" sh -c 'echo $$ >"$0/cgroup.procs" && exec "$1"' \
		"$GROUP" "$TARGETS/eats_memory"
	maps=$(jq '[.processes[-1].sites[].live] | max' json)
	[ "$maps" -ge 8 ] && pass oom_killer_owners "$maps maps of one site" ||
		fail oom_killer_owners "$maps maps"
	rmdir "$GROUP"
}

# preloaded OPTIONS COMMAND: run it with the library alone, which prints its report
preloaded() {
	local options=$1
	shift
	{ timeout 60 env LD_PRELOAD="$LIB" VMATRACE_OPTIONS="$options" "$@" >out 2>err \
		</dev/null; } 2>/dev/null
	STATUS=$?
}

# missing NAME LINE: the program behaved as always, and exactly one line says this
missing() {
	local lines
	sed 's/^==[0-9]*== //' err | tr '\n' ' ' >line	# it may be wrapped anywhere
	lines=$(grep -o "$2" line | wc -l)
	if [ "$STATUS" = "${WANTED:-0}" ] && [ "$lines" = 1 ]; then
		pass "$1" "$(sed "s|$TMP|.|" line | cut -c1-110)"
	else
		fail "$1" "status $STATUS, $lines lines: $(head -c 300 err)"
	fi
}

no_place() {
	preloaded "" sh -c 'ulimit -n 4; exec "$0"' "$TARGETS/demo12k"
	missing no_descriptor "no report: "
	missing no_descriptor_why "no file descriptor is left (ulimit -n)"
	preloaded dir=/nonexistent/y "$TARGETS/demo12k"
	missing no_directory "no such directory, make it first (mkdir -p)"
	: >file
	preloaded dir=file "$TARGETS/demo12k"
	missing no_directory_but_a_file "it is not a directory"
	mkdir gone
	WANTED=3
	preloaded "dir=$TMP/gone" sh -c 'rm -rf "$0"; exit 3' "$TMP/gone"
	missing directory_removed "removed while the program ran"
	WANTED=0
	grep -q '^SUMMARY: vmatrace: ' err && pass directory_removed_report ||
		fail directory_removed_report "$(head -c 300 err)"
}

# Run with a mount namespace of our own, and with a user namespace too if we are not root.
mounts() {
	mkdir disk
	if ! mount -t tmpfs -o size=2500k tmpfs disk 2>/dev/null; then
		echo "--   disk_fills                   not run: needs the right to mount a tmpfs"
		return
	fi
	preloaded dir=disk "$TARGETS/at_map_limit"
	missing disk_fills "the disk is full: the recording is incomplete"
	"$TOOL" report --format=json disk >json 2>err
	said=$(sums)$(cat err)
	jq -e '.processes[0].coverage.notes |
		any(test("disk is full")) and (any(test("max_maps=")) | not)' json >/dev/null &&
		[ -z "$said" ] && pass disk_fills_recording "$(jq '.processes[0].maps.peak' json) maps" ||
		fail disk_fills_recording "$said $(jq -c '.processes[0].coverage.notes' json)"
	rm -f disk/*
	dd if=/dev/zero of=disk/zero bs=1024 count=2500 2>/dev/null
	preloaded dir=disk "$TARGETS/demo12k"
	missing disk_is_full "the disk is full"
	preloaded "log_path=$TMP/disk/log" "$TARGETS/demo12k"
	missing log_disk_is_full "the disk is full: the report in"
	rm -f disk/*
	mount -o remount,ro disk
	preloaded dir=disk "$TARGETS/demo12k"
	missing read_only "the file system is read-only"
	umount disk
}

# A recording is no larger than asked for: the report says what had no room, and the sums hold.
small() {
	local size
	mkdir small
	preloaded "dir=$TMP/small:max_size=1:report=0" "$TARGETS/at_map_limit"
	size=$(stat -c %s small/*.vmt)
	"$TOOL" report --format=json small >json 2>err
	said=$(sums)$(cat err)
	if [ "$size" -le $((1 << 20)) ] && [ -z "$said" ] &&
		jq -e '.processes[0].coverage.notes | any(test("max_size="))' json >/dev/null; then
		pass max_size "$size bytes, $(jq '.processes[0].maps.peak' json) maps"
	else
		fail max_size "$size bytes; $said $(jq -c '.processes[0].coverage.notes' json)"
	fi
}

if [ "${1:-}" = mounts ]; then
	mounts
	finish
fi
ways
out_of_memory
no_place
small
as_user=
[ "$(id -u)" = 0 ] || as_user=-r
if unshare -m $as_user true 2>/dev/null; then
	said=$(BUILD=$BUILD unshare -m $as_user "$ROOT/tests/shim/deaths.sh" mounts)
	echo "$said" | sed '$d'
	PASSED=$((PASSED + $(echo "$said" | tail -1 | cut -d' ' -f1)))
	FAILED=$((FAILED + $(echo "$said" | tail -1 | cut -d' ' -f3)))
else
	echo "--   disk_fills                   not run: no mount namespace can be had here"
fi
finish
