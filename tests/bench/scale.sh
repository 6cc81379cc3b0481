# SPDX-License-Identifier: MIT
# How the cost of a call (map, touch, unmap of a page) grows with maps, threads, call sites, depth
# and full tables. Lines "N-to-100" compare traced with traced: what a call costs among N maps
# against the same among 100.

among() {	# a|b ROUNDS MAPS
	OPTIONS=max_maps=1100000 call "$1" maps "$2" "$3"
}

# Both traced.
growth() {	# a|b ROUNDS FEW MANY
	[ "$1" = a ] && set -- b "$2" "$3" || set -- b "$2" "$4"
	among "$1" "$2" "$3"
}

growth_untraced() {
	[ "$1" = a ] && "$BENCH" maps "$2" "$3" || "$BENCH" maps "$2" "$4"
}

# For as many maps as root alone may have; few pairs, since making them takes its time.
need_maps() {	# NAME MAPS
	[ "$2" -le 65000 ] || raise_limit $(($2 + 100000)) || {
		echo "$1: only root may raise vm.max_map_count"
		return 1
	}
}

scale_maps() {
	local maps pairs=$PAIRS n
	n=$(rounds 50000)
	for maps in 100 10000 60000 1000000; do
		wanted "maps-$maps" || wanted "maps-$maps-to-100" || wanted "untraced-$maps-to-100" ||
			continue
		need_maps "maps-$maps" "$maps" || break
		[ "$maps" -le 65000 ] || PAIRS=$((PAIRS < 5 ? PAIRS : 5))
		measure "maps-$maps" "ns:-" among "$n" "$maps"
		[ "$maps" = 100 ] && continue
		[ -z "$REVISION" ] || continue
		measure "maps-$maps-to-100" "ns:$(budget x1.5)" growth "$n" 100 "$maps"
		measure "untraced-$maps-to-100" "ns:-" growth_untraced "$n" 100 "$maps"
	done
	PAIRS=$((PAIRS < 3 ? PAIRS : 3))
	wanted longest-call && need_maps longest-call 1000000 &&
		OPTIONS=max_maps=1100000 measure longest-call "ns:$(budget +2e7)" call longest 1 1000000
	wanted maps-full && need_maps maps-full 200000 &&
		OPTIONS=max_maps=100000 measure maps-full "ns:-" call maps "$n" 200000
	restore_limit
	PAIRS=$pairs
}

# Bytes of the library's own memory that one more map or call site takes: b - a over their number.
resident() {	# MAPS SITES DEPTH NAME-OF-THE-MAP
	hold "$1" "$LIB_B" $(($2 / 2)) "$3" || return
	awk -v name="$4" '/^[0-9a-f]+-[0-9a-f]+ / { inside = index($0, name) }
		inside && /^Rss:/ { sum += $2 * 1024 } END { print sum + 0 }' "/proc/$HELD/smaps"
	let_go
}

bytes_each() {	# PRIVATE|RECORDED MAPS SITES DEPTH
	local where=/dev/zero few
	[ "$1" = private ] || where=/memfd:vmatrace
	few=$(resident 100 100 "$4" $where)
	echo $((($(resident "$2" "$3" "$4" $where) - few) / ($2 + $3 - 200)))
}

# What a map or a call site takes in the library's memory and in the recording; a site of a usual
# depth, both together, and of a depth at which all its 64 frames are kept.
scale_memory() {
	local maps=60000 sites=19900 private recorded
	[ -z "$REVISION" ] || return
	! wanted bytes-a-map-private ||
		once bytes-a-map-private "B:<192" "" "$(bytes_each private $maps 100 0)"
	! wanted bytes-a-map-recorded ||
		once bytes-a-map-recorded "B:<64" "" "$(bytes_each recorded $maps 100 0)"
	if wanted bytes-a-site; then
		private=$(bytes_each private 100 $sites 0)
		recorded=$(bytes_each recorded 100 $sites 0)
		once bytes-a-site "B:<1024" "" $((private + recorded))
		echo "  of these $private B private, $recorded B recorded"
	fi
	! wanted bytes-a-deep-site ||
		once bytes-a-deep-site "B:-" "" $(($(bytes_each private 100 $sites 60) +
			$(bytes_each recorded 100 $sites 60)))
}

bench_scale() {
	local n
	heading scale
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
	# Tables or a recording (4 MiB) without room: what a call costs that cannot be kept any more.
	OPTIONS=max_sites=1000 measure sites-full-1000 "ns:-" call sites "$(rounds 60000)" 19900
	OPTIONS=max_sites=18000 measure sites-full-18000 "ns:-" call sites "$(rounds 60000)" 19900
	OPTIONS=max_size=4 measure recording-full-maps "ns:-" to_file maps "$(rounds 60000)" 60000
	OPTIONS=max_size=4 measure recording-full-sites "ns:-" to_file sites "$(rounds 60000)" 19900
	scale_memory
}
