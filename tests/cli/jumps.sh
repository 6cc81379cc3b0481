#!/bin/bash
# SPDX-License-Identifier: MIT
# Functions that are missing on a stack since each ended in a jump: an allocator whose free jumps to munmap,
# reached by functions of the C++ library that jump as well. All of them are told, as far as each can only
# have jumped to the next. Where one jumps through a pointer, a mark says so.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2
line() { grep -n "/\* $2 \*/" "$1" | cut -d: -f1; }

cat >allocator.c <<'END'
#include <stddef.h>
#include <sys/mman.h>
#define SIZE 65536ul
static char first[64 * SIZE] __attribute__((aligned(SIZE)));
static char *next = first, *end = first + 16 * SIZE;
void *malloc(size_t n)
{
	if (next == end)
		next = mmap(NULL, 256 * SIZE, PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), end = next + 256 * SIZE;
	next += SIZE;
	return n > SIZE ? NULL : next - SIZE;
}
#ifdef TWO
__attribute__((noinline)) void first_half(void *p) { munmap(p, SIZE / 2); }
__attribute__((noinline)) void whole(void *p) { munmap(p, SIZE); }
void free(void *p)
{
	if (p && (size_t)p & SIZE)
		whole(p);
	else if (p)
		first_half(p);
}
#else
void free(void *p)
{
	if (p)
		munmap(p, SIZE);
}
#endif
END
cat >deletes.cc <<'END'
#include <cstdlib>
#include <unistd.h>
int main(int argc, char **)
{
	static char *volatile block[200];

	for (int i = 0; i < 200; i++)
		block[i] = argc > 1 ? (char *)malloc(100) : new char[100];
	for (int i = 1; i < 200; i += 2)
		delete[] block[i]; /* DELETE */
	_exit(0);
}
END
${CXX:-c++} -g -O2 -Wno-mismatched-new-delete deletes.cc -o deletes || exit 2
stack_of() {	# RUN FRAME...: the stack of its munmap
	local run=$1 number=0 first
	shift
	first=$(grep -nE '#0  (free|operator delete)' $run/text | head -1 | cut -d: -f1)
	[ -n "$first" ] || return 1
	for frame; do
		sed -n "$((first + number))p" $run/text | grep -Eq "#$number  $frame" || return 1
		number=$((number + 1))
	done
}
at=$(line deletes.cc DELETE)
for name in ONE TWO; do
	${CC:-cc} -O2 -fno-builtin -fPIC -shared -D$name allocator.c -o allocator-$name.so || exit 2
	AFTER=$TMP/allocator-$name.so traced $name "" ./deletes
	"$TOOL" report $name/rec >$name/text 2>&1
	"$TOOL" report --format=json $name/rec >$name/json 2>&1
	check $name-row grep -Eq 'munmap (split|gone) +free \[tail call\]' $name/text
	check $name-at-exit sh -c 'grep -Eq "munmap (split|gone) +free [[]tail call[]]" $0/log.*' $name
	check $name-stack stack_of $name "free \(allocator-$name.so\) \[tail call\]" \
		'operator delete \(libstdc\+\+[^ ]*\) \[tail call\]' \
		'operator delete\[\] \(libstdc\+\+[^ ]*\) \[tail call\]' "main deletes.cc:$at"
	check $name-json [ "$(jq -c '[.processes[0].sites[] | select(.stack[0].function == "free") | .stack[:4] |
		map([.function, .tail_call])] | unique' $name/json)" = \
		'[[["free",true],["operator delete",true],["operator delete[]",true],["main",false]]]' ]
	check $name-folded sh -c '"$0" report --format=folded --value=split $1/rec |
		grep -q "main.*;operator delete\[\].*;operator delete.*;free.*;munmap"' "$TOOL" $name
done
# Where the C++ library was never seen on a stack, only the name that was called is known, and that free made
# the call.
AFTER=$TMP/allocator-ONE.so traced unseen "" ./deletes malloc
"$TOOL" report unseen/rec >unseen/text 2>&1
check unseen-row grep -Eq "munmap (split|gone) +free \[tail call\]" unseen/text
check unseen-stack stack_of unseen "free \(allocator-ONE.so\) \[tail call\]" \
	'operator delete\[\] \[tail call\]' "main deletes.cc:$at"
"$TOOL" report --format=json unseen/rec >unseen/json 2>&1
check unseen-is-allocators jq -e '.processes[0].allocators[] | select(.module | endswith("allocator-ONE.so")) |
	.maps.split >= 95' unseen/json
# Where the recording does not tell the allocator, the name is all that is known.
AFTER=$TMP/allocator-ONE.so traced nameless malloc=0 ./deletes malloc
"$TOOL" report nameless/rec >nameless/text 2>&1
check nameless-row grep -Eq "munmap (split|gone) +main deletes.cc:$at" nameless/text
check nameless-stack stack_of nameless 'operator delete\[\] \[tail call\]' "main deletes.cc:$at"
check diff sh -c '"$0" diff ONE/rec unseen/rec | grep -q "allocator-ONE.so!free"' "$TOOL"

# A function that was called through a pointer is not told by the call. That it was free is known by what
# the thread gave to free last, from the same place.
cat >pointers.c <<'END'
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#define SIZE 65536ul
static void (*volatile release)(void *);
static int (*volatile unmap)(void *, size_t);
__attribute__((noinline)) static void drop(void *p)
{
	if (p)
		release(p);
}
int main(int argc, char **argv)
{
	static char *volatile block[400];

	release = free;
	unmap = munmap;
	for (int i = 0; i < 400; i++)
		block[i] = malloc(100);
	for (int i = 1; i < 200; i += 2) {
		if (argc > 1)
			drop(block[i]); /* DROP */
		else
			release(block[i]); /* RELEASE */
	}
	for (int i = 201; i < 300; i += 2) { /* a map of the program's own, where the block was */
		release(block[i]); /* BEFORE */
		mmap(block[i], SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		unmap(block[i], SIZE); /* UNMAP */
	}
	for (int i = 301; i < 400; i += 2) {
		release(block[i]);
		mmap(block[i], SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		munmap(block[i], SIZE); /* DIRECT */
	}
	_exit(0);
}
END
${CC:-cc} -g -O2 -fno-builtin pointers.c -o pointers || exit 2
# RUN WORD: the functions of the munmap that this line of main made
stacks_at() {
	jq -c --argjson line "$(line pointers.c $2)" '[.processes[0].sites[] | select(.call == "munmap" and
		any(.stack[]; .line == $line)) | .stack |
		map(.function) | .[:index("main") + 1]]' $1/json
}
for name in ONE TWO; do
	for drop in "" drop; do
		run=pointers-$name$drop
		# shellcheck disable=SC2086
		AFTER=$TMP/allocator-$name.so traced $run "" ./pointers $drop
		"$TOOL" report $run/rec >$run/text 2>&1
		"$TOOL" report --format=json $run/rec >$run/json 2>&1
		check $run-row grep -Eq 'munmap (split|gone) +free \[tail call\]' $run/text
		check $run-unmap [ "$(stacks_at $run UNMAP)" = '[["main"]]' ]
		check $run-direct [ "$(stacks_at $run DIRECT)" = '[["main"]]' ]
		check $run-before [ "$(stacks_at $run BEFORE)" = '[["free","main"]]' ]
	done
	check pointers-$name [ "$(stacks_at pointers-$name RELEASE)" = '[["free","main"]]' ]
	check pointers-$name-drop [ "$(stacks_at pointers-${name}drop DROP)" = '[["free","drop","main"]]' ]
done
# Python frees through a pointer as well, and is the system's: the allocator's function is the one to name.
cat >large.c <<'END'
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
static char room[64 << 20] __attribute__((aligned(16))), *next = room; /* of small blocks, never used again */
void *malloc(size_t n)
{
	size_t *block;

	n = (n + 31) & -16ul;
	block = (size_t *)next;
	if (n > 32768)
		block = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	else
		next += n;
	*block = n;
	return block + 2;
}
void free(void *p)
{
	size_t *block = (size_t *)p - 2;

	if (p && *block > 32768)
		munmap(block, *block);
}
void *calloc(size_t n, size_t size) { return malloc(n * size); }
void *realloc(void *old, size_t n)
{
	size_t had = old ? ((size_t *)old)[-2] - 16 : 0;
	void *p = malloc(n);

	if (had)
		memcpy(p, old, had < n ? had : n);
	free(old);
	return p;
}
END
${CC:-cc} -O2 -fno-builtin -fPIC -shared large.c -o large.so || exit 2
AFTER=$TMP/large.so traced python "" /usr/bin/python3 -c 'kept = [bytes(100000) for i in range(300)]
del kept[::3]
import os
os._exit(0)'
"$TOOL" report python/rec >python/text 2>&1
check python-row grep -Eq '(99|100) +.* munmap (split|gone) +free \[tail call\]' python/text
# A function that jumps through a pointer is missing itself; so is what it jumped to, if that jumped on.
cat >jumper.c <<'END'
#include <stdlib.h>
#include <sys/mman.h>
#define APART __attribute__((noinline))
static APART void *page(size_t n)
{
	return mmap(0, n, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}
static APART void *icon_add(int i) { return page(4096 + 0 * i); }
static APART void *font_add(int i) { return page(8192 + 0 * i); }
static APART void *tile_add(int i)
{
	char *volatile p = page(4096 + 0 * i);

	return p + 1;
}
static void *(*const table[])(int) = { icon_add, font_add, tile_add };
APART void *dispatch(int k, int i) { return table[k](i); } /* DISPATCH */
APART void *choose(int k, int i)
{
	switch (k) {
	case 0: return icon_add(i + 1);
	case 1: return font_add(i + 2);
	case 2: return icon_add(i + 3);
	case 3: return font_add(i + 4);
	case 4: return icon_add(i + 5);
	case 5: return font_add(i + 6);
	default: return page(i);
	}
}
int main(int argc, char **argv)
{
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < atoi(argv[1 + k]); i++)
			dispatch(k, i);
	for (int i = 0; i < 30; i++)
		choose(i % 6, i);
	return argc == 9;
}
END
${CC:-cc} -g -O2 -fno-plt jumper.c -o jumper || exit 2
traced pointed "" ./jumper 20 20 20
"$TOOL" report pointed/rec >pointed/text 2>&1
at=$(line jumper.c DISPATCH)
check jumper-row grep -Eq "mmap new +dis[a-z.]* jumper.c:$at \[jump by pointer\]" pointed/text
check jumper-table sh -c 'grep -Eq "#[0-9] +choose jumper.c:[0-9]+ .*[[]tail call[]]" pointed/text && ! grep -Eq "choose.*by pointer" pointed/text'
check jumper-on-stack sh -c 'grep -A2 -E "#[0-9] +tile_add" pointed/text | grep -Eq "dispatch jumper.c.*[[]tail call[]]" &&
	! grep -A2 -E "#[0-9] +tile_add" pointed/text | grep -q "by pointer"'
"$TOOL" report --format=json pointed/rec >pointed/json 2>&1
check jumper-json [ "$(jq -c '[.processes[0].sites[].stack[] | select(.function == "dispatch") | .by_pointer] | unique' \
	pointed/json)" = "[false,true]" ]
"$TOOL" check --per-site=5 --generate-suppressions=jumper.sup -- ./jumper 20 0 0 >check.txt 2>&1
check jumper-suppression grep -A1 "suppresses all that dispatch calls through a pointer and that ends in a jump" jumper.sup
finish
