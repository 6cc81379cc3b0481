# SPDX-License-Identifier: MIT
# Threads that do little but map, touch, sometimes cut, and unmap memory of their own: on all
# processors, on one, and with a fifth of one (as root, where a cgroup can be made). With more
# threads than processors, the thread in the middle of a call is often not running.

GROUP=

make_group() {
	local unified=/sys/fs/cgroup/vmatrace-bench.$$ old=/sys/fs/cgroup/cpu/vmatrace-bench.$$
	if [ -f /sys/fs/cgroup/cgroup.controllers ] && mkdir "$unified"; then
		GROUP=$unified
		echo "20000 100000" >"$GROUP/cpu.max"
	elif mkdir "$old"; then
		GROUP=$old
		echo 100000 >"$GROUP/cpu.cfs_period_us" && echo 20000 >"$GROUP/cpu.cfs_quota_us"
	else
		false
	fi
} 2>/dev/null

remove_group() {
	[ -z "$GROUP" ] || rmdir "$GROUP" 2>/dev/null
	GROUP=
}

contend() {	# a|b ROUNDS THREADS [COMMAND...]: what stands before the program
	under "$1" "${@:4}" "$BENCH" contend "$2" "$3"
}

# Threads that use an allocator, which is preloaded after the library.
arenas() {	# a|b FILE ("": glibc's)
	local lib
	lib=$(lib_of "$1")
	LD_PRELOAD=$lib${2:+ $2} VMATRACE_OPTIONS=report=0 "$BENCH" arenas "$(rounds 200000)" 16
}

allocators() {	# FIELDS
	local name file
	measure arenas-glibc "$1" arenas ""
	for name in jemalloc:libjemalloc.so.2 tcmalloc:libtcmalloc_minimal.so.4 \
		mimalloc:libmimalloc.so.2; do
		file=$(/sbin/ldconfig -p | awk -v name="${name#*:}" '$1 == name { print $NF; exit }')
		if [ -n "$file" ]; then
			measure "arenas-${name%:*}" "$1" arenas "$file"
		else
			printf '%-26s is not installed (%s)\n' "arenas-${name%:*}" "${name#*:}"
		fi
	done
}

bench_threads() {
	local n fields
	heading threads
	fields="ns:$(budget x1.25) ns:$(budget x1.25)"
	for n in 1 4 16 64; do
		measure "contend-$n" "$fields" contend "$(rounds 100000)" "$n"
	done
	for n in 4 16 64; do
		measure "contend-$n-on-one" "$fields" contend "$(rounds 50000)" "$n" \
			taskset -c 0
	done
	allocators "$fields"
	measure connections-1000 "$fields" call connections "$(rounds 20000)" 1000
	if make_group; then
		for n in 4 16 64; do
			measure "contend-$n-fifth" "$fields" contend "$(rounds 20000)" "$n" \
				sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$GROUP"
		done
		remove_group
	else
		echo "a fifth of a processor: no cgroup can be made here"
	fi
}
