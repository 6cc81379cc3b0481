#!/bin/bash
# SPDX-License-Identifier: MIT
# Leak, burst or plateau: programs whose count of maps follows a known course get the verdict of
# that name, in text and in JSON, with the rate of a leak and the time that is left. They run side
# by side for 6 seconds, since in a shorter run a leak cannot be told from a start-up.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2
SECONDS_EACH=6

# record COURSE: repeat it, twice at most, if the machine was too busy for the course
record() {
	local turn
	for turn in 1 2 3; do
		rm -rf "$1.rec" && mkdir "$1.rec"
		LD_PRELOAD=$LIB VMATRACE_OPTIONS=dir=$1.rec:report=0 "$TARGETS/course" "$1" $SECONDS_EACH
		[ $? = 75 ] || return 0
		echo "$1: run $turn stood still for too long"
	done
}

# judged COURSE VERDICT TEXT [FILTER]: the verdict, a part of its line, and a condition on its
# figures
judged() {
	local growth line
	"$TOOL" report --format=json "$1.rec" >"$1.json" 2>"$1.err"
	"$TOOL" report "$1.rec" >"$1.txt" 2>>"$1.err"
	growth=$(jq -c '.processes[0] | .growth + { limit: .maps.limit }' "$1.json" 2>>"$1.err")
	line=$(awk '/^==[0-9]+==   growth / { on = 1 } /^==[0-9]+==   (leak|cause|calls) / { on = 0 }
		on { sub(/^==[0-9]+== +/, ""); printf "%s ", $0 }' "$1.txt")
	if [ "$(jq -r .verdict <<<"$growth")" = "$2" ] && grep -qE "$3" <<<"$line" &&
		jq -e "${4:-true}" <<<"$growth" >/dev/null; then
		pass "$1" "$line"
	else
		fail "$1" "wanted $2, '$3', ${4:-}: $growth $line $(head -c 200 "$1.err")"
	fi
}

# Files that are mapped at first and stay mapped, for as long as the others run.
mkfifo held
mkdir segments files.rec
pid=
: >ready
LD_PRELOAD=$LIB VMATRACE_OPTIONS=dir=files.rec:report=0 "$TARGETS/case_segments" segments 1000 \
	<held >ready &
files=$!
exec 9>held
wait_ready $files

# Each is another file, so that none is loaded already.
mkdir libraries
for number in $(seq 0 99); do
	cp "$TARGETS/inline_munmap.so" libraries/$number.so
done
courses=()
for course in leak bursts warm-up sawtooth burst rising-sawtooth leak-and-warm-up small-leak \
	leak-and-bursts uneven-leak late-leak resized start-up start-up-alike falling-load given-back libraries; do
	record $course 9>&- &
	courses+=($!)
done
cat >never_pruned.cpp <<'END'
#include <chrono>
#include <thread>
#include <vector>
#include <sys/mman.h>
struct Cache {
	std::vector<void *> pages;
	void add() { pages.push_back(mmap(nullptr, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0)); }
	~Cache() { for (void *page : pages) munmap(page, 4096); }
};
int main(int argc, char **)
{
	using namespace std::chrono;
	const auto start = steady_clock::now();
	Cache cache;
	while (steady_clock::now() < start + seconds(6)) {
		if (argc == 1 || cache.pages.size() < 300)
			cache.add();
		std::this_thread::sleep_for(milliseconds(5));
	}
}
END
c++ -g -O1 never_pruned.cpp -o never_pruned && mkdir never_pruned.rec filled.rec || exit 2
LD_PRELOAD=$LIB VMATRACE_OPTIONS=dir=never_pruned.rec:report=0 ./never_pruned 9>&- &
courses+=($!)
LD_PRELOAD=$LIB VMATRACE_OPTIONS=dir=filled.rec:report=0 ./never_pruned filled 9>&- &
courses+=($!)
wait "${courses[@]}"
exec 9>&-
wait $files
PER_SECOND=$((1000 / SECONDS_EACH))
near() { echo "(.rate > 0.85 * $1 and .rate < 1.15 * $1)"; }
judged leak leak 'a leak, \+1[0-9][0-9] a second since 0.[0-9] s, never falling \(or a start-up\); at this rate' \
	"$(near $PER_SECOND) and (.seconds_left * .rate / .limit | . > 0.9 and . <= 1)"
judged bursts bursts 'bursts: [56] times up to 1,02[0-9] and back to 3[0-9]' '.times >= 5'
judged warm-up plateau 'a plateau since [0-3].[0-9] s, (between|slowly up from) (9[0-9]+|1,0[0-9]+) (and|to) 1,0[0-9]+' \
	'.since < 2.0'
judged files plateau 'a plateau since [0-9.]+ s, (no change|slowly up from)'
check "files: their cause is told" grep -q 'cause   a map for each of many files' files.txt
check "files: on a plateau they are no leak" [ "$(grep -c 'a leak' files.txt)" = 0 ]
judged sawtooth sawtooth 'a sawtooth: 6 times up to 1,0[0-9]+ and back to [2-9][0-9] ' '.times == 6'
judged burst burst 'a burst: peak 1,02[0-9] at [23].[0-9] s, 2[0-9] now'
judged rising-sawtooth leak 'a leak, \+2[0-9][0-9] a second since 0.[0-9] s, falling at times' \
	"$(near $((1500 / SECONDS_EACH)))"
judged leak-and-warm-up leak 'a leak' "$(near $PER_SECOND)"
judged small-leak leak 'a leak, \+[12][0-9] a second' "$(near $((120 / SECONDS_EACH)))"
judged uneven-leak leak 'a leak, about \+[23][0-9][0-9] a second .* would be reached in about another ([3-5] min|1[67][0-9] s)' \
	"(.rate * $SECONDS_EACH | . > 0.75 * 1800 and . < 1.25 * 1800)"
judged leak-and-bursts leak 'a leak, \+[12][0-9] a second since 0.[0-9] s, falling at times' \
	"$(near $((120 / SECONDS_EACH)))"

# A leak that begins half-way is not called one yet, but what comes of it is told.
judged late-leak growing 'highest at the end, (about )?\+3[0-9][0-9] a second since [23].[0-9] s \(a leak, or a phase that needs more\); at this rate the limit would be reached in (about )?another (3 min|1[0-9]+ s)' \
	"$(near $((2000 / SECONDS_EACH))) and .since > 2.6 and .since < 3.4"
check "late-leak: its call site" grep -qE 'growth: highest at the end, (about )?\+3[0-9]+ a second since [23].[0-9] s' late-leak.txt

# A table is resized twice, and its entries are replaced by another call: the process is flat in the end,
# from the last maps of the second step on where the machine was busy during it.
judged resized plateau 'a plateau since 4.[0-9] s, between (8[6-9]|9[0-9])[0-9] and 9[0-9]+'
check "resized: nobody leaks" [ "$(grep -c 'growth: a leak\|==   leak[? ] ' resized.txt)" = 0 ]

# Growth by ever new call sites, and growth that becomes slower, look like a start-up.
judged start-up too-short 'the run is too short to tell a leak from start-up'
judged start-up-alike growing 'highest at the end, but rising slower and slower'
# Nor does a leak become slower when the load does: by the calls it is steady.
judged falling-load growing 'highest at the end, in step with the program.s calls: 3[0-9] maps in 1,000 \(a leak under uneven load, or a phase that needs more\); about [12],[0-9]{3},[0-9]{3} more calls to the limit' \
	'.maps_per_call > 0.028 and .maps_per_call < 0.036 and (has("rate") | not)'
# What only the end of the program gives back rose like a leak until then.
judged given-back given-back '\+1[0-9][0-9] a second since 0.[0-9] s, then given back: peak (9[0-9]+|1,0[0-9]+) at 5.[0-9] s, [0-9]+ now \(a leak, if it was given back only because the program ended\)' \
	"$(near $PER_SECOND)"
site given-back grow given-back 'growth: up to 9[0-9]+, \+1[0-9][0-9] a second, then given back'
judged libraries too-short 'the run is too short to tell a leak from start-up'

# site COURSE FUNCTION VERDICT TEXT [FILTER]: the same for the call site in a function
site() {
	local growth line
	growth=$(jq -c --arg function "$2" '.processes[0].maps.limit as $limit |
		.processes[0].sites[] | select(.growth and any(.stack[]; .function == $function)) |
		.growth + { limit: $limit }' "$1.json" 2>>"$1.err")
	line=$(grep -B3 "#1  $2 " "$1.txt" | grep -A1 ' growth: ' | sed 's/^==[0-9]*== *//' |
		tr '\n' ' ')
	if [ "$(jq -r .verdict <<<"$growth")" = "$3" ] && grep -qE "$4" <<<"$line" &&
		jq -e "${5:-true}" <<<"$growth" >/dev/null; then
		pass "$1, $2" "${line%%#*}"
	else
		fail "$1, $2" "wanted $3, '$4', ${5:-}: $growth $line"
	fi
}
site leak-and-warm-up grow leak 'growth: a leak \(or a start-up\), \+1[0-9][0-9] a second, .*; [0-9,]+ more calls' \
	"$(near $PER_SECOND) and (.calls_left / .limit | . > 0.9 and . <= 1)"
# How the maps that a call site owns came says nothing of those that it mapped, whoever cut them.
"$TOOL" report --cut leak-and-warm-up.rec >cut.txt
check "--cut: no course of what it does not count" sh -c 'grep -q " growth: a leak" leak-and-warm-up.txt &&
	grep -q "#1  grow " cut.txt && ! grep -q " growth: " cut.txt'
site leak-and-warm-up grow_other plateau 'growth: a plateau since [0-3].[0-9] s, (no change|(between|slowly up from) 4[0-9][0-9] (and|to) 500)' \
	'.low >= 400 and .high == 500'
# check judges what is there at the end, and tells what the program gave back just before.
noted() {	# COURSE WHO
	local note="$2 gave back [0-9,]+ maps at the end; until then they grew like a leak, which only --max-peak=N limits"
	"$TOOL" check --max-growth=100 "$1.rec" >check.txt 2>&1
	check "$1: check is green" [ $? = 0 ]
	check "$1: with a note" grep -qE "^vmatrace: .*: note: $note.$" check.txt
	"$TOOL" check --max-maps=1 "$1.rec" >check.txt 2>&1
	check "$1: or red" [ $? = 23 ]
	check "$1: …with a note" grep -qE "^vmatrace: .*: note: $note.$" check.txt
	check "$1: in JSON" grep -qE "\"note\": \"$note\"" <("$TOOL" check --format=json --max-growth=100 "$1.rec" 2>/dev/null)
	check "$1: not with --max-peak" [ "$("$TOOL" check --max-peak=60000 "$1.rec" 2>&1 | grep -c note:)" = 0 ]
}
noted given-back it
noted never_pruned 'Cache::~Cache'
for course in leak bursts warm-up files sawtooth burst rising-sawtooth start-up filled; do
	check "$course: no note" [ "$("$TOOL" check --max-growth=5000 $course.rec 2>&1 | grep -c note:)" = 0 ]
done
site bursts grow bursts 'growth: bursts: at least [56] times up to 1,000 and back to 10' '.times >= 5'
site warm-up grow plateau 'growth: a plateau since [0-3].[0-9] s, (between|slowly up from) (9[0-9]+|1,0[0-9]+) (and|to) 1,0[0-9]+'
site sawtooth grow sawtooth 'growth: a sawtooth: at least [56] times' '.times >= 5'
site rising-sawtooth grow leak 'growth: a leak \(or a start-up\), \+[23][0-9][0-9] a second'
finish
