#!/bin/sh
# SPDX-License-Identifier: MIT
# Does model_vs_kernel notice a wrong rule? Builds it with each of the faults that the core keeps
# behind VMT_FAULT, and expects every one to be found, and nothing in the core without a fault.
#
# Usage: tests/model/mutants.sh [SEED]
set -u

here=$(cd "$(dirname "$0")" && pwd)
core=$here/../../preload/core
seed=${1:-1}
calls=20000
faults="$(seq 8) $(seq 21 31)"	# from 21 on those of known.c
folder=$(mktemp -d) || exit 3
trap 'rm -rf "$folder"' EXIT

build() {
	${CC:-gcc} -std=gnu17 -D_GNU_SOURCE -O1 -DVMT_FAULT="$1" -I"$core" -I"$here/../../preload" \
		-o "$folder/fault$1" "$here"/*.c \
		"$core"/arena.c "$core"/space.c "$core"/change.c "$core"/sketch.c "$core"/known.c "$core"/draw.c "$core"/learn.c \
		"$core"/effect.c "$core"/mapsline.c "$core"/calls.c
}

build 0 || exit 3
"$folder/fault0" --calls=$calls --seed="$seed" >"$folder/out" 2>&1
status=$?
[ $status -eq 77 ] && { echo "mutants: no PROCMAP_QUERY here, skipped"; exit 77; }
[ $status -eq 0 ] || { cat "$folder/out"; echo "mutants: fails without a fault"; exit 1; }

caught=0
count=0
for fault in $faults; do
	count=$((count + 1))
	mix=$([ "$fault" -lt 21 ] || echo --alloc)
	build "$fault" || exit 3
	# shellcheck disable=SC2086
	"$folder/fault$fault" --calls=$calls --seed="$seed" $mix >"$folder/out" 2>&1
	if [ $? -eq 1 ]; then
		caught=$((caught + 1))
		echo "fault $fault: $(head -n 1 "$folder/out" | sed 's/.*DIFFERS //')"
	else
		echo "fault $fault: NOT NOTICED in $calls calls (seed $seed)"
	fi
done
echo "$caught of $count caught"
[ $caught -eq $count ]
