# SPDX-License-Identifier: MIT
# Single calls and pairs of calls, each timed by the benchmark program itself.

call() {	# a|b NAME ROUNDS [N]
	under "$1" "$BENCH" "${@:2}"
}

# The recordings are removed at the end only: ext4 does not use an inode again within five seconds, and
# looks longer for another one the more were freed lately.
to_file() {
	local dir
	dir=$(mktemp -d "$TMP/rec.XXXXXX")
	OPTIONS=dir=$dir${OPTIONS:+:$OPTIONS} call "$@"
}

bench_calls() {
	local name number limit
	heading calls
	while read -r name number limit; do
		measure "$name" "ns:$(budget "$limit")" call "$name" "$(rounds "$number")"
	done <<-'LIST'
		map-touch-unmap 60000 x1.10
		map-unmap 100000 x1.30
		mprotect-flips 60000 -
		malloc-small 10000000 x1.06
		malloc-two 5000000 x1.06
		malloc-large 30000 -
		thread 6000 -
		dlopen 5000 x1.25
		fork 1500 x1.25
	LIST
	measure map-touch-unmap-file "ns:$(budget x1.10)" to_file map-touch-unmap \
		"$(rounds 60000)"
	measure children "ns:$(budget x1.30)" call children "$(rounds 500)" 5
	measure children-file "ns:$(budget x1.60)" to_file children "$(rounds 500)" 5
}
