#!/bin/sh
# SPDX-License-Identifier: MIT
# Does model_vs_kernel notice a wrong rule? Builds it with each of the faults that the core keeps
# behind VMT_FAULT, and with each rule of what a call did broken in a copy, and expects every one
# to be found, and nothing without a fault.
#
# Usage: tests/model/mutants.sh [SEED]
set -u

here=$(cd "$(dirname "$0")" && pwd)
preload=$here/../../preload
seed=${1:-1}
calls=20000
faults="$(seq 8) $(seq 21 41)"	# from 21 on those of merge_rules.c and vma_class.c
folder=$(mktemp -d) || exit 3
trap 'rm -rf "$folder"' EXIT
cp -r "$preload" "$folder/preload"
core=$folder/preload/core
caught=0
tried=0

# FILE PERL-EXPRESSION OPTIONS, of what the counting and learning of effects rests on
rules() {
	cat <<'END'
resolve/effect.c	s/(source_moved\(.*?)if \(is_hole\(/$1if (0 \&\& is_hole(/s	--calls=20000
resolve/effect.c	s/if \(is_hole\(space, was, x, &end\)\)\n\t\treturn source_kept\(space, x, end\);\n\tmap = /map = /	--calls=20000
resolve/effect.c	s/if \(vmt_outcome_touches\(outcome,/if (0 \&\& vmt_outcome_touches(outcome,/	--calls=20000
resolve/effect.c	s/if \(vmt_space_find\(space, x\)\)/if (0)/	--calls=20000
resolve/effect.c	s/pieces - aliens > 1/pieces - aliens > 2/	--calls=20000
resolve/effect.c	s/if \(vmt_range_has\(change->grown, x\)\)/if (0)/	--calls=20000
resolve/effect.c	s/SOURCE_FRESH, NULL, x, end/SOURCE_ALIEN, NULL, x, end/	--calls=20000
resolve/effect.c	s/\t\tnote_growth\([^\n]*\n//	--stacks
fast/fast_protect.c	s/(static void hand_over.*?)if \(pieces->has_rest\)/$1if (0)/s	--alloc
fast/fast_protect.c	s/if \(sides.merges_right\)\n\t\tvmt_fast_drop/if (0)\n\t\tvmt_fast_drop/	--alloc
resolve/resolve.c	s/\tcomplete_grown\([^\n]*\n//	--forks=2000
END
}

build() {	# NAME FAULT
	${CC:-gcc} -std=gnu17 -D_GNU_SOURCE -O1 -DVMT_FAULT="$2" -I"$folder/preload" \
		-o "$folder/$1" "$here"/*.c \
		"$core"/base/arena.c "$core"/vma/space.c "$core"/vma/change.c "$core"/vma/change_possible.c "$core"/vma/vma.c "$core"/vma/outcome.c "$core"/resolve/merge.c "$core"/vma/vma_class.c "$core"/vma/merge_rules.c \
		"$core"/resolve/predict.c "$core"/resolve/resolve.c \
		"$core"/resolve/effect.c "$core"/fast/fast_simple.c "$core"/fast/fast_range.c "$core"/fast/fast_protect.c "$core"/fast/fast.c "$core"/vma/mapsline.c "$core"/vma/anon_vma.c "$core"/base/kernel.c "$core"/base/calls.c
}

# A crash is noticed as well. What it takes to notice some is rare: not every seed has it.
is_noticed() {	# NAME OPTIONS
	tried=$((tried + 1))
	for more in 0 1 2 3 4 5; do
		"$folder/$1" --calls=$calls --seed=$((seed + more)) $2 >"$folder/out" 2>&1 && continue
		caught=$((caught + 1))
		echo "$1: $(head -n 1 "$folder/out" | sed 's/.*DIFFERS //')"
		return
	done
	echo "$1: NOT NOTICED in $calls calls (seeds $seed to $((seed + 5)))"
}

build sound 0 || exit 3
"$folder/sound" --calls=$calls --seed="$seed" >"$folder/out" 2>&1
status=$?
[ $status -eq 0 ] || { cat "$folder/out"; echo "mutants: fails without a fault"; exit 1; }

# Two at a time.
for fault in $faults; do
	build "fault$fault" "$fault" &
	[ $((fault % 2)) -eq 0 ] || wait
done
wait
for fault in $faults; do
	[ -x "$folder/fault$fault" ] || exit 3
	is_noticed "fault$fault" "$([ "$fault" -lt 21 ] || echo --alloc)"
done

rules >"$folder/rules"
tab=$(printf '\t')
while IFS=$tab read -r file expression options; do
	cp "$core/$file" "$folder/sound.c"
	perl -0pi -e "$expression" "$core/$file"
	if cmp -s "$core/$file" "$folder/sound.c"; then
		tried=$((tried + 1))
		echo "$file: NOTHING TO BREAK: $expression"
	else
		build "rule$tried" 0 || exit 3
		is_noticed "rule$tried" "$options"
	fi
	cp "$folder/sound.c" "$core/$file"
done <"$folder/rules"
echo "$caught of $tried caught"
[ $caught -eq $tried ]
