# SPDX-License-Identifier: MIT
# Start-up, the exit report, vmatrace maps, and what large recordings cost to look at.

start_up() {
	FLAGS="-n $(rounds 2000)" spend_under "$1" /bin/true
}

# Without and with the report: 1,000 call sites at as many places, 2,000 maps.
exit_report() {
	local lib=$LIB_B report=1
	if [ "$1" = a ]; then
		lib=${LIB_A:-$LIB_B}
		[ -n "$LIB_A" ] || report=0
	fi
	"$SPEND" -e "LD_PRELOAD=$lib" -e "VMATRACE_OPTIONS=report=$report:log_path=$TMP/log" \
		"$BENCH" leave 1000 1000
	rm -f "$TMP"/log.*
}

exit_report_of() {	# a|b COMMAND...: of a large program
	local lib=$LIB_B report=1
	if [ "$1" = a ]; then
		lib=${LIB_A:-$LIB_B}
		[ -n "$LIB_A" ] || report=0
	fi
	shift
	"$SPEND" -e "LD_PRELOAD=$lib" -e "VMATRACE_OPTIONS=report=$report:log_path=$TMP/log" "$@"
	rm -f "$TMP"/log.*
}

maps_own() {
	mkdir -p "$TMP/own"
	OPTIONS=dir=$TMP/own under b /bin/true
	"$TOOL_B" report --format=json "$TMP/own" | jq '.processes[0].maps.own'
}

# A process with so many maps, until stop_servers: HELD
hold() {	# MAPS [LIB]
	rm -f "$TMP/held" "$TMP/end"
	mkfifo "$TMP/end"
	LD_PRELOAD=${2:-} VMATRACE_OPTIONS=report=0:max_maps=1100000 \
		"$BENCH" hold "${3:-0}" "$1" >"$TMP/held" <"$TMP/end" &
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

# A command of the tool upon a recording; without another revision there is nothing to compare.
analyse() {
	local tool=$TOOL_B
	[ "$1" = a ] && tool=${TOOL_A:-$TOOL_B}
	"$SPEND" "$tool" "${@:2}"
}

# Large recordings: 60,000 maps put by 19,000 call sites, and as root a million maps.
make_recordings() {
	local half=30000
	[ -z "$QUICK" ] || half=300
	mkdir -p "$TMP/large" "$TMP/million"
	OPTIONS=dir=$TMP/large under b "$BENCH" leave $half 19000 >/dev/null
	[ "$1" != large ] || return 0
	[ -n "$QUICK" ] || raise_limit 1100000 || return
	OPTIONS=dir=$TMP/million under b "$BENCH" leave $(rounds 500000) 19000 >/dev/null
	restore_limit
}

bench_analysis() {
	local size sizes="large million" pairs=$PAIRS
	wanted report-million || wanted json-million || wanted check-million ||
		wanted diff-million || sizes=large
	wanted report-large || wanted json-large || wanted check-large || wanted diff-large ||
		[ "$sizes" != large ] || return 0
	PAIRS=$((PAIRS < 3 ? PAIRS : 3))
	make_recordings "$sizes" || sizes=large
	for size in $sizes; do
		"$TOOL_B" check --save="$TMP/$size.json" --max-maps=10000000 "$TMP/$size" >/dev/null
		measure "report-$size" "ns:- skip KiB:-" analyse report "$TMP/$size"
		measure "json-$size" "ns:- skip KiB:-" analyse report --format=json "$TMP/$size"
		measure "check-$size" "ns:- skip KiB:-" analyse check --per-site=0 \
			--baseline="$TMP/$size.json" "$TMP/$size"
		measure "diff-$size" "ns:- skip KiB:-" analyse diff "$TMP/large.json" "$TMP/$size"
	done
	PAIRS=$pairs
}

bench_tools() {
	measure start-up-true "ns:$(budget +5e6) ns:-" start_up
	[ -n "$REVISION" ] || once own-maps "maps:<12" "" "$(maps_own)"
	measure exit-report-1000 "ns:$(budget +1e9)" exit_report
	! command -v node >/dev/null ||
		measure exit-report-node "ns:$(budget +1e9)" exit_report_of node -e 1
	bench_maps_pid
	bench_analysis
}
