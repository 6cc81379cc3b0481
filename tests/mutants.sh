#!/bin/bash
# SPDX-License-Identifier: MIT
# Do the random calls notice a wrong rule? They must fail with a library in which one rule is
# broken: end with status 97, or leave a recording that does not add up. With the unchanged library
# they must not. The rules are changed in a copy of the sources; a change that no longer finds its
# place is a failure as well.
#
#   tests/mutants.sh [NAME...]    only these
. "$(dirname "$0")/lib.sh"
CALLS=${CALLS:-20000}
COPY=$TMP/copy
MUTANT=$TMP/mutant
ALL=0

# NAME FILE PERL-EXPRESSION: how a fault changes the text of the file
mutants() {
	cat <<'END'
right-piece-forgotten	core/vma/outcome.c	s/\tput\(outcome, index \+ 1, &right\);\n//
file-offset-ignored	core/vma/vma.h	s/if \(vmt_vma_is_file\(vma\)\)\n\t\tvma->offset \+=/if (0)\n\t\tvma->offset +=/
failed-call-ignored	core/vma/change_decode.c	s/(\.failed = failed\(done\) \};\n)/$1\tif (change->failed)\n\t\treturn;\n/
right-end-never-merges	core/resolve/merge.c	s/addr <= zone\.end/addr < zone.end/
left-end-never-merges	core/resolve/merge.c	s/addr >= zone\.start/addr > zone.start/
mprotect-flags-lost	core/vma/merge_rules.c	s/\t\tvma->flags \|= change->flags;\n//
mremap-window-forgotten	core/vma/change_decode.c	s/if \(to != addr\) \{\n\t\tchange->window/if (0) {\n\t\tchange->window/
mmap-flags-wrong	core/vma/change_decode.c	s/flags = prot_flags\(done->args\[2\]\)/flags = VMT_MAP_READ/g
fixed-drops-nothing	core/vma/change_decode.c	s/\tif \(fixed\)\n\t\tchange->gone\[0\] = change->fresh;//
mlock-rounds-up	core/vma/change_decode.c	s/decode_attributes\(done, change, vmt_page_down\(addr\), total\)/decode_attributes(done, change, vmt_page_up(addr), total)/
mlock-ignored	core/vma/change_decode.c	s/decode_mlock\(done, change\); break/break/
madvise-half-way-ignored	core/vma/change_decode.c	s/(static void decode_attributes.*?)failed\(done\) \? VMT_CHANGE_WALK/$1failed(done) ? VMT_CHANGE_NOTHING/s
mprotect-half-way-ignored	core/vma/change_decode.c	s/if \(\(failed\(done\) && !change->met_hole\) \|\| \(prot/if ((prot/
mprotect-before-hole-ignored	core/resolve/predict.c	s/return !vmt_outcome_touches\(outcome, first\)/return true/
madvise-behind-hole-ignored	core/resolve/predict.c	s/(static bool predict_advised.*?)\tpredict_altered\(/$1\tif (!change->met_hole)\n\t\tpredict_altered(/s
munmap-failed-is-done	core/vma/change_decode.c	s/failed\(done\) \? VMT_CHANGE_WALK : VMT_CHANGE_DERIVE;\n\tchange->window\[0\] = pages\(addr, length\);\n\tchange->gone/VMT_CHANGE_DERIVE;\n\tchange->window[0] = pages(addr, length);\n\tchange->gone/
mmap-failed-ignored	core/vma/change_decode.c	s/if \(!fixed \|\| is_bad_range\(addr, length\)/if (1 || !fixed || is_bad_range(addr, length)/
mremap-failed-elsewhere	core/vma/change_decode.c	s/if \(done->args\[3\] & MREMAP_FIXED && !is_bad_range/if (0 && !is_bad_range/
mremap-shrink-keeps	core/vma/change_decode.c	s/(change->to = to;\n\t\}\n\t)if \(new_length < old_length\)/$1if (0)/
mremap-growth-forgotten	core/vma/change_decode.c	s/if \(new_length > old_length\) \{/if (0) {/
fast-rest-forgotten	core/fast/fast_protect.c	s/(static void keep.*?)if \(pieces->has_rest\)/$1if (0)/s
fast-offset-kept	core/fast/fast.c	s/vmt_vma_cut_front\(&part, start\)/part.start = start/
fast-merges-ignored	core/fast/fast_range.c	s/if \(!stay_apart\(it, &around\)\)/if (0)/
merged-rest-forgotten	core/fast/fast_protect.c	s/(static void hand_over.*?)if \(pieces->has_rest\)/$1if (0)/s
merged-right-kept	core/fast/fast_protect.c	s/if \(sides.merges_right\)\n\t\tvmt_fast_drop/if (0)\n\t\tvmt_fast_drop/
brk-shrink-ignored	core/vma/change_decode.c	s/if \(after < before\) \{/if (after < before)\n\t\treturn;\n\tif (0) {/
brk-always-merges	core/resolve/predict.c	s/if \(change->flags\) \{/if (0) {/
grows-down-unknown	core/vma/change_decode.c	s/change->flags \|= VMT_MAP_STACK/change->flags |= 0/
stacks-not-included	core/resolve/resolve.c	s/\tinclude_stacks\(space, resolution\);\n//
huge-length-not-rounded	core/vma/change_decode.c	s/if \(flags & MAP_HUGETLB\) \{/if (0) {/
shared-as-private	core/vma/change_decode.c	s/is_plain_anonymous\(flags\) \? VMT_CHANGE_DERIVE/1 ? VMT_CHANGE_DERIVE/
shm-remap-plain	core/vma/change_decode.c	s/if \(done->args\[2\] & SHM_REMAP\)/if (0)/
shmdt-first-pieces-only	core/resolve/resolve_gone.c	s/if \(may_be_piece\(map, addr\)\)\n\t\t\treturn/if (0)\n\t\t\treturn/
shmdt-ignored	core/vma/change_decode.c	s/case VMT_CALL_SHMDT:/case VMT_CALL_SHMDT:\n\t\tbreak;/
ring-not-seen	core/vma/change_decode.c	s/is_ring \? done->aio : //
ring-end-ignored	core/vma/change_decode.c	s/case VMT_CALL_IO_DESTROY:\n/case VMT_CALL_IO_DESTROY:\n\t\tbreak;\n/
remap-pages-ignored	core/vma/change_decode.c	s/decode_remap_file_pages\(done, change\)/(void)0/
mbind-ignored	core/vma/change_decode.c	s/case VMT_CALL_MBIND:/case VMT_CALL_MBIND:\n\t\tbreak;/
seal-ignored	core/vma/change_decode.c	s/case VMT_CALL_MSEAL:/case VMT_CALL_MSEAL:\n\t\tbreak;/
mlockall-ignored	core/vma/change_decode.c	s/case VMT_CALL_MUNLOCKALL: change->how = VMT_CHANGE_EVERYTHING/case VMT_CALL_MUNLOCKALL: change->how = VMT_CHANGE_NOTHING/
advice-by-pidfd-ignored	core/vma/change_possible.c	s/return vmt_change_is_flag_advice\(args\[3\]\)/return false/
userfault-ignored	core/vma/change_possible.c	s/return is_uffd_ioctl\(/return 0 \&\& is_uffd_ioctl(/
userfault-half-way-ignored	core/vma/change_decode.c	s/(static void decode_user_range.*?)change->how = VMT_CHANGE_EVERYTHING/$1change->how = VMT_CHANGE_NOTHING/s
userfault-close-ignored	trace/user_args.c	s/if \(nr != SYS_close \|\|/if (1 || nr != SYS_close ||/
personality-ignored	trace/user_args.c	s/state->confidence.no_deriving = true/(void)state/
dontfork-forgotten	trace/rebuild.c	s/vmt_account_everything\(state\);\n\tfor \(unsigned i = 0; i < state->own.count/for (unsigned i = 0; i < state->own.count/
child-keeps-descriptor	process/fork.c	s/\tvmt_mapsfile_start_child\(state\);\n//
END
}

# The copy is configured once; then only the files that a fault changes are built again.
build() {
	ninja -C "$MUTANT" preload/libvmatrace.so >"$TMP/build.log" 2>&1
}

run_is_clean() {	# ASK SEED FORKS
	LIB=$MUTANT/preload/libvmatrace.so LIMIT=120 traced "$TMP/run" \
		"verify=1:ask=$1:report=0" "$BUILD/tests/random/random_calls" \
		--calls "$CALLS" --seed "$2" --forks "$3"
	SAID="ask=$1 seed $2: status $(cat "$TMP/run/status") $(cat "$TMP/run"/log.* \
		"$TMP/run/err" 2>/dev/null | head -1 | cut -c1-80)"
	[ "$(cat "$TMP/run/status")" = 0 ] || return
	judge "$TMP/run"
	SAID+=" $PROBLEMS"
	[ -z "$PROBLEMS" ]
}

# A fault may be invisible with one way of asking the kernel, or need a fork.
is_clean() {	# SEED
	rm -rf "$TMP/run"
	run_is_clean auto "$1" 0 && rm -rf "$TMP/run" &&
		run_is_clean maps "$(($1 + 1))" "$((CALLS / 4))" && rm -rf "$TMP/run" &&
		run_is_clean probe "$(($1 + 2))" 0 && rm -rf "$TMP/run" &&
		run_is_clean query "$(($1 + 3))" 3000
}

# Some faults show only in rare cases, which also depend on where the kernel puts maps.
is_never_caught() {
	is_clean 1 && is_clean 11 && is_clean 21 && is_clean 31
}

try_mutant() {	# NAME FILE EXPRESSION
	local file=$COPY/preload/$2
	cp "$file" "$TMP/sound"
	perl -0pi -e "$3" "$file"
	if cmp -s "$file" "$TMP/sound"; then
		fail "$1" "finds nothing to break in $2"
	elif ! build; then
		fail "$1" "does not build: $(grep -m1 error "$TMP/build.log" | cut -c1-200)"
	elif is_never_caught; then
		fail "$1" "not caught: $SAID"
	else
		pass "$1" "$SAID"
	fi
	cp "$TMP/sound" "$file"
}

mkdir "$COPY" && cp -r "$ROOT"/{meson.build,meson_options.txt,doc,preload,tools,scripts} "$COPY/" &&
	meson setup -Dwerror=false -Dlto=false -Ddebug=false -Dtests=false "$MUTANT" "$COPY" >"$TMP/build.log" 2>&1 && build || {
	fail build "$(tail -3 "$TMP/build.log")"
	finish
}
if [ $# = 0 ]; then
	is_clean 1 && pass nothing-broken "$SAID" || fail nothing-broken "and yet: $SAID"
fi
while IFS=$'\t' read -r name file expression; do
	[ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
	ALL=$((ALL + 1))
	try_mutant "$name" "$file" "$expression"
done < <(mutants)
echo "$((PASSED - ($# == 0))) of $ALL caught"
finish
