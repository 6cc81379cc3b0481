#!/bin/bash
# SPDX-License-Identifier: MIT
# Calls of malloc and its relatives are counted exactly, whichever allocator comes next: in threads,
# handlers and fork children, before the constructor and after main. The program does not notice,
# and the report says how many maps there are for each live allocation.
. "$(dirname "$0")/../lib.sh"
export EF_DISABLE_BANNER=1 DUMA_DISABLE_BANNER=1

# Print what a jq expression finds in the list of allocators.
figure() {	# DIR EXPRESSION
	jq -r ".processes[0].allocators | $2" "$1/json" 2>/dev/null
}

equal() {	# NAME FOUND WANTED
	if [ "$2" = "$3" ]; then pass "$1" "$2"; else fail "$1" "${2:-nothing}, wanted $3"; fi
}

near() {	# NAME FOUND LOW HIGH
	if awk -v x="$2" -v a="$3" -v b="$4" 'BEGIN { exit !(x != "" && x >= a && x <= b) }'; then
		pass "$1" "$2"
	else
		fail "$1" "${2:-nothing}, wanted $3 to $4"
	fi
}

efence=$(ls /usr/lib/libefence.so.0 /usr/lib/*/libefence.so.0 2>/dev/null | head -1)
duma=$(ls /usr/lib/libduma.so.0 /usr/lib/*/libduma.so.0 2>/dev/null | head -1)
bump=$TARGETS/bump_allocator.so
declare -A after=([glibc]="" [jemalloc]=$(library libjemalloc.so.2)
	[tcmalloc]=$(library libtcmalloc_minimal.so.4) [mimalloc]=$(library libmimalloc.so.2)
	[efence]=$efence [duma]=$duma [bump]=$bump)

# Call every function in 100 rounds, and in 300: the difference is exact, whatever libraries
# allocate when they start. A round has 12 allocations (3 of them in a constructor, an atexit
# handler and a destructor), one more before all constructors where the allocator allows this, 6
# frees, and 2 resizes.
every_function() {	# ALLOCATOR [late]
	local name=$1 late=${2:-} per_round=13 n dir
	[ -z "$late" ] || per_round=12
	if [ "$name" != glibc ] && [ -z "${after[$name]}" ]; then
		fail "counts_$name" "is not installed"
		return
	fi
	for n in 100 300; do
		# shellcheck disable=SC2086
		AFTER=${after[$name]} VERIFY=0 same_and_true "${name}_$n" "$TARGETS/malloc_counts" \
			$n $late
	done
	for dir in "$TMP/${name}_100/traced" "$TMP/${name}_300/traced"; do
		figure "$dir" 'map(.allocations, .frees, .resizes, .bytes) as $all | [range(4) as $i |
			[$all[range($i; $all | length; 4)]] | add] | @tsv' >"$dir/sums"
	done
	equal "counts_$name" "$(paste "$TMP/${name}"_{100,300}/traced/sums |
		awk '{ print $5 - $1, $6 - $2, $7 - $3, $8 - $4 }')" \
		"$((200 * per_round)) 1200 400 $((200 * (3500 + 50 * (per_round - 9))))"
}

guards() {	# ALLOCATOR: two maps for each allocation
	local name=$1
	AFTER=${after[$name]} VERIFY=0 same_and_true "guards_$name" "$TARGETS/efence_1000"
	near "maps_each_$name" "$(figure "$TMP/guards_$name/traced" \
		'max_by(.maps_live).maps_per_allocation')" 1.95 2.05
	equal "no_frame_of_ours_$name" "$(jq '[.processes[0].sites[].stack[].module // "" |
		select(contains("libvmatrace"))] | length' "$TMP/guards_$name/traced/json")" 0
}

# The allocator itself counts its calls, and prints them at the end.
as_it_says() {	# NAME COMMAND...
	local name=$1
	shift
	AFTER=$bump traced "$TMP/$name" "" "$@"
	judge "$TMP/$name"
	equal "$name" "$(figure "$TMP/$name" \
		'.[] | select(.module | endswith("bump_allocator.so")) | "\(.allocations) \(.frees)"')" \
		"$(tail -1 "$TMP/$name/err")"
	[ -z "$PROBLEMS" ] || fail "${name}_maps" "$PROBLEMS"
}

for name in glibc jemalloc tcmalloc mimalloc efence bump; do
	every_function $name
done
every_function duma late
guards efence
guards duma

# Allocators differ in whether realloc(p, 0) frees. The number of live blocks must be right in both
# cases, and products that overflow must count no bytes.
to_nothing() {	# ALLOCATOR
	local name=$1 n
	for n in 100 300; do
		AFTER=${after[$name]} traced "$TMP/zero_${name}_$n" report=0 "$TARGETS/malloc_zero" $n
		summarise "$TMP/zero_${name}_$n"
		figure "$TMP/zero_${name}_$n" '"\(map(.live) | add) \(map(.bytes) | add)"' \
			>"$TMP/zero_${name}_$n/sums"
	done
	equal "to_nothing_$name" "$(paste "$TMP"/zero_${name}_{100,300}/sums |
		awk '{ print $3 - $1, $4 - $2 }')" \
		"$(paste "$TMP"/zero_${name}_{100,300}/out | awk '{ print 200 + $2 - $1 }') 1600"
}

for name in glibc jemalloc tcmalloc mimalloc; do
	to_nothing $name
done

as_it_says threads_one_after_another "$TARGETS/malloc_many_threads" 3000 1
# If all of them wait for one that the machine does not run, some find no slot (deferred.h): these calls are
# lost, and the table is read anew.
ALLOW="lost relearned" as_it_says more_threads_than_blocks "$TARGETS/malloc_many_threads" 1500 1500 1000
as_it_says in_a_signal_handler "$TARGETS/malloc_in_handler"
equal in_a_handler_twice "$(figure "$TMP/in_a_signal_handler" \
	'.[] | select(.module | endswith("bump_allocator.so")) | .frees')" \
	"$(cat "$TMP/in_a_signal_handler/out")"

# The library writes addresses into its own code when they become known; otherwise the code works,
# but is slower. Both functions must begin with the completed load, and leave by a direct jump.
entries=$(LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0 /usr/bin/python3 -c 'import ctypes
for name in "malloc", "free":
    entry = ctypes.cast(getattr(ctypes.CDLL("'"$LIB"'"), name), ctypes.c_void_p).value
    code = ctypes.string_at(entry, 37).hex()
    print(code[:8], code[len(code) - 10 if name == "free" else 42:][:2])' )
equal entries_are_complete "$(echo $entries)" "64488b04 e9 64488b04 e9"

# A child has its parent's allocations, but counts of its own.
VERIFY=0 same_and_true fork "$TARGETS/malloc_child"
equal fork_parent "$(figure "$TMP/fork/traced" '.[0] | "\(.allocations) \(.frees) \(.live)"')" \
	"1000 100 900"
equal fork_child "$(jq -r '.processes[1].allocators[0] |
	"\(.live) \(.inherited + .allocations - .frees)"' "$TMP/fork/traced/json")" "300 300"

# A malloc that stands before ours: its maps are reported, its calls are not known.
VERIFY=0 same_and_true own_malloc "$TARGETS/malloc_own" 500
equal own_malloc_seen "$(figure "$TMP/own_malloc/traced" \
	'.[] | "\(.module | split("/") | last) \(.allocations) \(.maps_live | . >= 998 and . <= 1000)"')" \
	"malloc_own null true"	# the first or last may touch a map that was there
mkdir -p "$TMP/first/rec"
LD_PRELOAD="${after[jemalloc]} $LIB" VMATRACE_OPTIONS="dir=$TMP/first/rec:report=0" \
	"$TARGETS/efence_1000" >/dev/null
summarise "$TMP/first"
equal preloaded_first "$(figure "$TMP/first" \
	'.[] | select(.module | contains("jemalloc")) | .allocations')" null

traced "$TMP/off" malloc=0 "$TARGETS/efence_1000"
judge "$TMP/off"
equal malloc_0 "$(figure "$TMP/off" .)$PROBLEMS" null

# The recording of a killed program may lack a few allocations.
AFTER=$efence traced "$TMP/killed" report=0 "$TARGETS/malloc_killed" 1000
summarise "$TMP/killed"
near killed "$(figure "$TMP/killed" 'max_by(.maps_live).maps_per_allocation')" 1.9 2.1

# AddressSanitizer must find the same errors at the same places.
if [ -x "$TARGETS/use_after_free" ]; then
	export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
	plain "$TMP/asan/plain" "$TARGETS/use_after_free"
	traced "$TMP/asan/traced" report=0 "$TARGETS/use_after_free"
	unset ASAN_OPTIONS
	for run in plain traced; do
		grep -aoE 'heap-use-after-free|#[0-9]+ 0x[0-9a-f]+ in .*' "$TMP/asan/$run/err" |
			sed -E 's/0x[0-9a-f]+|\(.*//g' >"$TMP/asan/$run/found"
	done
	if [ -s "$TMP/asan/plain/found" ] &&
		cmp -s "$TMP/asan/plain/found" "$TMP/asan/traced/found"; then
		pass address_sanitizer "$(wc -l <"$TMP/asan/traced/found") lines alike"
	else
		fail address_sanitizer "$(diff "$TMP/asan/plain/found" "$TMP/asan/traced/found" |
			head -3 | tr '\n' ' ')"
	fi
fi

# A module uses its own malloc before others (RTLD_DEEPBIND); and C++ under each allocator.
VERIFY=0 same_and_true deepbind /usr/bin/python3 -c "import ctypes, os
own = ctypes.CDLL('$bump', mode=os.RTLD_DEEPBIND | os.RTLD_NOW)
print(own.malloc(10) != 0, own.free(None))"
for name in jemalloc tcmalloc mimalloc; do
	SAME="out status" AFTER=${after[$name]} VERIFY=0 same_and_true "cxx_$name" \
		node -e 'console.log(JSON.stringify([...Array(9999).keys()]).length)'
done

# scripts/allocators.sh, which compares allocators.
"$ROOT/scripts/allocators.sh" "$TARGETS/efence_1000" >"$TMP/table"
equal table_lines "$(wc -l <"$TMP/table")" 7
equal table_verdicts "$(grep -cE 'maps, the fewest|2\.0 maps an allocation: 32[67][0-9][0-9] reach' \
	"$TMP/table")" "$(grep -cE '^(own|jemalloc|tcmalloc|mimalloc|efence|duma) ' "$TMP/table")"
# scripts/allocators.sh with a library of the user's own; it must measure the program, not the env
# that starts it, and show its progress.
"$ROOT/scripts/allocators.sh" --only=own --with="$bump" "$TARGETS/efence_1000" >"$TMP/table" 2>"$TMP/doing"
equal table_of_own_library "$(awk '/^own|^bump/ { print $1, $2 }' "$TMP/table" | wc -l)" 2
equal table_tells_what_it_does "$(cut -d' ' -f2- "$TMP/doing" | tr '\n' ';')" "(1 of 2)…;(2 of 2)…;"
"$ROOT/scripts/allocators.sh" --only=own,"$bump" env A=1 "$TARGETS/efence_1000" >"$TMP/same" 2>/dev/null
equal table_without_env "$(awk '{ print $2, $3, $4 }' "$TMP/same")" "$(awk '{ print $2, $3, $4 }' "$TMP/table")"
# --only= may call it by the name that the table gives it.
"$ROOT/scripts/allocators.sh" --only="${bump##*/}" --with="$bump" true >"$TMP/table" 2>/dev/null
equal table_by_name "$? $(awk 'NR > 1 { print $1 }' "$TMP/table")" "0 ${bump##*/}"
"$ROOT/scripts/allocators.sh" --only="$bump" --with="$bump" true >"$TMP/table" 2>/dev/null
equal table_by_file "$? $(awk 'NR > 1 { print $1 }' "$TMP/table")" "0 ${bump##*/}"
# What functions of the allocator do that end in a jump to the system call is done inside it as well.
cat >"$TMP/jumps.c" <<'END'
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#define SIZE 65536ul /* of every block; what is freed becomes a hole */
void *malloc(size_t n)
{
	static char *next, *end;

	if (n > SIZE)
		return NULL;
	if (next == end) {
		next = mmap(NULL, 64 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		end = next + 64 * SIZE;
	}
	next += SIZE;
	return next - SIZE;
}
void free(void *p)
{
	if (p)
		munmap(p, SIZE);
}
void *calloc(size_t n, size_t size) { return malloc(n * size); }
void *realloc(void *old, size_t n)
{
	void *p = malloc(n);

	return old && p ? memcpy(p, old, n) : p;
}
END
cat >"$TMP/holes.c" <<'END'
#include <stdlib.h>
#include <unistd.h>
int main(void)
{
	static char *volatile block[200];

	for (int i = 0; i < 200; i++)
		block[i] = malloc(100);
	for (int i = 1; i < 200; i += 2)
		free(block[i]);
	if (getenv("CRASH"))
		*(volatile char *)block[1] = 1;
	_exit(0);
}
END
${CC:-cc} -O2 -fno-builtin -fPIC -shared "$TMP/jumps.c" -o "$TMP/jumps.so" || exit 2
${CC:-cc} -O2 "$TMP/holes.c" -o "$TMP/holes" || exit 2
"$ROOT/scripts/allocators.sh" --only="$TMP/jumps.so" "$TMP/holes" >"$TMP/table" 2>/dev/null
near table_inside_by_jump "$(awk '/^jumps/ { print $5 }' "$TMP/table")" 99 106
near table_splits_by_jump "$(awk '/^jumps/ { print $8 }' "$TMP/table")" 99 101
# C++ reaches free by two or three functions of its library that jump as well, and so may the program's own.
cat >"$TMP/delete.cc" <<'END'
#include <unistd.h>
__attribute__((noinline)) static void drop(char *p) { delete[] p; }
int main(int argc, char **)
{
	static char *volatile block[200];

	for (int i = 0; i < 200; i++)
		block[i] = new char[100];
	for (int i = 1; i < 200; i += 2) {
		if (argc > 1)
			drop(block[i]);
		else
			delete[] block[i];
	}
	_exit(0);
}
END
${CXX:-c++} -O2 "$TMP/delete.cc" -o "$TMP/delete" || exit 2
for drop in "" drop; do
	# shellcheck disable=SC2086
	"$ROOT/scripts/allocators.sh" --only="$TMP/jumps.so" "$TMP/delete" $drop >"$TMP/table" 2>/dev/null
	near "table_inside_by_delete_$drop" "$(awk '/^jumps/ { print $5 }' "$TMP/table")" 99 106
done
# A call of free through a pointer does not tell what it called.
sed 's/free(block/(*release)(block/; s/^int main/static void (*volatile release)(void *) = free;\n&/' "$TMP/holes.c" \
	>"$TMP/pointer.c"
${CC:-cc} -O2 "$TMP/pointer.c" -o "$TMP/pointer" || exit 2
"$ROOT/scripts/allocators.sh" --only="$TMP/jumps.so" "$TMP/pointer" >"$TMP/table" 2>/dev/null
near table_inside_by_pointer "$(awk '/^jumps/ { print $5 }' "$TMP/table")" 99 106
near table_splits_by_pointer "$(awk '/^jumps/ { print $8 }' "$TMP/table")" 99 101
# What new made is not known where the allocator defines it: one block of malloc says nothing about its maps.
if [ -e "$(library libjemalloc.so.2)" ]; then
	"$ROOT/scripts/allocators.sh" --only=own,jemalloc "$TMP/delete" >"$TMP/table" 2>/dev/null
	equal table_without_new "$(awk '/^jemalloc/ { print $6, $7 }' "$TMP/table")" "- -"
	near table_with_new "$(awk '/^own/ { print $6 }' "$TMP/table")" 1 250
fi
CRASH=1 "$ROOT/scripts/allocators.sh" --only="$TMP/jumps.so" "$TMP/holes" >"$TMP/table" 2>/dev/null
equal table_killed "$(grep -c 'killed by SIGSEGV$' "$TMP/table")" 1
# Blocks of different sizes: what is left at the end tells nothing about the many that there were before.
cat >"$TMP/sizes.c" <<'END'
#include <stdlib.h>
#include <string.h>
int main(void)
{
	enum { SMALL = 300000, LARGE = 400 };
	static char *small[SMALL], *large[LARGE];

	for (int i = 0; i < SMALL; i++)
		memset(small[i] = malloc(100), 1, 100);
	for (int i = 0; i < SMALL; i++)
		free(small[i]);
	for (int i = 0; i < LARGE; i++)
		memset(large[i] = malloc(200000), 1, 10);
	for (int i = 0; i < LARGE; i += 2)
		free(large[i]);
	return 0;
}
END
${CC:-cc} -O1 -fno-builtin "$TMP/sizes.c" -o "$TMP/sizes" || exit 2
"$ROOT/scripts/allocators.sh" --only=own "$TMP/sizes" >"$TMP/table" 2>/dev/null
equal table_of_sizes "$(awk '/^own/ { print ($4 - $2 > 50) }' "$TMP/table") $(grep -oE '\+[0-9]+ maps, the fewest' \
	"$TMP/table" | wc -l) $(grep -c 'an allocation' "$TMP/table")" "1 1 0"
near table_most_live "$(awk '/^own/ { print $6 }' "$TMP/table")" 290000 300500
# The same with an allocator that never maps memory for small blocks: nobody sees how many were live.
cat >"$TMP/unseen.c" <<'END'
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
static char room[64 << 20]; /* of small blocks, which are never used again */
static size_t used;
void *malloc(size_t n)
{
	char *map;

	n = (n + 15) & -16ul;
	if (n <= 4096)
		return room + (used += n) - n;
	map = mmap(NULL, n + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(map + (n + 4095) / 4096 * 4096, 4096, PROT_NONE);
	return map;
}
void free(void *p)
{
	if (p && ((char *)p < room || (char *)p >= room + sizeof(room)))
		munmap(p, 4096);
}
void *calloc(size_t n, size_t size) { return malloc(n * size); }
void *realloc(void *old, size_t n) { return old ? NULL : malloc(n); }
END
${CC:-cc} -O2 -fno-builtin -fPIC -shared "$TMP/unseen.c" -o "$TMP/unseen.so" || exit 2
"$ROOT/scripts/allocators.sh" --only="$TMP/unseen.so" "$TMP/sizes" >"$TMP/table" 2>/dev/null
near table_of_unseen_maps "$(awk '/^unseen/ { print $5 }' "$TMP/table")" 700 1300
equal table_of_unseen_sizes "$(grep -c 'an allocation' "$TMP/table")" 0
mkdir -p "$TMP/v1" "$TMP/v2"
cp "$bump" "$TMP/v1/bump.so"
cp "$bump" "$TMP/v2/bump.so"
(cd "$TMP" && "$ROOT/scripts/allocators.sh" --only=v1/bump.so,v2/bump.so true) >"$TMP/table" 2>/dev/null
equal table_of_two_versions "$(awk 'NR > 1 { print $1 }' "$TMP/table" | tr '\n' ' ')" "v1/bump.so v2/bump.so "
"$ROOT/scripts/allocators.sh" --only=own,./nothing.so true >"$TMP/table" 2>"$TMP/doing"
equal table_unknown "$? $(wc -c <"$TMP/table") $(cat "$TMP/doing")" \
	"2 0 allocators.sh: ./nothing.so: there is no such library"
# A library whose path LD_PRELOAD would split is loaded, and one that cannot be is no row of figures.
mkdir -p "$TMP/of mine"
cp "$TMP/jumps.so" "$TMP/of mine/a,b: 'c'.so"
: >"$TMP/empty.so"
"$ROOT/scripts/allocators.sh" --only=own --with="$TMP/of mine/a,b: 'c'.so" --with="$TMP/empty.so" "$TMP/holes" \
	>"$TMP/table" 2>/dev/null
equal table_odd_status $? 1
near table_odd_name "$(sed -n "s/^a,b: 'c'.so //p" "$TMP/table" | awk '{ print $4 }')" 99 106
equal table_not_loaded "$(grep '^empty.so' "$TMP/table" | tr -s ' ')" \
	"empty.so cannot be preloaded: is it a library for x86-64?"
for option in --only= --with; do
	"$ROOT/scripts/allocators.sh" $option true >"$TMP/table" 2>/dev/null
	equal "table_bad$option" "$? $(wc -c <"$TMP/table")" "2 0"
done
LIMIT=x "$ROOT/scripts/allocators.sh" --only=own true >"$TMP/table" 2>/dev/null
equal table_bad_limit "$? $(wc -c <"$TMP/table")" "2 0"

# What was asked for in vain counts as well: the recording is sound, whatever sizes that were.
cat >"$TMP/vain.c" <<'END'
#include <stdlib.h>
#include <sys/resource.h>

static void *volatile kept[100];

int main(int argc, char **argv)
{
	const struct rlimit limit = { 1 << 28, 1 << 28 };

	for (int i = 0; i < 100; i++)
		kept[i] = malloc(300000);
	kept[0] = malloc((size_t)-1 - (size_t)atol(argv[1]));
	if (argc > 2)
		setrlimit(RLIMIT_AS, &limit);
	for (int i = 0; argc > 2 && i < 1000; i++)
		kept[0] = malloc(1 << 28);
	return kept[0] != NULL;
}
END
${CC:-cc} -O2 -fno-builtin "$TMP/vain.c" -o "$TMP/vain" 2>/dev/null || exit 2
for size in 0 2147483647 1048575; do
	rm -rf "$TMP/vain.rec"
	"$TOOL" run -r none -o "$TMP/vain.rec" -- "$TMP/vain" $size
	"$TOOL" report -v "$TMP/vain.rec" >"$TMP/vain.txt" 2>&1
	equal "vain_$size" "$? $(grep -c damaged "$TMP/vain.txt")" "0 0"
	equal "vain_counted_$size" "$(grep -c ' malloc  libc.so.6: 101 live of 101 allocations' "$TMP/vain.txt")" 1
done
rm -rf "$TMP/vain.rec"
"$TOOL" run -r none -o "$TMP/vain.rec" -- "$TMP/vain" 0 failing
equal vain_failed "$("$TOOL" report --format=json "$TMP/vain.rec" | jq -c '.processes[0].allocators[] |
	select(.module | endswith("libc.so.6")) | [.live, .maps_per_allocation, .allocations, .live_most <= 102]')" \
	'[null,null,1101,true]'
"$TOOL" report -v "$TMP/vain.rec" 2>&1 | tr -s ' \n=0-9' ' ' >"$TMP/vain.txt"
equal vain_told "$(grep -c 'allocations (those that failed included) in' "$TMP/vain.txt")" 1
finish
