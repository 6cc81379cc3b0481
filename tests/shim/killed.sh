#!/bin/bash
# SPDX-License-Identifier: MIT
# Whatever kills the program, what was recorded until then can be read, and its counters agree to
# within the calls that were under way. First at every single store of the publication code, then at
# random moments of a program with many threads. KILLS: how many of these (100).
. "$(dirname "$0")/../lib.sh"
KILLS=${KILLS:-100}
OTHER=$TMP/build-kill

# Counters of DIR's recording that disagree by more than LIMIT, in words. A process that
# died before its recording was valid has left none, or one without a header: that is no failure.
disagreements() {
	local dir=$1 limit=$2 file
	for file in "$dir"/*.vmt; do
		printf VMATRACE | cmp -s -n 8 - "$file" || continue
		if ! timeout 60 "$TOOL" report --format=json "$file" >"$dir/json" 2>"$dir/err"; then
			echo "$(head -c 200 "$dir/err");"
			continue
		fi
		jq -r --argjson limit "$limit" '.processes[] |
			(([.sites[].net] | add // 0) - (.maps.now - .maps.start)) as $net |
			(([.sites[].live] | add // 0) - .maps.now) as $live |
			(([.calls[].calls] | add // 0) - .coverage.calls) as $calls |
			# Calls that found no room to wait in are learnt all at once: a kill in the
			# middle of that leaves the counts behind the maps, and "relearned" says so.
			(if .coverage.relearned > 0 then 10000 else $limit end) as $limit |
			select(($net | fabs) > $limit or ($live | fabs) > $limit or
				($calls | fabs) > $limit or .maps.now == 0) |
			"net off by \($net), live by \($live), calls by \($calls), now \(.maps.now), relearned \(.coverage.relearned), late \(.coverage.late), unseen \(.coverage.unseen), lost \(.coverage.lost);"' \
			"$dir/json"
		echo $((read_count + 1)) >"$TMP/read_count"
	done
}

at_every_store() {
	local k status wrong=0 read_count=0
	meson setup -Dkill_points=true "$OTHER" "$ROOT" >"$TMP/setup.log" 2>&1 &&
		ninja -C "$OTHER" preload/libvmatrace.so >>"$TMP/setup.log" 2>&1 || {
		fail every_store "does not build: $(tail -3 "$TMP/setup.log" | tr '\n' ' ')"
		return
	}
	for ((k = 1; k < 100000; k++)); do
		rm -rf "$TMP/rec"
		mkdir "$TMP/rec"
		{ LD_PRELOAD=$OTHER/preload/libvmatrace.so VMATRACE_KILL_AT=$k \
			VMATRACE_OPTIONS=report=0:dir=$TMP/rec "$TARGETS/demo12k" >/dev/null; } 2>/dev/null
		status=$?
		said=$(disagreements "$TMP/rec" 3)
		read_count=$(cat "$TMP/read_count" 2>/dev/null || echo 0)
		if [ -n "$said" ]; then
			wrong=$((wrong + 1))
			echo "     store $k: $said"
		fi
		[ $status = 137 ] || break
	done
	if [ $wrong = 0 ] && [ "$read_count" -gt 20 ] && [ $status = 0 ]; then
		pass every_store "killed at each of $((k - 1)) points, $read_count recordings read"
	else
		fail every_store "$wrong of $((k - 1)) wrong, $read_count read, last status $status"
	fi
}

at_random_moments() {
	local i pid wrong=0 read_count=0 said
	rm -f "$TMP/read_count"
	for ((i = 0; i < KILLS; i++)); do
		rm -rf "$TMP/rec"
		mkdir "$TMP/rec"
		{
			LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:dir=$TMP/rec \
				"$TARGETS/timer_maps" 5 >/dev/null 2>&1 &
			pid=$!
			sleep 0.0$((RANDOM % 8 + 2))$((RANDOM % 1000))
			kill -KILL $pid
			wait $pid
		} 2>/dev/null
		# Eight threads, and a handler in each: so many calls can be under way.
		said=$(disagreements "$TMP/rec" 100)
		read_count=$(cat "$TMP/read_count" 2>/dev/null || echo 0)
		[ -z "$said" ] || {
			wrong=$((wrong + 1))
			echo "     $said"
		}
	done
	if [ $wrong = 0 ] && [ "$read_count" -gt $((KILLS / 2)) ]; then
		pass random_moments "$KILLS kills, $read_count recordings read"
	else
		fail random_moments "$wrong of $KILLS wrong, $read_count read"
	fi
}

[ -n "${ONLY_RANDOM:-}" ] || at_every_store
at_random_moments
finish
