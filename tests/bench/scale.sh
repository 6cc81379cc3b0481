# SPDX-License-Identifier: MIT
# How the cost of a call (map, touch, unmap of a page) grows with maps, threads, call sites, depth
# and full tables. Lines "N-to-100" compare traced with traced: what a call costs among N maps
# against the same among 100.

among() {	# a|b ROUNDS MAPS
	OPTIONS=max_maps=1100000 under "$1" "$BENCH" maps "$2" "$3"
}

# Both traced, or of two revisions both the new one.
growth() {	# a|b ROUNDS FEW MANY
	[ "$1" = a ] && set -- b "$2" "$3" || set -- b "$2" "$4"
	among "$1" "$2" "$3"
}

growth_untraced() {
	[ "$1" = a ] && "$BENCH" maps "$2" "$3" || "$BENCH" maps "$2" "$4"
}

scale_maps() {
	local maps pairs=$PAIRS n
	n=$(rounds 50000)
	for maps in 100 10000 60000 1000000; do
		wanted "maps-$maps" || wanted "maps-$maps-to-100" || wanted "untraced-$maps-to-100" ||
			continue
		if [ "$maps" -gt 65000 ]; then
			PAIRS=$((PAIRS < 3 ? PAIRS : 3))
			if ! raise_limit 1100000; then
				echo "maps-$maps: only root may raise vm.max_map_count"
				break
			fi
		fi
		[ -z "$QUICK" ] || [ "$maps" -lt 65000 ] || maps=100000
		measure "maps-$maps" "ns:-" among "$n" "$maps"
		[ "$maps" = 100 ] && continue
		measure "maps-$maps-to-100" "ns:$(budget x1.5)" growth "$n" 100 "$maps"
		[ -n "$REVISION" ] ||
			measure "untraced-$maps-to-100" "ns:-" growth_untraced "$n" 100 "$maps"
	done
	restore_limit
	PAIRS=$pairs
}

# Tables without room: what a call costs when it cannot be kept any more.
full() {	# a|b OPTIONS NAME ROUNDS N
	OPTIONS=$2 under "$1" "$BENCH" "${@:3}"
}

# Bytes of the library's own memory that one more map or call site takes: b - a over their number.
resident() {	# MAPS SITES NAME-OF-THE-MAP
	hold "$1" "$LIB_B" $(($2 / 2)) || return
	awk -v name="$3" '/^[0-9a-f]+-[0-9a-f]+ / { inside = index($0, name) }
		inside && /^Rss:/ { sum += $2 * 1024 } END { print sum + 0 }' "/proc/$HELD/smaps"
	let_go
}

scale_memory() {
	local few many maps=60000 sites=19000 memory
	[ -n "$REVISION" ] && return
	for memory in private:/dev/zero recorded:/memfd:vmatrace; do
		few=$(resident 100 100 "${memory#*:}")
		many=$(resident $maps 100 "${memory#*:}")
		once "bytes-a-map-${memory%%:*}" "bytes:<$([ "${memory%%:*}" = private ] &&
			echo 192 || echo 64)" "" $(((many - few) / (maps - 100)))
		many=$(resident 100 $sites "${memory#*:}")
		once "bytes-a-site-${memory%%:*}" "bytes:<1024" "" $(((many - few) / (sites - 100)))
	done
}

bench_scale() {
	local n
	scale_maps
	for n in 1 2 8 64; do
		measure "threads-$n" "ns:-" call threads "$(rounds 60000)" "$n"
	done
	for n in 100 1000 19900; do
		measure "sites-$n" "ns:-" call sites "$(rounds 60000)" "$n"
	done
	measure new-sites "ns:-" call new-sites "$(rounds 9900)"
	for n in 14 64; do
		measure "frames-$n" "ns:-" call frames "$(rounds 60000)" "$n"
	done
	measure sites-full-1000 "ns:-" full max_sites=1000 sites "$(rounds 60000)" 19900
	measure sites-full-18000 "ns:-" full max_sites=18000 sites "$(rounds 60000)" 19900
	scale_memory
}
