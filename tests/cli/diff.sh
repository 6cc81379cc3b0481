#!/bin/bash
# SPDX-License-Identifier: MIT
# What vmatrace diff says of programs as a whole: growth and peaks, names that are not text, and which
# file lacks names. Call sites are tested in check.sh.
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
has diff-peaks-way err 'the peaks differ by more than the ends: vmatrace diff --peak'
status diff-at-peak 0 "$TOOL" diff --peak burst.before burst.after
has diff-at-peak-site out '^ +\+(299|30[01]) +1[0-9]{2} +4[0-9]{2}  mmap  burst.*, grown$'
has diff-at-peak-summed out '^SUMMARY: vmatrace: \+(299|30[01]) maps, [0-9] call sites? changed at the peak$'
check diff-at-peak-quiet sh -c '! grep -q "peaks differ" err'
"$TOOL" diff --peak -f json burst.before burst.after >peak.json
keeps_to diff-at-peak-schema diff peak.json
check diff-at-peak-json jq -e '.at_peak and .change > 298 and .sites[0].after > 399' peak.json
status diff-peak-of-phase 2 "$TOOL" diff --peak --from=a burst.before burst.after
check diff-readable sh -c '! LC_ALL=C grep -q "[^ -~]" out'
# A baseline knows no peaks.
cp "$name" burst
"$TOOL" run --report=none -o plain.rec -- ./burst 100
"$TOOL" check --save=burst.json plain.rec
status diff-no-peak 0 "$TOOL" diff burst.json plain.rec
check diff-no-peak-said [ "$(head -n 1 out | cut -c1-8)" = SUMMARY: ]
status diff-no-peak-option 2 "$TOOL" diff --peak burst.json plain.rec
has diff-no-peak-option-said err '[-][-]peak needs recordings, not the baseline burst.json'
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
# The code around destructors has symbols without a size, as much of assembly has: they reach up to the
# next one, and a file that has them is not stripped.
cat >sized.c <<'EOF'
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#define NOINLINE __attribute__((noinline))
int grow(int i);
#ifdef LIBRARY
static char *kept[400];
static void drop(void)
{
	for (int i = 0; i < 400 && kept[i]; i++)
		munmap(kept[i], 8192);
}
__attribute__((constructor)) static void start(void)
{
	atexit(drop);
}
NOINLINE static char *take(int i)
{
	return kept[i] = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
NOINLINE static int guard(int i)
{
	return mprotect(kept[i], 4096, PROT_NONE) != 0;
}
int grow(int i)
{
	return !take(i) + guard(i);
}
__asm__(".size take, 0");
#else
NOINLINE static int fill(int n)
{
	int failed = 0;

	for (int i = 0; i < n; i++)
		failed += grow(i);
	return failed;
}
int main(int argc, char **argv)
{
	int failed = fill(argc > 1 ? atoi(argv[1]) : 200);

	if (argc > 2)
		_exit(failed);
	return failed;
}
#endif
EOF
${CC:-cc} -g -O1 -fno-toplevel-reorder -fno-optimize-sibling-calls -shared -fPIC -Wl,--build-id -DLIBRARY \
	sized.c -o libsized.so || exit 2
${CC:-cc} -g -O1 -Wl,--build-id sized.c -o sized -L. -lsized -Wl,-rpath,"$TMP" || exit 2
check sized-has-none sh -c 'readelf -sW libsized.so | grep -qE " 0 FUNC +LOCAL .* take$"'
frames() { "$TOOL" report --format=json "$1" | jq -r '.processes[].sites[].stack[].function // "none"' | sort -u; }
"$TOOL" run --report=none -o sized.end -- ./sized
"$TOOL" run --report=none -o sized.early -- ./sized 200 early
"$TOOL" run --report=none -o sized.more -- ./sized 300
"$TOOL" report sized.end >out 2>err
check sized-not-stripped sh -c '! grep " names  " out'
frames sized.end >sized.names
check sized-dtors grep -qx __do_global_dtors_aux sized.names
check sized-take grep -qx take sized.names
check sized-next grep -qx guard sized.names
status sized-diff 0 "$TOOL" diff sized.early sized.more
check sized-diff-no-note sh -c '! grep "have no name" err'
# Without debug information only the symbols tell; without those of static functions they do not.
mkdir whole && mv libsized.so whole/
strip -g -o libsized.so whole/libsized.so
"$TOOL" run --report=none -o sized.lineless -- ./sized
frames sized.lineless >sized.names
check sized-take-by-symbol grep -qx take sized.names
check sized-next-by-symbol grep -qx guard sized.names
strip -g -x -o libsized.so whole/libsized.so
"$TOOL" run --report=none -o sized.global -- ./sized
"$TOOL" report sized.global >out 2>err
has sized-global-told out ' names +libsized.so is stripped'
frames sized.global >sized.names
check sized-global sh -c '! grep -E "take|guard|drop|_init" sized.names'
# What is missing is told of the file that lacks it, which need not be the program.
"$TOOL" check --save=sized.json sized.early 2>/dev/null
strip -o libsized.so whole/libsized.so
"$TOOL" run --report=none -o sized.stripped -- ./sized 300 early
rm -r whole
status sized-stripped 0 "$TOOL" diff sized.json sized.stripped
has sized-stripped-said err 'frames of libsized.so have no name .stripped'
status sized-saved 0 "$TOOL" check --save=sized.nameless.json -- ./sized 300 early
has sized-saved-said err 'frames of libsized.so have no name .stripped'
status sized-green 0 "$TOOL" check --baseline=sized.nameless.json -- ./sized 300 early
has sized-green-said err 'frames of libsized.so have no name .stripped'
status sized-check 23 "$TOOL" check --baseline=sized.json -- ./sized 300 early
has sized-check-said err 'frames of libsized.so have no name .stripped'
# Two allocators that one program is run with: their call sites are compared, not listed as gone and added.
cat >arena.c <<'EOF'
#define _GNU_SOURCE
#include <stddef.h>
#include <sys/mman.h>
char *carve(size_t size)
{
	char *at = mmap(0, size + 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
#ifdef GUARD
	mprotect(at, 4096, PROT_NONE);
#endif
	return at + 4096;
}
EOF
printf 'char *carve(unsigned long size);\nint main(void) { for (int i = 0; i < 100; i++) *carve(i) = 1; return 0; }\n' >carves.c
for guard in "" -DGUARD; do
	cc -g -O1 -fPIC -shared $guard arena.c -o libarena$guard.so || exit 2
done
cc -g -O0 carves.c ./libarena.so -o carves || exit 2
"$TOOL" run --report=none -o arena -- ./carves
LD_PRELOAD=./libarena-DGUARD.so "$TOOL" run --report=none -o arena-DGUARD -- ./carves
status arenas 0 "$TOOL" diff arena arena-DGUARD
has arenas-said err '^vmatrace: libarena.so of the first run is compared with libarena-DGUARD.so of the second'
has arenas-guard out '[+]100 +0 +100 +mprotect +carves, added'
check arenas-none-gone sh -c '! grep -q ", gone" out'
finish
