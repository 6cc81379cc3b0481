#!/bin/bash
# SPDX-License-Identifier: MIT
# At whatever moment a program is killed, its recording can be read and is not empty, and its
# counters agree except for the call that was being recorded. The program is killed first at every
# single store of the code that writes the recording, then at random moments while four threads run.
# The test counts what the library was doing when it was killed.
#
#   KILLS=N   number of random moments (100); from 1,000 on, each of the five must have been hit 20 times
#   SEED=N    seed of the random moments
. "$(dirname "$0")/../lib.sh"
KILLS=${KILLS:-100}
SEED=${SEED:-$$}
OTHER=$TMP/build-kill

# disagreements DIR COUNT: print a line, "PID WORDS", for each recording in DIR that has something wrong, and
# for COUNT if they are not as many; and add their phases to $TMP/phases. All are read by one run of
# the tool. Lines that begin with OUTLINE are left out: those of stacks, which are megabytes.
# A call here changes at most four starts, and is counted in one place before another.
disagreements() {
	local dir=$1 read_count
	if ! (set -o pipefail
		timeout 60 "$TOOL" report --format=json "$dir" 2>"$dir/err" |
			grep -v "^${OUTLINE:-$}" >"$dir/json"); then
		echo "- $(head -c 200 "$dir/err");"
		return
	fi
	jq -r '.processes[] | .pid as $pid | "phase \(.coverage.under_way // "nothing")",
		((([.sites[].net] | add // 0) - (.maps.now - .maps.start)) as $net |
		(([.sites[].live] | add // 0) - .maps.now) as $live |
		(.coverage.calls - ([.calls[].calls] | add // 0)) as $calls |
		(([.sites[].calls] | add // 0) - ([.calls[].calls] | add // 0)) as $sites |
		# While the whole table is being read anew, the counts are behind the maps.
		(if .coverage.relearned > 0 and .coverage.under_way == "maps" then 100000
			else 4 end) as $limit |
		select(($net | fabs) > $limit or $live != 0 or .maps.now < 10 or .maps.start < 10 or
			$calls < -1 or $calls > .coverage.lost + 1 or ($sites | fabs) > 1) |
		"\($pid) net off by \($net), live by \($live), calls by \($calls) and \($sites), "
			+ "now \(.maps.now), relearned \(.coverage.relearned), late \(.coverage.late), "
			+ "unseen \(.coverage.unseen), lost \(.coverage.lost);")' "$dir/json" >"$dir/said"
	sed -n 's/^phase //p' "$dir/said" >>"$TMP/phases"
	grep -v '^phase ' "$dir/said"
	read_count=$(grep -c '^phase ' "$dir/said")
	[ "$read_count" = "$2" ] || echo "- $read_count of $2 recordings were read;"
}

# A file that has its name is valid; before that there is no recording.
at_every_store() {
	local k status file read_count=0 dir=$TMP/stores
	meson setup -Dkill_points=true -Ddebug=false -Dtests=false "$OTHER" "$ROOT" >"$TMP/setup.log" 2>&1 &&
		ninja -C "$OTHER" preload/libvmatrace.so >>"$TMP/setup.log" 2>&1 || {
		fail every_store "does not build: $(tail -3 "$TMP/setup.log" | tr '\n' ' ')"
		return
	}
	mkdir "$dir" "$TMP/rec"
	for ((k = 1; k < 100000; k++)); do
		{ LD_PRELOAD=$OTHER/preload/libvmatrace.so VMATRACE_KILL_AT=$k \
			VMATRACE_OPTIONS=report=0:dir=$TMP/rec "$TARGETS/demo12k" >/dev/null 2>"$TMP/err"; } 2>/dev/null
		status=$?
		[ $status = 137 ] || break
		for file in "$TMP"/rec/*.vmt; do
			[ -e "$file" ] || continue
			read_count=$((read_count + 1))
			mv "$file" "$dir"
			file=${file%.vmt}
			echo "${file##*.} $k" >>"$TMP/stores_of"
		done
	done
	disagreements "$dir" $read_count >"$TMP/wrong"
	awk 'NR == FNR { store[$1] = $2; next } { print "     store " store[$1] ": " $0 }' "$TMP/stores_of" "$TMP/wrong"
	if [ ! -s "$TMP/wrong" ] && [ $read_count -gt 20 ] && [ $status = 0 ]; then
		pass every_store "killed at each of $((k - 1)) points, $read_count recordings read"
	else
		fail every_store "$(wc -l <"$TMP/wrong") of $((k - 1)) wrong, $read_count read, last status $status: $(head -c 300 "$TMP/err")"
	fi
}

kill_once() {	# DIR: the program has said that it is busy when the time begins to run
	local dir=$1 pid
	{
		exec 3< <(LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:dir=$dir \
			exec "$TARGETS/busy_until_killed")
		pid=$!
		read -r -u 3 _
		sleep "0.0$(printf %05d $((RANDOM * 2)))"
		kill -KILL $pid
		wait $pid
		exec 3<&-
	} 2>/dev/null
}

at_random_moments() {
	local i wrong said= least=0 phase count hit=0 histogram= dir=$TMP/random unread=0
	[ "$KILLS" -lt 1000 ] || least=20
	RANDOM=$SEED
	: >"$TMP/phases"
	mkdir "$dir"
	for ((i = 1; i <= KILLS; i++)); do
		kill_once "$dir"
		unread=$((unread + 1))
		[ $unread = 10 ] || [ $i = "$KILLS" ] || continue
		OUTLINE='      ' disagreements "$dir" $unread
		rm -f "$dir"/*
		unread=0
		[ $((i % 200)) != 0 ] || echo "$i of $KILLS kills" >&2
	done >"$TMP/wrong"
	wrong=$(wc -l <"$TMP/wrong")
	sed 's/^/     /' "$TMP/wrong"
	for phase in nothing site call maps counts; do
		count=$(grep -c "^$phase\$" "$TMP/phases")
		histogram+="$phase $count, "
		[ "$count" = 0 ] || hit=$((hit + 1))
		[ "$count" -ge "$least" ] || said="$phase was hit $count times, not $least"
	done
	[ $hit -ge 3 ] || said="only $hit of five were hit"
	if [ $wrong = 0 ] && [ -z "$said" ]; then
		pass random_moments "$KILLS kills, seed $SEED: ${histogram%, }"
	else
		fail random_moments "$wrong of $KILLS wrong, seed $SEED: $histogram$said"
	fi
}

has_recording() { [ -n "$(ls "$TMP"/unreaped/*.vmt 2>/dev/null)" ]; }
has_ended() { grep -q ') Z ' "/proc/$1/stat"; }

# A process that has ended is not running, though its parent has not waited for it yet.
before_it_is_reaped() {
	local parent JOB
	mkdir "$TMP/unreaped"
	# shellcheck disable=SC2016
	sh -c 'LD_PRELOAD=$1 VMATRACE_OPTIONS=dir=$2/unreaped:report=0 sleep 100 & echo $! >"$2/pid"
		exec sleep 100' sh "$LIB" "$TMP" &
	parent=$! JOB=$!
	wait_until has_recording
	kill "$(cat "$TMP/pid")"
	wait_until has_ended "$(cat "$TMP/pid")"
	"$TOOL" report "$TMP/unreaped" >"$TMP/unreaped.txt" 2>&1
	check not_running grep -q '^==[0-9]*== vmatrace: sleep 100, end not recorded' "$TMP/unreaped.txt"
	kill $parent
	wait $parent
}

before_it_is_reaped
[ -n "${ONLY_RANDOM:-}" ] || at_every_store
at_random_moments
finish
