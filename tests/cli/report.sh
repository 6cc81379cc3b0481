#!/bin/sh
# SPDX-License-Identifier: MIT
# vmatrace report: names and lines, JSON, bad recordings, bad usage.
. "$(dirname "$0")/common.sh"

# Where the header's table of sections is.
cat >offset.c <<'END'
#include "core/recording/record.h"
#include <stdio.h>
int main(void)
{
	return printf("%zu %d\n", offsetof(struct vmt_rec_header, section), VMT_SECTION_COUNT) < 0;
}
END
$CC -I"$core" offset.c -o offset && read -r header_sections section_count <<END
$(./offset)
END

line_of() { grep -n "LINE-$1 " "$here/make_recording.c" | cut -d: -f1; }
json() { "$VMATRACE" report --format=json "$@"; }

./make_recording a.vmt 2 || exit 2
check "text report" status 0 "$VMATRACE" report a.vmt
check "file and line of a call" has out "compare .*make_recording.c:$(line_of COMPARE) "
check "an inlined function has its own name" has out "inlined .*make_recording.c:$(line_of INLINED) "
check "the caller through libc" has out "sort .*make_recording.c:$(line_of SORT) "
check "nothing below main" sh -c '! grep -q _start out'
check "summary is the last line" sh -c 'tail -1 out | grep -q "^SUMMARY: vmatrace: +2 maps at 2"'
check "80 columns" sh -c '! grep -E "^.{81}" out'
check "verbose shows _start" sh -c '"$1" report -v a.vmt | grep -q "_start (make_rec"' - "$VMATRACE"

json a.vmt >a.json
check "schema" [ "$(jq -r .schema a.json)" = vmatrace.report/1 ]
check "sum of live is now" [ "$(jq '.processes[0]|([.sites[].live]|add)==.maps.now' a.json)" = true ]
check "sum of net is the growth" [ \
	"$(jq '.processes[0]|([.sites[].net]|add)==.maps.now-.maps.start' a.json)" = true ]
check "pseudo-sites" [ "$(jq -c '[.processes[0].sites[:2][]|.kind,.call,.stack]' a.json)" = \
	'["startup","none",[],"unseen","none",[]]' ]
check "function in JSON" [ "$(jq -r '.processes[0].sites[2].stack[0].function' a.json)" = compare ]
check "line in JSON" [ "$(jq '.processes[0].sites[2].stack[0].line' a.json)" = "$(line_of COMPARE)" ]
check "build-id in JSON" [ "$(jq -r '.processes[0].sites[2].stack[0].build_id' a.json)" = \
	"$(readelf -n make_recording | sed -n 's/.*Build ID: //p')" ]

check "by descriptor" sh -c '"$1" report --fd=7 7<a.vmt | grep -q SUMMARY' - "$VMATRACE"
check "output file" status 0 "$VMATRACE" report -o out.txt a.vmt
check "…is written" has out.txt SUMMARY
mkdir dir && cp a.vmt dir/a.1.vmt && cp a.vmt dir/b.2.vmt && : >dir/other
check "a directory" [ "$(json dir | jq '.processes|length')" = 2 ]

# Another program is at the recorded path: its names would be wrong.
cp make_recording keep && $CC -D_GNU_SOURCE -O0 -I"$core" "$here/make_recording.c" -o make_recording
check "no names from another build" sh -c '"$1" report a.vmt | grep -q "(make_recording+0x"' - "$VMATRACE"
mkdir symbols && cp keep symbols/make_recording
check "names from --symbols" sh -c '"$1" report --symbols symbols a.vmt | grep -q " compare "' - "$VMATRACE"
mv keep make_recording

printf 'no recording' >bad.vmt
check "bad file" status 2 "$VMATRACE" report bad.vmt
check "…is named" has err "bad.vmt is not a readable recording"
check "empty file" status 2 "$VMATRACE" report dir/other
check "missing file" status 2 "$VMATRACE" report nowhere.vmt
check "good beside bad" status 2 "$VMATRACE" report bad.vmt a.vmt
check "…is still shown" has out SUMMARY
mkdir empty
check "empty directory" status 2 "$VMATRACE" report empty
check "no argument" status 2 "$VMATRACE" report
check "bad format" status 2 "$VMATRACE" report --format=yaml a.vmt
# Options that a format would ignore
for option in --sort=net --by=site --cut --module=libc --function=main --call=mmap; do
	check "json and $option" status 2 "$VMATRACE" report --format=json $option a.vmt
	check "merge and $option" status 2 "$VMATRACE" report --merge $option a.vmt
done
check "bad number" status 2 "$VMATRACE" report --top=-1 a.vmt
check "help" status 0 "$VMATRACE" report --help
check "help COMMAND" status 0 "$VMATRACE" help report
check "…is the command's" has out "^Usage: vmatrace report"
check "help of nothing" status 2 "$VMATRACE" help frobnicate
for wrong in "--format=yaml text" "--sort=size created" "--by=thread function" "--top=0 least" "--depth=0 least"; do
	check "wrong ${wrong% *}" status 2 "$VMATRACE" report ${wrong% *} a.vmt
	check "…says what is right" has err "${wrong#* }"
done
for filter in module=nowhere function=nobody call=mlock; do
	check "--$filter" status 0 "$VMATRACE" report --$filter a.vmt
	check "…that nothing passes is said" has out "no call site has --$filter"
done
check "unknown command" status 2 "$VMATRACE" frobnicate
for format in text json; do
	check "full disk" status 125 "$VMATRACE" report --format=$format -o /dev/full a.vmt
	check "…is called so" has err "No space left on device"
	check "…and the device stays" [ -c /dev/full ]
	check "a file too large" status 125 sh -c 'trap "" XFSZ; ulimit -f 0; exec "$@"' sh "$VMATRACE" report \
		--format=$format -o half a.vmt
	check "…leaves no half of it" [ ! -e half ]
done

# The recording is damaged in many places: a report or a refusal is right, a crash is not.
crashes=0
i=0
while [ $i -lt 120 ]; do
	cp a.vmt damaged.vmt
	printf '\377' | dd of=damaged.vmt bs=1 seek=$((i * 37 % 1024 + i / 30 * 4096)) conv=notrunc 2>/dev/null
	for format in text json; do # the others: export.sh
		timeout 20 "$VMATRACE" report --format=$format damaged.vmt >/dev/null 2>&1
		code=$?
		[ $code = 0 ] || [ $code = 2 ] || { crashes=$((crashes + 1)); echo "  byte $i: $code"; }
	done
	i=$((i + 1))
done
check "damaged recordings" [ $crashes = 0 ]

# hostile WHAT FILE: each command that reads it prints a sentence, and ends with status 2
hostile()
{
	for command in "report" "report --format=json" "top -n 1"; do
		check "$1: $command" status 2 timeout 20 "$VMATRACE" $command "$2"
		check "$1: a sentence" grep -q '^vmatrace: .*[.]$' err
	done
}
# patch FILE OFFSET BYTES: a copy of a.vmt with other bytes
patch() { cp a.vmt "$1" && printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null; }
: >zero.vmt
hostile "no bytes" zero.vmt
mkfifo fifo.vmt
hostile "a FIFO" fifo.vmt
hostile "a device" /dev/null
hostile "an empty directory" empty
truncate -s 10G sparse.vmt
hostile "10 GiB of nothing" sparse.vmt
cp a.vmt sparse2.vmt && truncate -s 10G sparse2.vmt
check "10 GiB behind a recording" status 0 timeout 20 "$VMATRACE" report sparse2.vmt
patch version.vmt 8 '\377'
hostile "another version" version.vmt
has err version
patch endian.vmt 12 '\1\2\3\4'
hostile "the other byte order" endian.vmt
check "…is named" has err "byte order"
truncate -s 10G sparse2.vmt
i=0
while [ $i -lt "$section_count" ]; do
	# The table of sections is at the end of the header: every section claims to be enormous.
	cp sparse2.vmt huge.vmt
	at=$((header_sections + i * 32))
	printf '\0\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0' | dd of=huge.vmt bs=1 seek=$((at + 8)) conv=notrunc 2>/dev/null
	timeout 60 "$VMATRACE" report huge.vmt >/dev/null 2>&1
	code=$?
	check "enormous section $i: $code" [ $code = 0 -o $code = 2 ]
	i=$((i + 1))
done
size=$(stat -c %s a.vmt)
crashes=0
for n in 1 7 8 100 1000 4095 4096 4097 10000 $((size / 3)) $((size / 2)) $((size - 1)); do
	head -c "$n" a.vmt >cut.vmt
	timeout 20 "$VMATRACE" report cut.vmt >out 2>err
	code=$?
	[ $code = 0 ] || [ $code = 2 ] || { crashes=$((crashes + 1)); echo "  $n bytes: $code"; }
	[ $code = 0 ] || grep -q '^vmatrace: cut.vmt .*[.]$' err || crashes=$((crashes + 1))
done
check "recordings cut short" [ $crashes = 0 ]

# Several processes: a tree, and one of them.
./make_recording dir/a.1.vmt 2 4001 && ./make_recording dir/b.2.vmt 9 4002
check "a tree" status 0 "$VMATRACE" report dir
check "…of two" has out "^2 processes"
check "…marks the highest peak" has out "^> *4002 "
check "…which follows" sh -c 'tail -1 out | grep -q "+9 maps"'
# The maps of a fork child are its parent's, unless the child has made more, or came to the limit.
mkdir forked
PEAK=510 ./make_recording forked/a.1.vmt 2 5001
START=505 PEAK=515 ./make_recording forked/a.2.vmt 2 5002 5001 1
START=505 PEAK=515 ./make_recording forked/a.3.vmt 2 5003 5002 2
check "fork children" status 0 "$VMATRACE" report forked
check "…whose maps are their parent's" has out "^> *5001 "
START=505 PEAK=1100 ./make_recording forked/a.2.vmt 2 5002 5001 1
check "a fork child with more of its own" status 0 "$VMATRACE" report forked
check "…is marked" has out "^> *5002 "
START=65000 PEAK=65100 ./make_recording forked/a.2.vmt 2 5002 5001 1
PEAK=65010 ./make_recording forked/a.1.vmt 2 5001
check "a fork child near the limit" status 0 "$VMATRACE" report forked
check "…is marked, too" has out "^> *5002 "
check "--pid" status 0 "$VMATRACE" report --pid=4001 dir
check "…chooses" sh -c 'tail -1 out | grep -q "+2 maps"'
check "--pid of nobody" status 2 "$VMATRACE" report --pid=1 dir
check "running but not traced" status 2 "$VMATRACE" report $$
check "…is told" has err "not traced"
check "no process of that number" status 2 "$VMATRACE" report 999999999

# Maps were given back: who held them at the peak comes first.
PEAK=500 ./make_recording burst.vmt 7
check "a burst: by the peak" sh -c '"$1" report burst.vmt >out && grep -q "^==77==  *peak " out' - "$VMATRACE"
check "…its greatest first" sh -c 'sed -n "/^==77==  *peak /{n;p}" out | grep -q " 503 .*inlined "'
check "…unless another order is asked for" sh -c \
	'"$1" report --sort=live burst.vmt >out && grep -q "^==77==  *live " out' - "$VMATRACE"

# A shell became a program, which started 12 others, one of them with more maps than the rest.
mkdir big
./make_recording big/sh.1.vmt 3 5000 1 1 exec
./make_recording big/program.1.vmt 2 5000 1 2
for n in 10 11 12 13 14 15 16 17 18 19 20 21; do
	./make_recording big/child.$n.vmt 1 50$n 5000 $n
done
./make_recording big/grandchild.vmt 9 5050 5012 50
"$VMATRACE" report big >out
check "a great tree: processes, not programs" has out "^14 processes (15 programs, by exec)"
check "…has few lines" [ "$(sed -n '/^ *pid /,/^$/p' out | wc -l)" = 9 ]
check "…the chosen one" has out "^>    5050 .* exit 0       demo"
check "…and whom it comes from" sh -c 'grep -q "^     5012 .* exit 0     demo" out'
check "…at the peak of all its programs" has out "^     5000 .* 3  exit 0"
check "…and what the others are" has out "^ *and 8 more, peak 1 at most: "
"$VMATRACE" report -v big >out
check "…-v: all of them" [ "$(sed -n '/^ *pid /,/^$/p' out | wc -l)" = 16 ]

./make_recording nine.vmt 9
for by in site line function module call; do
	check "--by=$by" status 0 "$VMATRACE" report --by=$by nine.vmt
done
check "--by=call names its call sites" has out "mmap new  *9 call sites"
"$VMATRACE" report nine.vmt >out
check "a stack for each line of the table" [ "$(grep -c '#0  ' out)" = 2 ]
check "…the first of several" has out "1 of 5 live, the first of 5 stacks on its line"
check "the summary counts the lines" sh -c 'tail -1 out | grep -q " at 2 call sites (peak"'
"$VMATRACE" report --top=1 nine.vmt >out
check "…as does what is not shown" has out 'and 1 more call site, which holds 4 maps (--top=N)'
"$VMATRACE" report --by=function --top=1 nine.vmt >out
check "…functions are functions" has out 'and 1 more function, which holds 4 maps'
check "…and no call sites" sh -c 'tail -1 out | grep -q "maps (peak"'
"$VMATRACE" report --by=site nine.vmt >out
check "--by=site: every stack" [ "$(grep -c '#0  ' out)" = 9 ]
"$VMATRACE" report --by=module nine.vmt >out
check "--by=module" has out " make_recording$"
"$VMATRACE" report --by=function nine.vmt >out
check "--by=function" has out " compare$"
for sort in live net peak calls created split; do
	check "--sort=$sort" status 0 "$VMATRACE" report --sort=$sort nine.vmt
done
check "bad --sort" status 2 "$VMATRACE" report --sort=size nine.vmt
check "bad --by" status 2 "$VMATRACE" report --by=size nine.vmt
"$VMATRACE" report --function=comp nine.vmt >out
check "--function" sh -c 'grep -q "compare " out && ! grep -q "inlined " out'
check "…what it leaves out has maps" has out 'and call sites that the filter leaves out, which hold$'
check "…and is not one --top=N would show" sh -c '! grep -q "top=N" out'
"$VMATRACE" report --module=nothing nine.vmt >out
check "--module" sh -c '! grep -q "compare " out'
"$VMATRACE" report --call=munmap nine.vmt >out
check "--call" sh -c '! grep -q "compare " out'
check "--cut" status 0 "$VMATRACE" report --cut nine.vmt
check "frames inside libc are one line" sh -c '
	"$1" report nine.vmt >out; ! grep -q "frames in libc" out || grep -q "\.\.\. [0-9]* frames in libc" out' - "$VMATRACE"
check "80 columns" sh -c '! grep -E "^.{81}" out'
check "top, a line" status 0 "$VMATRACE" top -n 1 nine.vmt
check "…with the maps" has out " 9 maps "
check "manual page" status 0 "$VMATRACE" report --help=man
check "…is roff" has out '^.TH "VMATRACE-REPORT" 1'

./make_recording many.vmt 1000
start=$(date +%s%N)
"$VMATRACE" report --top=1000 many.vmt >/dev/null
echo "1,000 call sites with symbols: $((($(date +%s%N) - start) / 1000000)) ms"
finish
