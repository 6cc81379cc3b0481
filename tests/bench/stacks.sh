# SPDX-License-Identifier: MIT
# How often the stack of a call is remembered in real programs, and what a call costs when it is and
# when it is not; measured by a copy of the library that measures itself
# (tests/bench/stack_times.c).

stacks_table() {
	printf '%-12s %9s %7s %7s  %7s %7s  %7s %7s %7s  %8s\n' "$@"
}

# The sums of all processes: whole, pieces, walked, tried, each with a count, ns, frames, recalled.
stacks_sums() {
	awk '{ for (i = 1; i <= NF; i += 5) for (j = 1; j <= 4; j++) sum[$i, j] += $(i + j) }
		END { n = split("whole pieces walked tried", names)
			for (i = 1; i <= n; i++)
				print names[i], sum[names[i], 1] + 0, sum[names[i], 2] + 0,
					sum[names[i], 3] + 0, sum[names[i], 4] + 0 }' "$1"
}

tell_stacks() {	# NAME
	local columns
	stacks_sums "$BENCH_STACKS" >"$TMP/sums" &&
		jq -Rnc --arg name "stacks-$1" -f "$ROOT/tests/bench/stacks.jq" "$TMP/sums" \
			>"$TMP/result" || return
	cat "$TMP/result" >>"$TMP/results"
	IFS=$'\t' read -r -a columns < <(jq -r 'def f: (. * 10 | round) / 10;
		[.calls, (.whole.share | f), (.whole.ns | round), (.pieces.share | f),
		 (.pieces.ns | round), (.walked.share | f), (.walked.ns | round),
		 (.walked.frames | f), (.mean | round)] | @tsv' "$TMP/result")
	progress
	stacks_table "$1" "${columns[@]}"
}

stacks_of() {	# NAME PROGRAM COMMAND...: it runs with the library of b
	local LIB_B=$LIB_STACKS
	wanted "stacks-$1" || return
	if ! has "$2"; then
		printf '%-12s is not installed (%s)\n' "$1" "$2"
		return
	fi
	progress "stacks-$1"
	rm -f "$BENCH_STACKS"
	"${@:3}" >/dev/null 2>"$TMP/errors" && [ -s "$BENCH_STACKS" ] && tell_stacks "$1" ||
		failed "stacks-$1" traced
}

bench_stacks() {
	local place=$PWD
	[ -z "$REVISION" ] || return
	export BENCH_STACKS=$TMP/stacks
	write_programs
	printf '\nstacks, after %s:\n' "$(elapsed)"
	printf '%-12s %9s  %15s  %15s  %23s\n' "" "" "as a whole" "piece by piece" "walked, in part"
	stacks_table program calls % ns % ns % ns frames "mean ns"
	stacks_of python3 /usr/bin/python3 under b /usr/bin/python3 work.py
	stacks_of perl perl under b perl -e \
		'push @a, "x" x ($_ % 90000) for 1 .. 20000; @a = sort @a'
	stacks_of node node under b node --max-semi-space-size=4 work.js
	! wanted stacks-java || ! javac Work.java 2>/dev/null || stacks_of java java under b java -Xmx200m Work 1
	stacks_of sbcl sbcl under b sbcl --noinform --no-userinit --non-interactive \
		--load work.lisp
	stacks_of gcc gcc under b gcc -O2 -c -o places.o "$ROOT/tests/bench/places.c"
	stacks_of redis redis-benchmark redis b 50000
	unset BENCH_STACKS
	cd "$place" || exit 2
}
