#!/bin/bash
# SPDX-License-Identifier: MIT
# Each pattern that uses up maps, and the same program with the remedy: the tool names the pattern,
# from outside (vmatrace maps) and from a recording (vmatrace report), and the savings that it
# promises are those of the program with the remedy, within 5 %.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

# look NAME [remedy]: maps of the program once it is ready, to NAME.json or NAME-remedy.json
look() {
	local out=$1${2:+-$2} job pid=
	rm -f input
	mkfifo input
	: >ready
	env ${AFTER:+"LD_PRELOAD=$AFTER"} "$TARGETS/pattern_$1" ${2:+"$2"} <input >ready 2>err &
	job=$!
	exec 9>input
	wait_ready $job
	[ -z "$pid" ] || "$TOOL" maps --format=json "$pid" >"$out.json" 2>>err
	"$TOOL" maps "$pid" >"$out.txt" 2>>err
	exec 9>&-
	wait $job
}

# record NAME [remedy]: the same from a recording, of which the last process counts
record() {
	local out=$1${2:+-$2}
	mkdir "rec-$out"
	env LD_PRELOAD="$LIB${AFTER:+ $AFTER}" VMATRACE_OPTIONS="dir=rec-$out:report=0" \
		"$TARGETS/pattern_$1" ${2:+"$2"} </dev/null >/dev/null 2>err
	"$TOOL" report --format=json "rec-$out" 2>>err |
		jq '{ processes: [.processes | max_by(.pid) | .maps = .maps.now] }' >"$out.json"
}

# compare NAME PATTERN HOW: compare the promise of NAME.json with NAME-remedy.json
compare() {
	local before after saves named
	before=$(jq '.processes[0].maps' "$1.json")
	after=$(jq '.processes[0].maps' "$1-remedy.json")
	saves=$(jq '.processes[0].patterns[0].saves // 0' "$1.json")
	named=$(jq -r '.processes[0].patterns[0].pattern // "none"' "$1.json")
	DETAIL="$named, $before maps, promised -$saves, came -$((before - after))"
	if [ "$named" = "$2" ] && [ "$saves" -gt 0 ] &&
		[ $((20 * (saves - before + after))) -le "$saves" ] &&
		[ $((20 * (before - after - saves))) -le "$saves" ]; then
		pass "$1 $3" "$DETAIL"
	else
		fail "$1 $3" "$DETAIL, wanted $2; $(head -c 200 err)"
	fi
}

# pattern NAME ID ID-IN-RECORDING
pattern() {
	look "$1"
	if [ $? = 77 ]; then
		echo "skip $1: this kernel does not have it"
		return
	fi
	AFTER='' look "$1" remedy
	compare "$1" "$2" maps
	check "$1: cause in the first ten lines" sh -c "head -10 $1.txt | grep -qF \"\$(jq -r \
		'.processes[0].patterns[0].what' $1.json)\""
	record "$1"
	AFTER='' record "$1" remedy
	compare "$1" "$3" recording
}

pattern guards guard-pages guard-pages
pattern threads thread-stacks thread-stacks
pattern decommit prot-none-decommit prot-none-decommit
pattern holes punched-holes punched-holes
pattern wx wx-flips wx-flips
pattern barriers write-barriers write-barriers
pattern arenas malloc-arenas malloc-arenas
GLIBC_TUNABLES=glibc.malloc.arena_max=256 look arenas
check "arenas: by GLIBC_TUNABLES" jq -e '.processes[0].patterns[0].remedy | startswith("glibc.malloc.arena_max=2 in GLIBC_TUNABLES, which sets it now")' arenas.json
pattern files one-map-per-file one-map-per-file
pattern pieces pieces-of-files pieces-of-files
pattern shared one-map-per-shared-memory one-map-per-shared-memory
pattern double pieces-of-files pieces-of-files
# A recording holds no names, so it cannot know that files were deleted since.
pattern deleted deleted-files one-map-per-file
pattern advice madvise-islands madvise-islands
pattern locks lock-islands lock-islands
pattern policy mbind-islands mbind-islands
pattern names names names
# Flags that keep maps apart are recorded at the end, if many neighbours of one call site look alike.
pattern accounting accounting accounting
pattern fork fork-tainted fork-tainted
check "fork: why they are two" grep -q 'look alike: inherited by fork' fork.txt
child=$("$TOOL" report --format=json rec-fork | jq '[.processes[].pid] | max')
"$TOOL" report --pid="$child" rec-fork >child.txt
check "fork: who cut them" grep -q ' by the parent, before the fork' child.txt
check "fork: no flags, no reason" grep -q 'look alike: why they did not merge is' child.txt
pattern alike alike alike
export EF_DISABLE_BANNER=1
AFTER=$(library libefence.so.0)
check "Electric Fence is installed" [ -e "$AFTER" ]
pattern debugger debugging-allocator debugging-allocator
fields "fields of patterns" rec-guards

# Memory that is closed when it is given back, as one map with a guard: what a single change saves is
# promised of that change, and what takes two is promised of both.
# record_way NAME ARGUMENT...
record_way() {
	local name=$1
	shift
	mkdir "rec-$name"
	LD_PRELOAD=$LIB VMATRACE_OPTIONS="dir=rec-$name:report=0" "$TARGETS/pattern_guarded" "$@" \
		</dev/null >/dev/null 2>err || return
	"$TOOL" report --format=json "rec-$name" 2>>err |
		jq '.processes[0].maps = .processes[0].maps.now' >"$name.json"
}
maps_of() {
	jq '.processes[0].maps' "$1.json"
}
saves_of() {
	jq "[.processes[0].patterns[] | select(.pattern == \"$2\") | .saves] | add // 0" "$1.json"
}
# way WORDS: recorded as it is, with one of the changes, and with both
way() {
	NAME=guarded${1:+-${1// /-}}
	record_way "$NAME" - $1
	record_way "$NAME-decommit" decommit $1
	SAVED=$(($(maps_of "$NAME") - $(maps_of "$NAME-decommit")))
}
for words in "" apart first "first apart" again "again apart" "again first"; do
	way "$words"
	check "$NAME: decommit alone saves nothing" [ "$SAVED" -le 0 ]
	check "$NAME: and is not promised" [ "$(saves_of "$NAME" prot-none-decommit)" = 0 ]
	if record_way "$NAME-remedy" remedy $words; then
		compare "$NAME" guarded-decommit recording
	else
		check "$NAME: named" [ "$(saves_of "$NAME" guarded-decommit)" -gt 0 ]
	fi
	"$TOOL" report "rec-$NAME" 2>>err | sed -E 's/^==[0-9]+== ?//' | tr -s ' \n' ' ' >"$NAME.report"
	check "$NAME: who makes either" grep -qE 'by mprotect in give_back [^ ]+, the guards by mprotect in guard [^ ]+ help -[0-9,]+ maps: two changes together' "$NAME.report"
done
# With a page in use between them, or without guards, one change is enough.
for words in inner "inner apart" "again inner" bare "bare apart" "trim apart"; do
	way "$words"
	check "$NAME: decommit alone" [ "$SAVED" -ge 600 ]
	check "$NAME: as promised" [ "$SAVED" = "$(saves_of "$NAME" prot-none-decommit)" ]
	check "$NAME: no second change" [ "$(saves_of "$NAME" guarded-decommit)" = 0 ]
done
fields "fields of guarded" rec-guarded
check "guarded: the site of the guards" jq -e '.processes[0] | .patterns[0].guards_site as $site |
	.sites[] | select(.id == $site) | .stack[0].function == "guard"' guarded.json
# From outside, calls are not known: it is said on what the promise depends.
AFTER='' look guarded
check "guarded: maps" sh -c 'tr -s " \n" " " <guarded.txt | grep -q "MADV_DONTNEED .*a guard in such a range stays a map, unless"'
# Memory counts for who mapped it, also if it was one map with older memory until it was cut.
mkdir holes
LD_PRELOAD=$LIB VMATRACE_OPTIONS=dir=holes:report=0 "$TARGETS/refilled_holes"
pages_of() {
	"$TOOL" report --format=json holes 2>>err | jq --arg function "$1" '[.processes[0].sites[] |
		select(.call == "mmap" and any(.stack[]; (.function // "") | startswith($function))) | .bytes] | add / 4096'
}
check "refilled holes: the kept" [ "$(pages_of make_kept)" = 153 ]
check "refilled holes: the new" [ "$(pages_of make_brief)" = 150 ]
mkdir cut
LD_PRELOAD=$LIB VMATRACE_OPTIONS=dir=cut:report=0 "$TARGETS/guard_pages"
"$TOOL" report --cut cut >cut.txt 2>>err
check "--cut: who cut them" grep -q ' 1,000 of them cut by mprotect in make_object' cut.txt
finish
