#!/bin/bash
# SPDX-License-Identifier: MIT
# report --merge: recordings of one program from several folders as one, by names where there are any,
# whatever the addresses and builds, and a thousand of them quickly and in little memory.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

cat >leak.c <<'END'
#include <stdlib.h>
#include <sys/mman.h>
__attribute__((noinline)) static void leak(char *p, int n)
{
	for (int i = 0; i < n; i++)
		mprotect(p + (2 * i + 1) * 4096L, 4096, PROT_NONE);
}
__attribute__((noinline)) static void keep(void)
{
	mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mmap(0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}
int main(int argc, char **argv)
{
	int n = atoi(argv[1]);
	leak(mmap(0, (2 * n + 2) * 4096L, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), n);
	if (argc > 2)
		keep();
	return 0;
}
END

# record FOLDER PROGRAM ARGUMENTS...
record() {
	local dir=$1
	shift
	mkdir -p "$dir"
	LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:dir=$TMP/$dir "$@" || fail "recorded-$dir"
}

# merged NAME JQ-EXPRESSION WANTED, of merged.json
merged() {
	local got
	got=$(jq -c "$2" merged.json 2>&1)
	[ "$got" = "$3" ] && pass "$1" "$got" || fail "$1" "$got instead of $3"
}
LEAK='.programs[0].sites[] | select(.call == "mprotect")'

# Three machines, one of which has another build; each process has other addresses.
mkdir one two
gcc -g -O1 leak.c -o one/leak && gcc -g -O2 -fno-pie -no-pie leak.c -o two/leak || exit 2
record a one/leak 100
record a one/leak 50 more
record b one/leak 10
record c two/leak 1000
"$TOOL" report --merge --format=json a b c >merged.json 2>err && [ ! -s err ] && pass json || fail json "$(cat err)"
keeps_to schema merged merged.json
merged one-row "[$LEAK] | length" 1
merged in-all "$LEAK | .recordings" 4
merged sum "$LEAK | .live" 2320
merged most "$LEAK | .most" 2000
merged two-builds '.programs[0].builds' 2
merged recordings '[.recordings, .programs[0].recordings, (.programs | length)]' '[4,4,1]'
merged highest '.programs[0].highest | startswith("c/leak.")' true
merged in-one '[.programs[0].sites[] | select(.call == "mmap" and any(.stack[]; .function == "keep"))][0].recordings' 1

"$TOOL" report --merge c b a >text 2>err
check text grep -qE '^vmatrace: 4 recordings of leak, 2 builds$' text
check text-row grep -qE '^ +2,320 +2,320 +4 +2,000  mprotect leak leak.c:[0-9]+|^ +2,320 +2,320 +4 +2,000  mprotect leak$' text
"$TOOL" report --merge a b c >text2
check order cmp text text2
"$TOOL" report --merge a a a b c c >text3
check named-twice cmp text text3

# The same as folded stacks, which flamegraph.pl takes.
for value in live peak; do
	"$TOOL" report --merge --format=folded --value=$value a b c >folded 2>err
	wanted=$(jq "[.programs[].sites[].$value] | add" merged.json)
	perl /usr/share/perl5/Devel/NYTProf/flamegraph.pl --minwidth=0 --countname=maps folded >folded.svg 2>>err
	check folded-$value [ "$(awk '{ sum += $NF } END { print sum }' folded)" = "$wanted" ]
	check folded-$value-quiet [ ! -s err ]
	check folded-$value-drawn grep -q '<title>all ([0-9,]* maps, 100%)</title>' folded.svg
done
check folded-stack grep -qxE 'leak;(.*;)?main;leak;mprotect_\[k\] [0-9]+' folded
"$TOOL" report --merge --format=folded -o /dev/full a 2>err
check folded-full [ $? = 125 ]

# Of few recordings, too, nine in ten have at most what is said, and that is what one of them has.
for n in 1 2 3 10 12; do
	for i in $(seq $n); do
		record few$n one/leak $((i * 100))
	done
	"$TOOL" report --merge --format=json few$n >merged.json
	"$TOOL" report --format=json few$n >each.json
	for what in maps.now:maps maps.peak:peak; do
		merged $what-of-$n ".programs[0].${what#*:} | [.median, .p90, .most]" \
			"$(jq -c "[.processes[].${what%:*}] | sort | length as \$n | [(.[(\$n - 1) / 2 | floor] + .[\$n / 2 | floor]) / 2,
				[.[] as \$x | select((map(select(. <= \$x)) | length) * 10 >= 9 * \$n) | \$x][0], .[-1]]" each.json)"
	done
	"$TOOL" report --merge few$n >text
	check text-of-$n grep -qE "^  peak .* 90 % have up to $(jq .programs[0].peak.p90 merged.json | sed -E 's/(...)$/,\1/;s/^,//'), " text
done

# Without symbols: the same build has the same offsets, another build is another row.
strip -o one/bare one/leak && strip -o two/bare two/leak
record bare one/bare 100
record bare one/bare 50
record bare two/bare 1000
"$TOOL" report --merge --format=json bare >merged.json
keeps_to bare-schema merged merged.json
merged bare-rows "[$LEAK | .recordings] | sort" '[1,2]'
merged bare-sum "[$LEAK | .live] | add" 2300

# Several programs: the one with most maps, and the others in a line.
"$TOOL" report --merge a bare >text
check others grep -qE 'other +2 recordings of leak, peak [0-9,]+ \(--program=leak\)' text
"$TOOL" report --merge --program=leak a bare >text
check program grep -q '^vmatrace: 2 recordings of leak, 1 build$' text

# Damaged and foreign files are named and counted; the rest is told.
mkdir bad && cp a/*.vmt bad && head -c 3000 "$(echo b/*.vmt)" >bad/short.vmt
"$TOOL" report --merge bad >text 2>err
check bad-status [ $? = 2 ]
check bad-named grep -q 'bad/short.vmt is not a readable recording' err
check bad-counted grep -q '1 recordings could not be read' text
check bad-rest grep -q '^vmatrace: 2 recordings of leak' text

# Any byte may be damaged, and any name may be hostile.
cc -D_GNU_SOURCE -I"$ROOT/preload" "$ROOT/tests/cli/make_hostile.c" -o make_hostile || exit 2
mkdir hostile && ./make_hostile hostile/one.vmt 4194999
crashes=0
for i in $(seq 0 3 60); do
	cp hostile/one.vmt hostile/two.vmt
	printf '\377' | dd of=hostile/two.vmt bs=1 seek=$((i * 37 % 1024 + i / 30 * 4096)) conv=notrunc 2>/dev/null
	for format in text json folded; do
		timeout 20 "$TOOL" report --merge --format=$format hostile >hostile.$format 2>/dev/null
		status=$?
		[ $status = 0 ] || [ $status = 2 ] || crashes=$((crashes + 1))
	done
done
check damaged [ $crashes = 0 ]
"$TOOL" report --merge --format=json hostile/one.vmt >merged.json
keeps_to hostile-schema merged merged.json
"$TOOL" report --merge --format=folded hostile/one.vmt >folded
check hostile-folded sh -c "[ -s folded ] && ! grep -qvE '^[^;]+(;[^;]+)+ [0-9]+$' folded && ! LC_ALL=C grep -q '[[:cntrl:]]' folded"
"$TOOL" report --merge hostile/one.vmt >text
check hostile-text sh -c "[ -s text ] && ! LC_ALL=C grep -q '[[:cntrl:]]' text"

refused() {
	local name=$1 text=$2 status
	shift 2
	"$TOOL" report "$@" >out 2>err
	status=$?
	[ $status = 2 ] && grep -qF -- "$text" err && [ ! -s out ] && pass "$name" || fail "$name" "status $status: $(cat err)"
}
refused no-program "no recording is of a program named cat" --merge --program=cat a
refused no-merge "--program needs --merge" --program=leak a
for format in html pprof speedscope chrome openmetrics csv; do
	refused format-$format "--merge writes text, json or folded, not other formats" --merge --format=$format a
done
refused value "--merge counts live or peak, not created" --merge --format=folded --value=created a
refused nothing "no recording given" --merge
refused empty "holds no recordings" --merge one
refused output "No such file or directory" --merge --output=nowhere/x a

# A thousand recordings. All of them open at once would need 1.7 GB of addresses.
record large "$TARGETS/guard_pages"
mkdir thousand
for ((i = 0; i < 1000; i++)); do
	ln "$(ls large/guard_pages.*.vmt)" "thousand/machine-$i.vmt"
done
began=$(date +%s%N)
(ulimit -v 400000 && "$TOOL" report --merge --format=json thousand) >merged.json 2>err
took=$((($(date +%s%N) - began) / 1000000))
[ $took -lt 10000 ] && pass thousand-time "$took ms" || fail thousand-time "$took ms"
merged thousand '.programs[0].recordings' 1000
merged thousand-in '.programs[0].sites[0].recordings' 1000
check silent-below-two-seconds sh -c "[ $took -ge 2000 ] || [ ! -s err ]"

# Each file takes 10 ms to open: three seconds.
mkdir slow && for ((i = 0; i < 300; i++)); do ln "thousand/machine-$i.vmt" slow; done
strace -qq -o /dev/null -e trace=openat -e inject=openat:delay_enter=10000 \
	"$TOOL" report --merge slow >text 2>err
check progress grep -qE '^vmatrace: [0-9]+ of 300 recordings$' err
finish
