#!/bin/bash
# SPDX-License-Identifier: MIT
# The test of the test: the library built with each of eight faults (-DVMT_FAULT=1 … 8: right
# piece forgotten, file offset ignored, failed call ignored, …) must be caught by the random
# calls, that is, end them with status 97. A build without a fault must not.
. "$(dirname "$0")/lib.sh"
CALLS=${CALLS:-20000}
caught=0

# Only the library is built again, in a folder of its own.
build_fault() {
	local folder=$TMP/fault-$1
	meson setup -Dc_args="-DVMT_FAULT=$1" "$folder" "$ROOT" >"$folder.log" 2>&1 &&
		ninja -C "$folder" preload/libvmatrace.so >>"$folder.log" 2>&1
}

# One thread with a few seeds and ways of asking: a fault may hide from one of them.
is_caught() {
	local ask seed status
	for ask in auto probe maps query; do
		for seed in 1 2; do
			LIB=$TMP/fault-$1/preload/libvmatrace.so LIMIT=120 traced "$TMP/run-$1" \
				"verify=1:ask=$ask:report=0" "$BUILD/tests/random/random_calls" \
				--calls "$CALLS" --seed $seed
			status=$(cat "$TMP/run-$1/status")
			SAID="ask=$ask seed $seed: status $status $(cat "$TMP/run-$1"/log.* \
				"$TMP/run-$1/err" 2>/dev/null | head -1 | cut -c1-100)"
			[ "$status" = 97 ] && return 0
		done
	done
	return 1
}

for fault in 0 1 2 3 4 5 6 7 8; do
	SAID=
	if ! build_fault "$fault"; then
		fail "fault-$fault" "does not build: $(cut -c1-200 "$TMP/fault-$fault.log" |
			grep -m1 -i error)"
	elif is_caught "$fault"; then
		if [ "$fault" = 0 ]; then
			fail fault-0 "no fault is in, and yet: $SAID"
		else
			caught=$((caught + 1))
			pass "fault-$fault" "$SAID"
		fi
	elif [ "$fault" = 0 ]; then
		pass fault-0 "without a fault nothing is found"
	else
		fail "fault-$fault" "not caught: $SAID"
	fi
	rm -rf "$TMP/fault-$fault"
done
echo "$caught of 8 caught"
finish
