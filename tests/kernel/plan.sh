# SPDX-License-Identifier: MIT
# What is run in a guest; sourced by the plan that guest.sh gives it. Prints a line for each test,
# "ok NAME DETAIL" or "FAIL NAME DETAIL", as all tests do. CALLS: number for each run; SEED: of the
# first.

cd /src || exit 1
export IN_GUEST=1	# few programs are there
. tests/lib.sh

# model NAME OPTIONS...: compare the core's table with the kernel's
model() {
	local name=$1 status
	shift
	timeout "$LIMIT" build/tests/model/model_vs_kernel --calls="$CALLS" --seed="$SEED" "$@" \
		>"$TMP/model" 2>&1
	status=$?
	[ "$status" != 77 ] || return 0	# there is no PROCMAP_QUERY to ask by
	[ "$status" = 0 ] && pass "model-$name" "$(sed 's/model_vs_kernel: //; s/;.*//' "$TMP/model")" ||
		fail "model-$name" "status $status: $(head -3 "$TMP/model" | tr '\n' ' ' | cut -c1-300)"
}

# random NAME OPTIONS THREADS [FORKS]: compare the library's table with the kernel's after every
# call
random() {
	local name=$1 options=$2 threads=$3 forks=${4:-0} dir=$TMP/random
	rm -rf "$dir"
	traced "$dir" "tool=0:verify=1:$options" build/tests/random/random_calls --calls "$CALLS" \
		--seed "$SEED" --threads "$threads" --forks $((forks ? CALLS / (forks + 1) + 1 : 0))
	if [ "$(cat "$dir/status")" != 0 ] || ! grep -q 'calls done' "$dir/out"; then
		fail "random-$name" "seed $SEED, status $(cat "$dir/status"): $(grep -h -i differ \
			"$dir"/log.* "$dir/err" 2>/dev/null | head -3 | tr '\n' ' ' | cut -c1-400)"
		return
	fi
	ALLOW=$([ "$threads" = 1 ] || echo relearned lost) judge "$dir"
	[ "$(wc -l <"$dir/table")" = $((forks + 1)) ] || PROBLEMS+="not $forks children; "
	[ "$(jq '[.processes[].coverage.calls] | add' "$dir/json")" -gt $((CALLS / 2)) ] ||
		PROBLEMS+="hardly a call was seen; "
	[ -z "$PROBLEMS" ] && pass "random-$name" "seed $SEED, $CALLS calls, 0 differ; $DETAIL" ||
		fail "random-$name" "seed $SEED; $PROBLEMS$DETAIL"
}

# The demonstration must have +1, +1 and -1 on its three lines.
demonstration() {
	local lines
	same_and_true demo12k "$TARGETS/demo12k"
	lines=$(jq -r '.processes[0].sites[] | select(.stack[0].file // "" | endswith("demo12k.c"))
		| "\(.call) \(.net)"' "$TMP/demo12k/traced/json" 2>/dev/null | sort | tr '\n' ' ')
	[ "$lines" = "mmap -1 mmap 1 munmap 1 " ] && pass demo12k_lines "$lines" ||
		fail demo12k_lines "wanted +1, +1, -1 on three lines of demo12k.c; got $lines"
}

# Run a shell test of the project, and print its lines as they come, with its name.
script() {	# FILE
	local name=${1##*/}
	(bash "$1") 2>&1 | tee "$TMP/script" | sed -nu "s/^\(ok\|FAIL\) */&${name%.sh}: /p"
	PASSED=$((PASSED + $(grep -c '^ok ' "$TMP/script")))
	FAILED=$((FAILED + $(grep -c '^FAIL ' "$TMP/script")))
	grep -qE '^[0-9]+ passed, [0-9]+ failed$' "$TMP/script" ||
		fail "${name%.sh}" "did not come to its end: $(tail -2 "$TMP/script" | tr '\n' ' ')"
	echo "script ${name%.sh} $(grep -c '^ok ' "$TMP/script") $(grep -c '^FAIL ' "$TMP/script")"
}

echo	# the firmware has written to this line
echo "kernel $(uname -r)"
