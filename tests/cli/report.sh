#!/bin/sh
# SPDX-License-Identifier: MIT
# vmatrace report: names and lines, JSON, bad recordings, bad usage.
. "$(dirname "$0")/common.sh"

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

# Another program at the recorded path: its names would be lies.
cp make_recording keep && $CC -D_GNU_SOURCE -O0 -I"$core" "$here/make_recording.c" -o make_recording
check "no names from another build" sh -c '"$1" report a.vmt | grep -q "(make_recording+0x"' - "$VMATRACE"
mkdir symbols && cp keep symbols/make_recording
check "names from --symbols" sh -c '"$1" report --symbols symbols a.vmt | grep -q " compare "' - "$VMATRACE"
mv keep make_recording

printf 'no recording' >bad.vmt
check "bad file" status 2 "$VMATRACE" report bad.vmt
check "…is named" has err "bad.vmt is no readable recording"
check "empty file" status 2 "$VMATRACE" report dir/other
check "missing file" status 2 "$VMATRACE" report nowhere.vmt
check "good beside bad" status 2 "$VMATRACE" report bad.vmt a.vmt
check "…is still shown" has out SUMMARY
mkdir empty
check "empty directory" status 2 "$VMATRACE" report empty
check "no argument" status 2 "$VMATRACE" report
check "bad format" status 2 "$VMATRACE" report --format=yaml a.vmt
check "bad number" status 2 "$VMATRACE" report --top=-1 a.vmt
check "help" status 0 "$VMATRACE" report --help
check "unknown command" status 2 "$VMATRACE" frobnicate
check "full disk" status 125 "$VMATRACE" report -o /dev/full a.vmt

# Damaged in many places: any report or refusal will do, a crash will not.
crashes=0
i=0
while [ $i -lt 120 ]; do
	cp a.vmt damaged.vmt
	printf '\377' | dd of=damaged.vmt bs=1 seek=$((i * 37 % 1024 + i / 30 * 4096)) conv=notrunc 2>/dev/null
	for format in text json; do
		timeout 20 "$VMATRACE" report --format=$format damaged.vmt >/dev/null 2>&1
		code=$?
		[ $code = 0 ] || [ $code = 2 ] || { crashes=$((crashes + 1)); echo "  byte $i: $code"; }
	done
	i=$((i + 1))
done
check "damaged recordings" [ $crashes = 0 ]

./make_recording many.vmt 1000
start=$(date +%s%N)
"$VMATRACE" report --top=1000 many.vmt >/dev/null
echo "1,000 call sites with symbols: $((($(date +%s%N) - start) / 1000000)) ms"
finish
