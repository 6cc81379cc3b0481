#!/bin/bash
# SPDX-License-Identifier: MIT
# Tests the benchmark suite: its arithmetic on known figures, its verdicts, that it says when a
# measurement fails, that traced runs are really traced, and that vm.max_map_count is left as it
# was. Nothing here depends on the speed of the machine.
. "$(dirname "$0")/lib.sh"

# A program in place of the benchmarks: 100 ns alone, TRACED ns with a library.
make_stub() {
	mkdir -p "$TMP/stub/preload" "$TMP/stub/tools" "$TMP/stub/tests/bench"
	ln -sf "$LIB" "$TMP/stub/preload/"
	ln -sf "$TOOL" "$TMP/stub/tools/"
	ln -sf "$BUILD/tests/bench/spend" "$TMP/stub/tests/bench/"
	cat >"$TMP/stub/tests/bench/bench" <<-'END_OF_STUB'
		#!/bin/sh
		case $1:$LD_PRELOAD in
		malloc-small:*) exit 3 ;;
		malloc-two:*) echo 0.0 ;;
		map-unmap:?*) echo 129.0 ;;
		maps:*) cp "$LIMIT_FILE" "$LIMIT_FILE.seen" && exec sleep 60 ;;
		*:?*) echo 200.0 ;;
		*) echo 100.0 ;;
		esac
	END_OF_STUB
	chmod +x "$TMP/stub/tests/bench/bench"
}

with_stub() {
	BUILD=$TMP/stub "$ROOT/scripts/bench.sh" --pairs 2 --json "$TMP/stub.json" "$@" \
		>"$TMP/stub.out" 2>&1
	STATUS=$?
}

test_stub() {
	make_stub
	with_stub --only 'map-*' calls
	check pairs-end-well [ "$STATUS" = 0 ]
	check medians-and-ratio jq -e '.results[] | select(.name == "map-touch-unmap") |
		.untraced.median == 100 and .traced.median == 200 and .ratio.median == 2 and
		.met == false' "$TMP/stub.json"
	check a-budget-that-is-met jq -e '.results[] | select(.name == "map-unmap") |
		.ratio.median == 1.29 and .met == true' "$TMP/stub.json"
	check machine-and-revision jq -e '.schema == "vmatrace.bench/2" and
		(.machine.cpu | length) > 0 and .pairs == 2' "$TMP/stub.json"
	check the-table-says-so grep -q 'map-touch-unmap .*100 ns .*200 ns .*2 .*over' \
		"$TMP/stub.out"
	cp "$ROOT/README.md" "$TMP/README.md"
	cp "$ROOT/doc/cost.md" "$TMP/cost.md"
	export README_FILE=$TMP/README.md COST_FILE=$TMP/cost.md
	with_stub --readme --only 'map-*' calls
	check readme-table sh -c "grep -qx '| mmap + munmap | 1.29 | <= 1.30 |' $README_FILE &&
		grep -q '^| mmap + touch.* | 2, 2 (over) |' $README_FILE &&
		! grep -q 'not measured' $README_FILE &&
		[ \$(sed -n '/^<!-- bench begin/,/^<!-- bench end/p' $README_FILE | wc -l) -le 16 ]"
	check summary grep -q '^mmap + munmap  *1.29  <= 1.30  *met$' "$TMP/stub.out"
	check summary-of-what-was-not-measured grep -q '^not measured: .*start-up of /bin/true' \
		"$TMP/stub.out"
	cp "$README_FILE" "$TMP/README.first"
	with_stub --readme --only 'map-*' calls
	check readme-table-once cmp "$README_FILE" "$TMP/README.first"
	with_stub --strict --only map-touch-unmap calls
	check strict-fails [ "$STATUS" = 1 ]
	with_stub --strict --only map-unmap calls
	check strict-passes [ "$STATUS" = 0 ]
	with_stub --only malloc-small calls
	check a-program-that-fails sh -c "[ $STATUS = 1 ] && grep -q FAILED $TMP/stub.out"
	with_stub --only malloc-two calls
	check zero-is-no-figure sh -c "[ $STATUS = 1 ] && grep -q FAILED $TMP/stub.out"
}

# The limit is raised while there are a million maps, and restored when the suite is interrupted, as
# by ^C, which reaches the whole group. The test uses a file in place of the machine's own limit, on
# which other tests rely.
test_limit() {
	local pid i=0
	echo 65530 >"$TMP/limit"
	BUILD=$TMP/stub LIMIT_FILE=$TMP/limit setsid env --default-signal=INT \
		"$ROOT/scripts/bench.sh" --only maps-1000000 scale >"$TMP/stub.out" 2>&1 &
	pid=$!
	while ! [ -s "$TMP/limit.seen" ] && [ $((i++)) -lt 1000 ]; do
		sleep 0.01
	done
	check limit-is-raised [ "$(cat "$TMP/limit.seen")" -ge 1000000 ]
	kill -INT -- -$pid
	wait $pid
	check interrupted [ $? = 130 ]
	check limit-is-put-back [ "$(cat "$TMP/limit")" = 65530 ]
}

# FIELD VALUE BUDGET -> its verdict; samples 10 20 30 40 against 20 40 60 100.
verdict() {
	echo '{ "a": [[10], [30], [20], [40]], "b": [[20], [60], [40], [100]] }' |
		jq -c --argjson field 0 --arg name x --arg unit ns --arg budget "$1" \
			--arg label_a A --arg label_b B -f "$ROOT/tests/bench/stats.jq"
}

test_arithmetic() {
	check quartiles sh -c "echo '$(verdict -)' | jq -e '.A.median == 25 and .A.low == 17.5 and
		.B.median == 50 and .ratio.median == 2 and .ratio.high == 2.125 and .met == null'"
	check ratio-budget sh -c "echo '$(verdict x2)$(verdict x1.99)' |
		jq -es 'map(.met) == [true, false]'"
	check difference-budget sh -c "echo '$(verdict +25)$(verdict +24)' |
		jq -es '.[0].more == 25 and map(.met) == [true, false]'"
	check absolute-budget sh -c "echo '$(verdict '<50')$(verdict '<49')' |
		jq -es 'map(.met) == [true, false]'"
}

# Instructions are counted, not timed: there are a few more with the library, and none more without.
test_traced() {
	local before
	before=$(cat /proc/sys/vm/max_map_count)
	"$ROOT/scripts/bench.sh" --quick --pairs 1 --json "$TMP/real.json" \
		--only '*map-unmap' calls counts >"$TMP/real.out" 2>&1
	check real-programs-run jq -e '.results | length == 2' "$TMP/real.json"
	check traced-is-traced jq -e '.results[] | select(.name == "instructions-map-unmap") |
		.untraced.median < 100 and .traced.median > 300' "$TMP/real.json"
	"$ROOT/scripts/bench.sh" --quick --pairs 1 --only 'bytes-a-map-*' --json "$TMP/real.json" \
		scale >"$TMP/real.out" 2>&1
	check memory-is-measured jq -e '.results | length == 2 and
		all(.traced.median > 20 and .traced.median < 1000)' "$TMP/real.json"
	"$ROOT/scripts/bench.sh" --only stacks-perl --json "$TMP/real.json" stacks >"$TMP/real.out" 2>&1
	check stacks-are-counted jq -e '.results[0] | .calls > 1000 and .whole.ns > 0 and
		.walked.ns > 0 and (.whole.share + .pieces.share + .walked.share | round) == 100' \
		"$TMP/real.json"
	check limit-is-as-it-was [ "$(cat /proc/sys/vm/max_map_count)" = "$before" ]
}

test_arithmetic
test_stub
test_limit
test_traced
finish
