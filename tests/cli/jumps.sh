#!/bin/bash
# SPDX-License-Identifier: MIT
# Functions that are missing on a stack since each ended in a jump: an allocator whose free jumps to munmap,
# reached by functions of the C++ library that jump as well. All of them are told, as far as each can only
# have jumped to the next.
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
# Where the C++ library was never seen on a stack, only the name that was called is known.
AFTER=$TMP/allocator-ONE.so traced unseen "" ./deletes malloc
"$TOOL" report unseen/rec >unseen/text 2>&1
check unseen-row grep -Eq "munmap (split|gone) +main deletes.cc:$at" unseen/text
check unseen-stack stack_of unseen 'operator delete\[\] \[tail call\]' "main deletes.cc:$at"
"$TOOL" report --format=json unseen/rec >unseen/json 2>&1
check unseen-is-allocators jq -e '.processes[0].allocators[] | select(.module | endswith("allocator-ONE.so")) |
	.maps.split >= 95' unseen/json
check diff sh -c '"$0" diff ONE/rec unseen/rec | grep -q "allocator-ONE.so!free"' "$TOOL"
finish
