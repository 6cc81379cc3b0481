#!/bin/sh
# SPDX-License-Identifier: MIT
# Does model_vs_kernel notice a wrong rule? Builds it with one rule at a time broken in a copy, and
# expects every one to be found, and nothing where nothing is broken. A change that no longer finds
# its place is a failure as well.
#
# Usage: tests/model/mutants.sh [SEED]
set -u

here=$(cd "$(dirname "$0")" && pwd)
preload=$here/../../preload
seed=${1:-1}
calls=20000
folder=$(mktemp -d) || exit 3
trap 'rm -rf "$folder"' EXIT
caught=0
tried=0
tab=$(printf '\t')

# NAME FILES PERL-EXPRESSION OPTIONS: what a fault does to the text of the files, which must change
# each of them. First what a call does to the table, then what merges, then how effects are counted.
mutants() {
	cat <<'END'
right-piece-forgotten	vma/outcome.c	s/\tput\(outcome, index \+ 1, &right\);\n//	
file-offset-ignored	vma/vma.h	s/if \(vmt_vma_is_file\(vma\)\)\n\t\tvma->offset \+=/if (0)\n\t\tvma->offset +=/; s/return !vmt_vma_is_file\(left\)/return 1/	
failed-call-ignored	vma/change_decode.c	s/(\.failed = failed\(done\) \};\n)/$1\tif (change->failed)\n\t\treturn;\n/	
right-end-never-merges	resolve/merge.c	s/addr <= zone\.end/addr < zone.end/	
left-end-never-merges	resolve/merge.c	s/addr >= zone\.start/addr > zone.start/	
mprotect-flags-lost	vma/merge_rules.c	s/\t\tvma->flags \|= change->flags;\n//	
mremap-window-forgotten	vma/change_decode.c	s/if \(to != addr\) \{\n\t\tchange->window/if (0) {\n\t\tchange->window/	
mmap-flags-wrong	vma/change_decode.c	s/flags = prot_flags\(done->args\[2\]\)/flags = VMT_MAP_READ/g	
nothing-is-touched	vma/anon_vma.c	s/(bool vmt_anon_vma_may_have.*?)return [^;]*/$1return false/s	--alloc
nothing-is-written	vma/merge_rules.c	s/(static bool is_written.*?)return !vma->vma_class \|\|/$1return 0 \&\&/s	--alloc
noreserve-is-plain	vma/vma_class.c	s/return VMT_CLASS_NORESERVE;(\n.*)return VMT_CLASS_NORESERVE_STACK;/return VMT_CLASS_PLAIN;$1return VMT_CLASS_STACK;/	--alloc
nothing-loses_class	vma/merge_rules.c	s/(default: change->loses_class = true;\n\t\}\n)/$1\tchange->loses_class = false;\n/	--alloc
all-classes-equal	vma/vma_class.c	s/if \(left->vma_class && left->vma_class == right->vma_class\)/if (1)/	--alloc
advice-ignored	vma/merge_rules.c	s/if \(\(left->flags \^ right->flags\) & VMT_MAP_ADVICE\)/if (0)/	--alloc
sides-always-fit	vma/anon_vma.c vma/merge_rules.c	s/if \(middle->anon \|\|/if (1 ||/; s/return next &&/return 0 \&\&/; s/return vmt_anon_vma_may_have\(right\) \?/return 0 ?/	--alloc
unchanged-merge	vma/merge_rules.c	s/(if \(!is_changed\(left\) && !is_changed\(right\)\)\n\t\treturn VMT_ANSWER_)NO/$1YES/	--alloc
populated-is-untouched	vma/merge_rules.c	s/if \(vma->start >= change->touched\.end/if (1 || vma->start >= change->touched.end/	--alloc
file-over-the-front	fast/fast_range.c	s/(static void put_front.*?)merged = 1/$1merged = 0/s	--alloc
moved-keeps-class	resolve/predict.c	s/\t\tvma\.vma_class = VMT_CLASS_UNKNOWN;[^\n]*\n//	--alloc
stack-is-plain	vma/vma_class.c	s/if \(rules->stack_class == VMT_STACK_CLASS_EQUAL\)/if (1)/	--alloc
noreserve-is-equal	vma/vma_class.c	s/(if \(a != b\)\n\t\treturn VMT_ANSWER_)NO/$1YES/	--alloc
account-ignored	vma/merge_rules.c	s/(static bool differ_in_account.*?)return /$1return 0 \&\& /s	--alloc
other-file-is-loaded	vma/vma_class.c	s/change->fd != loaded->fd \|\| //	--alloc
files-are-untouched	vma/merge_rules.c	s/(static bool is_open_to.*?)return /$1return !vmt_vma_is_file(vma) \&\& /s	--alloc
anon-may-not-appear	vma/anon_vma.c	s/are_tied\(left, right\) && !\([^)]*\)/are_tied(left, right)/g	--alloc
left-adds-nothing	vma/anon_vma.c	s/if \(adds_to_left\)/if (0)/	--alloc
all-anon-vmas-unlike	vma/anon_vma.c	s/(static bool are_unlike.*?)return false;/$1return true;/s	--alloc
right-adds-nothing	vma/anon_vma.c	s/if \(adds_to_right\)/if (0)/	--alloc
anon-vmas-learnt-always	resolve/merge.c	s/ && would_merge\([^)]*\)\)\n(\t\tvmt_anon_vma_differ)/)\n$1/	--alloc
touch-makes-no-anon	vma/merge_rules.c	s/(touched\.start\).*?MAP_TOUCHED;\n)\t\tvmt_anon_vma_may_appear\(vma\);\n/$1/s	--alloc
origin-moved-holes	resolve/origin.c	s/(origin_moved\(.*?)if \(is_hole\(/$1if (0 \&\& is_hole(/s	--calls=20000
origin-kept-holes	resolve/origin.c	s/if \(is_hole\(space, was, x, &end\)\)\n\t\treturn origin_kept\(space, x, end\);\n\tmap = /map = /	--calls=20000
origin-touched	resolve/origin.c	s/if \(vmt_outcome_touches\(outcome,/if (0 \&\& vmt_outcome_touches(outcome,/	--calls=20000
origin-found	resolve/origin.c	s/if \(vmt_space_find\(space, x\)\)/if (0)/	--calls=20000
alien-pieces	resolve/effect.c	s/pieces - aliens > 1/pieces - aliens > 2/	--calls=20000
grown-is-fresh	resolve/origin.c	s/if \(vmt_range_has\(change->grown, x\)\)/if (0)/	--calls=20000
fresh-is-alien	resolve/origin.c	s/VMT_ORIGIN_FRESH, NULL, x, end/VMT_ORIGIN_ALIEN, NULL, x, end/	--calls=20000
growth-not-noted	resolve/effect.c	s/\t\tnote_growth\([^\n]*\n//	--stacks
merged-rest-forgotten	fast/fast_protect.c	s/(static void hand_over.*?)if \(pieces->has_rest\)/$1if (0)/s	--alloc
merged-right-kept	fast/fast_protect.c	s/if \(sides.merges_right\)\n\t\tvmt_fast_drop/if (0)\n\t\tvmt_fast_drop/	--alloc
grown-not-completed	resolve/resolve.c	s/\tcomplete_grown\([^\n]*\n//	--forks=2000
END
}

# compile NAME SOURCE...: the objects of the copy of that name
compile() {
	dir=$folder/$1.d
	shift
	(cd "$dir/objects" &&
		${CC:-gcc} -std=gnu17 -D_GNU_SOURCE -O1 -I"$dir" -I"$preload" -c "$@")
}

compile_all() {	# NAME
	core=$folder/$1.d/core
	compile "$1" "$here"/*.c "$core"/vma/*.c "$core"/resolve/*.c "$core"/fast/*.c \
		"$core"/base/arena.c "$core"/base/kernel.c "$core"/base/calls.c
}

# Objects whose sources are unchanged are those of the sound copy; a header may be part of any.
build() {	# NAME FILES
	case " $2 " in
	*.h\ *) compile_all "$1" ;;
	*)
		cp "$folder"/sound.d/objects/*.o "$folder/$1.d/objects/" &&
			for file in $2; do
				compile "$1" "$folder/$1.d/core/$file" || return
			done
		;;
	esac && link "$1"
}

link() {	# NAME
	${CC:-gcc} -o "$folder/$1" "$folder/$1.d"/objects/*.o
}

copy() {	# NAME
	mkdir -p "$folder/$1.d/objects" && cp -r "$preload/core" "$folder/$1.d/core"
}

break_rule() {	# NAME FILES EXPRESSION
	for file in $2; do
		perl -0pi -e "$3" "$folder/$1.d/core/$file"
		! cmp -s "$folder/$1.d/core/$file" "$preload/core/$file" || return
	done
}

prepare() {	# NAME FILES EXPRESSION
	copy "$1" || return
	if break_rule "$1" "$2" "$3"; then
		build "$1" "$2"
	else
		echo "nothing to break in $file: $3" >"$folder/$1.missed"
	fi
	rm -rf "$folder/$1.d"
}

# A crash is noticed as well. What it takes to notice some is rare: not every seed has it.
is_noticed() {	# NAME OPTIONS
	for more in 0 1 2 3 4 5; do
		"$folder/$1" --calls=$calls --seed=$((seed + more)) $2 >"$folder/out" 2>&1 && continue
		caught=$((caught + 1))
		echo "$1: $(head -n 1 "$folder/out" | sed 's/.*DIFFERS //')"
		return
	done
	echo "$1: NOT NOTICED in $calls calls (seeds $seed to $((seed + 5)))"
}

copy sound && compile_all sound && link sound || exit 3
"$folder/sound" --calls=$calls --seed="$seed" >"$folder/out" 2>&1
status=$?
[ $status -eq 0 ] || { cat "$folder/out"; echo "mutants: fails without a fault"; exit 1; }

mutants >"$folder/mutants"
while IFS=$tab read -r name files expression options; do	# two at a time
	prepare "$name" "$files" "$expression" &
	tried=$((tried + 1))
	[ $((tried % 2)) -ne 0 ] || wait
done <"$folder/mutants"
wait
while IFS=$tab read -r name files expression options; do
	if [ -e "$folder/$name.missed" ]; then
		echo "$name: NOT TRIED, $(cat "$folder/$name.missed")"
	elif [ -x "$folder/$name" ]; then
		is_noticed "$name" "$options"
	else
		exit 3
	fi
done <"$folder/mutants"
echo "$caught of $tried caught"
[ $caught -eq $tried ]
