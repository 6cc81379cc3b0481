#!/bin/bash
# SPDX-License-Identifier: MIT
# What vmatrace diff says of programs as a whole: growth and peaks, and names that are not text. Call
# sites are tested in check.sh.
. "$(dirname "$0")/../lib.sh"
WORK=$TMP
. "$(dirname "$0")/check_common.sh"
cd "$TMP" || exit 2

# A burst is over at the end: only the peaks tell the runs apart. Names are bytes of any kind.
name=$'burst\377\376'
cat >burst.c <<'EOF'
#include <stdlib.h>
#include <sys/mman.h>
int main(int argc, char **argv)
{
	int n = atoi(argv[argc - 1]);
	void *page[500];

	for (int i = 0; i < n; i++)
		page[i] = mmap(0, 4096, i & 1 ? PROT_READ : PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < n; i++)
		munmap(page[i], 4096);
	return 0;
}
EOF
${CC:-cc} -g burst.c -o "$name" || exit 2
"$TOOL" run --report=none -o burst.before -- "./$name" 100
"$TOOL" run --report=none -o burst.after -- "./$name" 400
status diff-peaks 0 "$TOOL" diff burst.before burst.after
has diff-peaks-said out '^ *[+-][0-9] +[0-9]+ +[0-9]+ +\+(299|30[01]) +1[0-9]+ +4[0-9]+  burst\?\?$'
has diff-peaks-summed out '^SUMMARY: vmatrace: [+-]?[0-9] maps?, [0-9] call sites? changed; the highest peak \+(299|30[01])$'
check diff-readable sh -c '! LC_ALL=C grep -q "[^ -~]" out'
# A baseline knows no peaks.
cp "$name" burst
"$TOOL" run --report=none -o plain.rec -- ./burst 100
"$TOOL" check --save=burst.json plain.rec
status diff-no-peak 0 "$TOOL" diff burst.json plain.rec
check diff-no-peak-said [ "$(head -n 1 out | cut -c1-8)" = SUMMARY: ]
# Two versions of a program that are called differently are compared, if there is nothing else.
cat >grown.c <<'EOF'
#include <stdlib.h>
#include <sys/mman.h>
int main(int argc, char **argv)
{
	for (int i = 0; i < atoi(argv[argc - 1]); i++)
		mmap(0, 4096, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return 0;
}
EOF
${CC:-cc} -g grown.c -o grown_v1 && cp grown_v1 grown_v2 || exit 2
"$TOOL" run --report=none -o v1.rec -- ./grown_v1 100
"$TOOL" run --report=none -o v2.rec -- ./grown_v2 300
status diff-versions 0 "$TOOL" diff v1.rec v2.rec
has diff-versions-told err '^vmatrace: grown_v1 of the first run is compared with grown_v2 of the second\.$'
has diff-versions-grown out '^ +[+]200 +100 +300  mmap  grown_v2, grown$'
"$TOOL" check --save=v1.json v1.rec
status diff-versions-baseline 0 "$TOOL" diff v1.json v2.rec
has diff-versions-baseline-grown out '^ +[+]200 +100 +300  mmap  grown_v2, grown$'
# Lines were added above the call: both places are told, and one that did not move is told once.
mkdir moved && { printf '// a\n// comment\n'; cat grown.c; } >moved/grown.c
(cd moved && ${CC:-cc} -g grown.c -o ../grown_v3) || exit 2
"$TOOL" run --report=none -o v3.rec -- ./grown_v3 300
status diff-moved 0 "$TOOL" diff v1.rec v3.rec
has diff-moved-both out '^ +at (moved/)?grown\.c:8 \(before: ((moved/)?grown\.c:|line )6\)$'
status diff-not-moved 0 "$TOOL" diff v1.rec v2.rec
has diff-not-moved-once out '^ +at grown\.c:6$'
# With several programs nobody knows which are meant.
mkdir several && cp v1.rec/* plain.rec/* several
status diff-several 0 "$TOOL" diff several v2.rec
has diff-several-added out 'grown_v2, added$'
# A check that has other limits passes at the map limit, and says that it was reached.
"$TOOL" run --report=none -o limit.rec -- "$TARGETS/causes" read-chunks 70000 >/dev/null 2>&1
status check-at-limit 0 "$TOOL" check --max-peak=70000 limit.rec
has check-at-limit-told err '^vmatrace: causes reached vm.max_map_count \([0-9,]+\) with [0-9,]+ maps, and calls that needed one more failed\.$'
status check-far-from-limit 0 "$TOOL" check --max-peak=70000 burst.after
check check-far-from-limit-silent sh -c '! grep -q max_map_count err'
finish
