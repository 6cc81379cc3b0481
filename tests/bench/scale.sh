# SPDX-License-Identifier: MIT
# How the cost of a call (map, touch and unmap a page) grows with maps, threads, call sites, depth
# and full tables. Lines "N-to-100" compare traced runs with each other: a call among N maps with a
# call among 100.

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

# Measure with so many maps that root must raise the limit; with few pairs, since making the maps
# takes time.
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

# Print how many bytes of the library's own memory are resident, and how many the recording takes.
# That memory lies between two pages of /dev/zero, or is a map of it. The size of the recording's
# file counts, since pages that were touched only through an earlier, shorter map of it are resident
# nowhere.
resident() {	# MAPS SITES DEPTH
	local range
	hold "$1" "$LIB_B" $(($2 / 2)) "$3" || return
	awk '/^[0-9a-f]+-[0-9a-f]+ / {
			split($1, range, "-")
			zeroes = /\/dev\/zero/
			goes_on = between && range[1] == end
			between = zeroes ? !goes_on : goes_on && NF == 5
			at = zeroes || between
			end = range[2]
		}
		at && /^Rss:/ { sum += $2 * 1024 }
		END { print sum + 0 }' "/proc/$HELD/smaps"
	range=$(awk '/\/memfd:vmatrace/ { print $1; exit }' "/proc/$HELD/maps")
	echo $(($(stat -L -c '%b * %B' "/proc/$HELD/map_files/$range")))
	let_go
}

# Print how much one more map or call site takes in each of them.
bytes_each() {	# MAPS SITES DEPTH
	local few many more=$(($1 + $2 - 200))
	few=($(resident 100 100 "$3")) && many=($(resident "$1" "$2" "$3")) || return
	echo $(((many[0] - few[0]) / more)) $(((many[1] - few[1]) / more))
}

# A map; a call site of usual depth, both together; and one so deep that all its 64 frames are kept.
scale_memory() {
	local private recorded
	[ -z "$REVISION" ] || return
	if wanted bytes-a-map-private || wanted bytes-a-map-recorded; then
		read -r private recorded < <(bytes_each 60000 100 0)
		once bytes-a-map-private "B:<192" "" "$private"
		once bytes-a-map-recorded "B:<64" "" "$recorded"
	fi
	if wanted bytes-a-site; then
		read -r private recorded < <(bytes_each 100 19900 0)
		once bytes-a-site "B:<1024" "" "${private:+$((private + recorded))}"
		echo "  of these $private B private, $recorded B recorded"
	fi
	if wanted bytes-a-deep-site; then
		read -r private recorded < <(bytes_each 100 19900 60)
		once bytes-a-deep-site "B:-" "" "${private:+$((private + recorded))}"
	fi
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
	# Tables, or a recording (4 MiB), without room: the cost of a call that cannot be recorded
	# any more.
	OPTIONS=max_sites=1000 measure sites-full-1000 "ns:-" call sites "$(rounds 60000)" 19900
	OPTIONS=max_sites=18000 measure sites-full-18000 "ns:-" call sites "$(rounds 60000)" 19900
	OPTIONS=max_size=4 measure recording-full-maps "ns:-" to_file maps "$(rounds 60000)" 60000
	OPTIONS=max_size=4 measure recording-full-sites "ns:-" to_file sites "$(rounds 60000)" 19900
	scale_memory
}
