# SPDX-License-Identifier: MIT
# The same work under other tools, each used as its manual says, compared with the program alone.
# Peers that are not installed are named. Their output goes to a scratch folder.

MAPS_WORK=map-touch-unmap
MALLOC_WORK=malloc-small
THREADS_WORK=contend	# of 16

peer_command() {	# NAME: what stands before the program; ROUNDS, WORK are the caller's
	case $1 in
	vmatrace) echo "env LD_PRELOAD=$LIB_B VMATRACE_OPTIONS=report=0" ;;
	strace) echo "strace -f -e trace=%memory -o $TMP/peer.out" ;;
	strace-k) echo "strace -k -f -e trace=%memory -o $TMP/peer.out" ;;
	perf) echo "perf record -q -g -e syscalls:sys_enter_mmap -e syscalls:sys_enter_munmap -o $TMP/peer.out" ;;
	bpftrace) echo "bpftrace -o $TMP/peer.out -e tracepoint:syscalls:sys_enter_mmap,tracepoint:syscalls:sys_enter_munmap{@[ustack]=count();} -c" ;;
	gperftools) echo "env LD_PRELOAD=$GPERFTOOLS HEAPPROFILE=$TMP/peer HEAP_PROFILE_MMAP=1" ;;
	heaptrack) echo "heaptrack -o $TMP/peer.heaptrack" ;;
	massif) echo "valgrind --tool=massif --pages-as-heap=yes --massif-out-file=$TMP/peer.out" ;;
	esac
}

peer_program() {
	case $1 in
	strace-k) echo strace ;;
	massif) echo valgrind ;;
	gperftools) echo "$GPERFTOOLS" ;;
	vmatrace) echo "$BENCH" ;;
	*) echo "$1" ;;
	esac
}

peer() {	# a|b PEER WORK ROUNDS
	local before
	export BENCH_WALL=1
	if [ "$1" = a ]; then
		"$BENCH" "$3" "$4"
		return
	fi
	before=$(peer_command "$2")
	# Some tell things on the same output; the figure is the line that is a number.
	# shellcheck disable=SC2086
	if [ "$2" = bpftrace ]; then
		$before "$BENCH $3 $4"
	else
		$before "$BENCH" "$3" "$4"
	fi 2>"$TMP/errors" | grep -E '^[0-9]+\.[0-9]( [0-9.]+)?$' | head -1
	rm -rf "$TMP"/peer*
}

bench_peers() {
	local name maps mallocs threads pairs=$PAIRS
	GPERFTOOLS=$(/sbin/ldconfig -p | awk '$1 == "libtcmalloc.so.4" { print $NF; exit }')
	PAIRS=$((PAIRS < 3 ? PAIRS : 3))
	[ -z "$REVISION" ] || return
	A=alone B=under
	heading peers
	while read -r name maps mallocs threads; do
		if ! has "$(peer_program "$name")"; then
			printf '%-26s is not installed\n' "$name"
			continue
		fi
		measure "$name $MAPS_WORK" ns:- peer "$name" $MAPS_WORK "$maps"
		[ "$mallocs" = - ] ||
			measure "$name $MALLOC_WORK" ns:- peer "$name" $MALLOC_WORK "$mallocs"
		[ "$threads" = - ] ||
			measure "$name $THREADS_WORK" ns:- peer "$name" $THREADS_WORK "$threads"
	done <<-'LIST'
		vmatrace 60000 10000000 60000
		strace 2000 - -
		strace-k 60 - -
		perf 60000 - 60000
		bpftrace 60000 - 60000
		gperftools 20000 1000000 -
		heaptrack 20000 1000000 -
		massif 20000 300000 -
	LIST
	A=untraced B=traced PAIRS=$pairs
}
