# SPDX-License-Identifier: MIT
# Instructions of one round in user space, counted by valgrind's callgrind: they are the same from
# run to run, where times are not. The result is the difference of two runs, so start-up and exit
# are not in it. Under valgrind the calls of ld.so are not seen, so dlopen cannot be measured here.

instructions() {	# a|b NAME ROUNDS
	local lib
	lib=$(lib_of "$1")
	shift
	LD_PRELOAD=$lib VMATRACE_OPTIONS=report=0 valgrind --tool=callgrind \
		--callgrind-out-file=/dev/null "$BENCH" "$@" 2>&1 >/dev/null |
		sed -n 's/.*Collected : *\([0-9]*\).*/\1/p'
}

count() {	# a|b NAME ROUNDS
	local few many
	few=$(instructions "$1" "$2" "$3")
	many=$(instructions "$1" "$2" $((3 * $3)))
	# A twentieth of the rounds is made beforehand, to warm up.
	[ -z "$few" ] || [ -z "$many" ] ||
		echo $(((many - few) / (2 * $3 + (3 * $3 / 20 - $3 / 20))))
}

bench_counts() {
	local name number pairs=$PAIRS spare=$SPARE
	heading counts
	command -v valgrind >/dev/null || {
		echo "valgrind is not installed"
		return
	}
	PAIRS=1 SPARE=0
	while read -r name number; do
		measure "instructions-$name" "instr:-" count "$name" "$number"
	done <<-'LIST'
		map-touch-unmap 1000
		map-unmap 1000
		mprotect-flips 1000
		malloc-small 5000
		malloc-large 500
	LIST
	PAIRS=$pairs SPARE=$spare
}
