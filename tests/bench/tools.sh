# SPDX-License-Identifier: MIT
# Start-up, the report at exit, vmatrace maps, and the cost of examining large recordings.

start_up() {	# a|b [OPTIONS]
	mkdir -p "$TMP/rec"
	OPTIONS=${2:-} FLAGS="-n $(rounds 400)" spend_under "$1" /bin/true
	rm -f "$TMP/rec"/*
}

# A program with a library, without its report and with it; or with two libraries' reports.
exit_report() {	# a|b COMMAND...
	local lib=$LIB_B report=1
	if [ "$1" = a ]; then
		lib=${LIB_A:-$LIB_B}
		[ -n "$LIB_A" ] || report=0
	fi
	shift
	"$SPEND" -e "LD_PRELOAD=$lib" -e "VMATRACE_OPTIONS=report=$report:log_path=$TMP/log" "$@"
	rm -f "$TMP"/log.*
}

# The time from the program's last action to its end, with 1,000 call sites and 2,000 maps.
exit_alone() {	# a|b
	FLAGS="-x -o $TMP/said" spend_under "$1" "$BENCH" leave-and-say 1000 1000
}

maps_own() {
	mkdir -p "$TMP/own"
	OPTIONS=dir=$TMP/own under b /bin/true
	"$TOOL_B" report --format=json "$TMP/own" | jq '.processes[0].maps.own'
}

# Start a process with so many maps, which lives until stop_servers; sets HELD.
hold() {	# MAPS [LIB [HALF-THE-SITES [DEPTH]]]
	rm -f "$TMP/held" "$TMP/end"
	mkfifo "$TMP/end"
	LD_PRELOAD=${2:-} VMATRACE_OPTIONS=report=0:max_maps=1100000 \
		"$BENCH" hold "${3:-1}" "$1" "${4:-0}" >"$TMP/held" <"$TMP/end" &
	HELD=$!
	SERVERS+=" $HELD"
	exec 7>"$TMP/end"
	wait_until grep -q ready "$TMP/held"
}

let_go() {
	exec 7>&-
	wait "$HELD"
	SERVERS=${SERVERS/ $HELD/}
}

look_at_maps() {
	if [ "$1" = b ]; then
		"$SPEND" "$TOOL_B" maps "$HELD"
	elif [ -n "$TOOL_A" ]; then
		"$SPEND" "$TOOL_A" maps "$HELD"
	else
		"$SPEND" cat "/proc/$HELD/maps"
	fi
}

bench_maps_pid() {
	local maps=60000
	[ -z "$QUICK" ] || maps=600
	wanted "maps-pid-$maps-to-cat" || return 0
	hold $maps && measure "maps-pid-$maps-to-cat" "ns:$(budget x2) ns:-" look_at_maps
	let_go
}

# Run a command of the tool on a recording.
analyse() {
	local tool=$TOOL_B
	[ "$1" = a ] && tool=${TOOL_A:-$TOOL_B}
	"$SPEND" "$tool" "${@:2}"
}

# Make recordings that are as large as possible: 60,000 maps from 19,900 call sites; the same with
# 64 frames each; a million maps (as root); and a thousand recordings in one directory.
make_recording() {	# NAME
	local all=19900
	mkdir -p "$TMP/$1"
	case $1 in
	large) OPTIONS=dir=$TMP/large under b "$BENCH" leave "$(rounds 30000)" $all ;;
	deep) OPTIONS=dir=$TMP/deep under b "$BENCH" leave "$(rounds 30000)" $all 60 ;;
	thousand) OPTIONS=dir=$TMP/thousand spend_under b -n "$(rounds 1000)" /bin/true ;;
	million)
		[ -n "$QUICK" ] || raise_limit 1100000 || return
		OPTIONS=dir=$TMP/million under b "$BENCH" leave "$(rounds 500000)" $all
		restore_limit
		;;
	esac >/dev/null
}

bench_analysis() {
	local what size pairs=$PAIRS spare=$SPARE
	# Where there is nothing to compare with, one run of these long ones tells enough.
	PAIRS=$((PAIRS < 3 ? PAIRS : 3)) SPARE=0
	[ -n "$REVISION" ] || PAIRS=1
	for size in large deep million thousand; do
		for what in report json check diff; do
			wanted "$what-$size" || continue
			[ -e "$TMP/$size" ] || make_recording $size || {
				echo "$size: only root may raise vm.max_map_count"
				continue 2
			}
			analysis_of $what $size
		done
		rm -rf "${TMP:?}/$size" "$TMP/$size.json"
	done
	PAIRS=$pairs SPARE=$spare
}

# Resident memory is shown beside the time: it may be the mapped recordings, plus a small multiple
# of their contents.
analysis_of() {	# WHAT SIZE
	local ALONE=1 at=$TMP/$2 fields="ns:- skip KiB:-"
	case $1 in
	check | diff) [ -e "$at.json" ] ||
		"$TOOL_B" check --save="$at.json" --max-maps=10000000 "$at" >/dev/null ;;
	esac
	[ -z "$REVISION" ] || ALONE=
	case $1 in
	report) measure "$1-$2" "$fields" analyse report "$at" ;;
	json) measure "$1-$2" "$fields" analyse report --format=json "$at" ;;
	check) measure "$1-$2" "$fields" analyse check --per-site=0 --baseline="$at.json" "$at" ;;
	diff) measure "$1-$2" "$fields" analyse diff "$at.json" "$at" ;;
	esac
}

bench_tools() {
	heading tools
	measure start-up-true "ns:$(budget +5e6) ns:-" start_up
	measure start-up-true-file "ns:$(budget +5e6) ns:-" start_up "dir=$TMP/rec"
	[ -n "$REVISION" ] || once own-maps "maps:<12" "" "$(maps_own)"
	measure exit-report-1000 "ns:$(budget +1e9)" exit_report "$BENCH" leave 1000 1000
	measure exit-no-report-1000 "ns:$(budget +1e7)" exit_alone
	! has node || measure exit-report-node "ns:$(budget +1e9)" exit_report node -e 1
	bench_maps_pid
	bench_analysis
}
