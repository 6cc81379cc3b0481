# SPDX-License-Identifier: MIT
# Shared by the parts of scripts/bench.sh; sourced by it, not run. A measurement is a function that
# is called with "a" or "b" as its first argument, and prints one number for each field. Nothing
# here knows what is measured.

SERVERS=
LIMIT_BEFORE=
LIMIT_FILE=${LIMIT_FILE:-/proc/sys/vm/max_map_count}	# a test has one of its own

heading() {
	local dashes=------------------------------------
	printf '\n%s, after %s:\n' "$1" "$(elapsed)"
	printf '%-26s %10s %10s %8s %16s %10s\n' "" "$A" "$B" ratio quartiles budget
	printf '%.26s %.10s %.10s %.8s %.16s %.10s\n' $dashes $dashes $dashes $dashes $dashes $dashes
}

# Print the number of rounds, which is smaller with --quick.
rounds() {
	local few=$(($1 / 100))
	[ -n "$QUICK" ] && echo $((few > 0 ? few : 1)) || echo "$1"
}

# Does --only select it?
wanted() {
	# shellcheck disable=SC2053
	[[ $1 == $ONLY ]]
}

lib_of() {
	[ "$1" = a ] && echo "$LIB_A" || echo "$LIB_B"
}

elapsed() {
	printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60))
}

# Show on a terminal what is being measured; without words, clear that line.
progress() {
	[ ! -t 2 ] || printf '\r\033[K%s\r' "${1:+$1, $(elapsed)}" >&2
}

# Run with the library of a variant, if it has one. OPTIONS: more of VMATRACE_OPTIONS.
under() {
	local lib
	lib=$(lib_of "$1")
	shift
	if [ -n "$lib" ]; then
		LD_PRELOAD=$lib VMATRACE_OPTIONS=report=0${OPTIONS:+:$OPTIONS} "$@"
	else
		"$@"
	fi
}

# The same under spend, which is not traced itself, and prints wall time, processor time and
# resident KiB. FLAGS: more for spend.
spend_under() {
	local lib
	lib=$(lib_of "$1")
	shift
	# shellcheck disable=SC2086
	"$SPEND" ${FLAGS:-} ${lib:+-e "LD_PRELOAD=$lib"} \
		${lib:+-e "VMATRACE_OPTIONS=report=0${OPTIONS:+:$OPTIONS}"} "$@"
}

# measure NAME "UNIT:BUDGET..." FUNCTION ARGS...: make a measurement for each field that is not
# "skip". A second field is the processor time. Of a measurement that failed, only this is printed.
# ALONE: there is nothing to compare with, and only b is measured. SPARE: one that takes less than
# so many seconds gets more pairs, up to three times as many, since short runs differ most.
measure() {
	local name=$1 fields=$2 i order variant numbers samples=$TMP/samples
	local end=$((SECONDS + SPARE))
	shift 2
	wanted "$name" || return 0
	: >"$samples"
	for ((i = 0; i < PAIRS || (i < 3 * PAIRS && SECONDS < end); i++)); do
		order="a b"
		((i % 2)) && order="b a"
		[ -z "${ALONE:-}" ] || order=b
		progress "$name: pair $((i + 1))"
		for variant in $order; do
			numbers=$("$1" "$variant" "${@:2}" 2>"$TMP/errors")
			if ! [[ $numbers =~ ^[0-9.\ ]*[1-9][0-9.\ ]*$ ]]; then
				failed "$name" "$variant"
				return 0
			fi
			echo "$variant $numbers" >>"$samples"
		done
	done
	tell "$name" "$fields"
}

failed() {
	progress
	printf '%-26s FAILED (%s): %s\n' "$1" "$2" "$(tail -1 "$TMP/errors" | cut -c1-80)"
	FAILURES=$((${FAILURES:-0} + 1))
}

# once NAME UNIT:BUDGET A B: report figures that were found in another way; A may be "".
once() {
	wanted "$1" || return 0
	{
		[ -z "$3" ] || echo "a $3"
		echo "b $4"
	} >"$TMP/samples"
	tell "$1" "$2"
}

tell() {
	local name=$1 field=0 spec words=("" " cpu" " resident")
	jq -Rn '[inputs | split(" ")] | group_by(.[0]) |
		map({ (.[0][0]): map(.[1:] | map(tonumber)) }) | { a: [], b: [] } + add' \
		"$TMP/samples" >"$TMP/samples.json"
	for spec in $2; do
		[ "$spec" = skip ] || tell_field "$name${words[field]}" "$spec" $field ||
			failed "$name" "$B"
		field=$((field + 1))
	done
}

tell_field() {	# NAME UNIT:BUDGET FIELD
	jq -c --argjson field "$3" --arg name "$1" --arg unit "${2%%:*}" --arg budget "${2#*:}" \
		--arg label_a "$A" --arg label_b "$B" -f "$ROOT/tests/bench/stats.jq" \
		"$TMP/samples.json" 2>"$TMP/errors" >"$TMP/result" && show &&
		cat "$TMP/result" >>"$TMP/results"
}

show() {
	local columns
	IFS=$'\t' read -r -a columns < <(jq -r --arg label_a "$A" --arg label_b "$B" \
		-L "$ROOT/tests/bench" -f "$ROOT/tests/bench/table.jq" "$TMP/result" 2>"$TMP/errors")
	[ "${#columns[@]}" -ge 6 ] || return
	progress
	printf '%-26s %10s %10s %8s %16s %10s %s\n' "${columns[@]}"
}

# There is no budget for the comparison with another revision.
budget() {
	[ -n "$REVISION" ] && echo - || echo "$1"
}

# Programs that run until they are told to stop: those of this shell, and servers by the files that
# they write their number to.
stop_servers() {
	local pid file
	for file in "$TMP/redis.pid" "$TMP/postgres/data/postmaster.pid"; do
		[ ! -s "$file" ] || kill -INT "$(head -1 "$file")" 2>/dev/null
	done
	for pid in $SERVERS; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	SERVERS=
}

wait_until() {	# COMMAND...: at most ten seconds
	local i
	for ((i = 0; i < 1000; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.01
	done
	return 1
}

# Raise the machine's limit, which is restored at the end whatever happens.
raise_limit() {
	local now
	now=$(cat "$LIMIT_FILE")
	[ "$now" -ge "$1" ] && return
	LIMIT_BEFORE=${LIMIT_BEFORE:-$now}
	echo "$1" >"$LIMIT_FILE"
} 2>/dev/null

restore_limit() {
	[ -z "$LIMIT_BEFORE" ] || echo "$LIMIT_BEFORE" >"$LIMIT_FILE"
	LIMIT_BEFORE=
}

describe_machine() {
	local cpu
	cpu=$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)
	jq -n --arg cpu "$cpu" --argjson cores "$(nproc)" --arg kernel "$(uname -r)" \
		--arg libc "$(getconf GNU_LIBC_VERSION)" --arg date "$(date -u +%Y-%m-%d)" \
		--arg revision "$(git -C "$ROOT" describe --always --dirty 2>/dev/null)" \
		--argjson load "$(cut -d' ' -f1 /proc/loadavg)" --argjson pairs "$PAIRS" \
		'{ schema: "vmatrace.bench/2", date: $date, revision: $revision, pairs: $pairs,
		   machine: { cpu: $cpu, cores: $cores, kernel: $kernel, libc: $libc,
			      load_at_start: $load } }' >"$TMP/machine"
	jq -r '"\(.machine.cpu), \(.machine.cores) cores, Linux \(.machine.kernel), " +
		"\(.machine.libc); load \(.machine.load_at_start); revision \(.revision); " +
		"medians of \(.pairs) pairs"' "$TMP/machine"
}

# Replace the lines between two marks of a file.
update_table() {	# FILE FORM
	summary "$2" >"$TMP/table" &&
		awk -v table="$TMP/table" '
			/^<!-- bench end/ { inside = 0 }
			!inside
			/^<!-- bench begin/ { inside = 1
				while ((getline line < table) > 0) print line }' \
			"$1" >"$TMP/updated" && cp "$TMP/updated" "$1"
}

# The requirements stand in the README, and what is measured besides in doc/cost.md.
update_readme() {
	update_table "${README_FILE:-$ROOT/README.md}" markdown &&
		update_table "${COST_FILE:-$ROOT/doc/cost.md}" cost
}

# Print the requirements on vmatrace, one a line; or what is measured besides.
summary() {	# text|markdown|cost
	jq -rs --slurpfile machine "$TMP/machine" --arg form "$1" -L "$ROOT/tests/bench" \
		-f "$ROOT/tests/bench/summary.jq" "$TMP/results"
}

finish_bench() {
	local met over
	progress
	[ -z "$JSON" ] || jq -s --slurpfile machine "$TMP/machine" \
		'$machine[0] + { results: . }' "$TMP/results" >"$JSON" || exit 2
	[ -z "$README" ] || update_readme || exit 2
	[ -n "$REVISION" ] || { echo && summary text; }
	met=$(jq -s 'map(select(.met == true)) | length' "$TMP/results")
	over=$(jq -s 'map(select(.met == false)) | length' "$TMP/results")
	echo
	echo "$met budgets met, $over over, ${FAILURES:-0} measurements failed, in $(elapsed)"
	[ "${FAILURES:-0}" = 0 ] || exit 1
	[ -z "$STRICT" ] || [ "$over" = 0 ] || exit 1
}
