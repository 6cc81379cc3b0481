#!/bin/bash
# SPDX-License-Identifier: MIT
# All commands name a frame in the same way: inlined functions are frames, the project's own line
# comes before a header of the system, names are complete, and a function that ended in a tail call
# is mentioned.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

mkdir bin
cat >inlined.c <<'END'
#include <sys/mman.h>
static void *kept[1000];
static volatile int n;
static inline __attribute__((always_inline)) void *raw(int prot)
{
	return mmap(0, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); /* RAW */
}
static __attribute__((noinline)) void session_open(int i)
{
	kept[n] = raw(i & 1 ? PROT_READ : PROT_NONE); /* SESSION */
	n++;
}
static __attribute__((noinline)) void cache_fill(int i)
{
	kept[n] = raw(i & 1 ? PROT_READ | PROT_WRITE : PROT_READ); /* CACHE */
	n++;
}
int main(void)
{
	for (int i = 0; i < 200; i++) {
		session_open(i);
		cache_fill(i);
	}
	return 0;
}
END
cat >tail.c <<'END'
#include <sys/mman.h>
__attribute__((noinline)) void *raw(int prot)
{
	return mmap(0, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
#ifndef LIBRARY
#ifdef WITH_LIBRARY
void *raw_of_library(int prot);
#define raw raw_of_library
#endif
void *(*volatile any)(int);
__attribute__((noinline)) void *session_open(int i)
{
	return raw(i & 1 ? PROT_READ : PROT_NONE);
}
int main(void)
{
	for (int i = 0; i < 100; i++)
		any = session_open(i) ? any : any; /* MAIN */
	return 0;
}
#endif
END
cat >store.cc <<'END'
#include <cstdlib>
#include <memory>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>
namespace acme { namespace session {
struct Pages {
	void *start = nullptr;
};
struct Map : std::allocator<Pages> {
};
struct Unmap {
	void operator()(char *p) { munmap(p, 4096); } /* UNMAP */
};
struct SessionStore {
	std::vector<std::unique_ptr<char, Unmap>> all;
	template<class F> void each(F f) { f(); }
	__attribute__((noinline)) void open(int i)
	{
		const int prot = i & 1 ? PROT_READ : PROT_NONE;
		const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
		all.emplace_back((char *)mmap(0, 4096, prot, flags, -1, 0)); /* OPEN */
	}
	__attribute__((noinline)) void close() { all.clear(); } /* CLOSE */
};
} }
int main()
{
	static acme::session::SessionStore store;

	for (int i = 0; i < 200; i++)
		store.open(i);
	if (getenv("CLOSE"))
		store.close();
	_exit(0);
}
END
${CC:-cc} -g -O2 inlined.c -o bin/inlined || exit 2
${CC:-cc} -g -O2 tail.c -o bin/tail || exit 2
${CC:-cc} -g -O2 -fPIC -shared -DLIBRARY -Draw=raw_of_library tail.c -o bin/libtail.so || exit 2
${CC:-cc} -g -O2 -fcf-protection -DWITH_LIBRARY tail.c -o bin/tail-library -Lbin -ltail -Wl,-rpath,"$TMP/bin" || exit 2
${CC:-cc} -g -O2 -fno-plt -DWITH_LIBRARY tail.c -o bin/tail-no-plt -Lbin -ltail -Wl,-rpath,"$TMP/bin" || exit 2
cat >jump.c <<'END'
#include <sys/mman.h>
#ifdef LIBRARY
int pool_begin(void)
{
	return mmap(0, 4096, PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}
void *pool_get(int prot)
{
	return mmap(0, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
#else
int pool_begin(void);
void *pool_get(int prot);
int main(void)
{
	int failed = pool_begin();

	for (int i = 0; i < 100; i++)
		failed += pool_get(i & 1 ? PROT_READ : PROT_NONE) == MAP_FAILED;
	return failed;
}
#endif
END
${CC:-cc} -g -O2 -fPIC -shared -DLIBRARY jump.c -o bin/libjump.so || exit 2
${CC:-cc} -g -O2 jump.c -o bin/jump -Lbin -ljump -Wl,-rpath,"$TMP/bin" || exit 2
${CXX:-c++} -g -O2 store.cc -o bin/store || exit 2
for name in inlined tail; do
	cp bin/$name bin/$name-stripped && strip -g bin/$name-stripped || exit 2
done
# Its only function that makes maps jumps, so nothing of the library is ever on a stack.
cat >quiet.c <<'END'
#include <sys/mman.h>
#ifdef LIBRARY
void *quiet_get(int prot)
{
	return mmap(0, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
#else
void *quiet_get(int prot);
int main(void)
{
	int failed = 0;

	for (int i = 0; i < 100; i++)
		failed += quiet_get(i & 1 ? PROT_READ : PROT_NONE) == MAP_FAILED;
	return failed;
}
#endif
END
mkdir bin/lib
${CC:-cc} -g -O2 -fPIC -shared -DLIBRARY quiet.c -o bin/lib/libquiet.so || exit 2
cp bin/lib/libquiet.so bin/libquiet.so
${CC:-cc} -g -O2 quiet.c -o bin/quiet -Lbin/lib -lquiet -Wl,-rpath,'$ORIGIN/lib' || exit 2
${CC:-cc} -g -O2 quiet.c -o bin/quiet-beside -Lbin -lquiet || exit 2
# The loader finds it by the variable alone, and another file of its name lies nearby.
mkdir -p apart/v1 bin/near bin/near/lib
cp bin/lib/libquiet.so apart/v1/libquiet.so
cp bin/lib/libquiet.so bin/near/lib/libquiet.so
${CC:-cc} -g -O2 quiet.c -o bin/near/quiet-elsewhere -Lbin -lquiet || exit 2
line() { grep -n "/\* $2 \*/" "$1" | cut -d: -f1; }

for name in inlined inlined-stripped tail tail-stripped tail-library tail-no-plt store; do
	traced $name "" bin/$name
	"$TOOL" report $name/rec >$name/text 2>&1
	"$TOOL" report -v $name/rec >$name/verbose 2>&1
	"$TOOL" report --format=json $name/rec >$name/json 2>&1
done

# The report at exit is the same as the command's.
at=$(line inlined.c RAW)
for text in text log.'*' verbose; do
	# shellcheck disable=SC2086
	for caller in session_open cache_fill; do
		check "inlined-row-${text%.*}-$caller" grep -Eq "mmap new +raw .*inlined.c:$at in $caller" \
			inlined/$text
		check "inlined-frame-${text%.*}-$caller" grep -Eq "#1  $caller .*inlined.c:" inlined/$text
	done
	# shellcheck disable=SC2086
	check "inlined-cause-${text%.*}" grep -Ezoq "raw( |\n==[0-9]+== +)[^ ]*inlined.c:$at( |\n==[0-9]+== +)in" inlined/$text
done
check inlined-rows [ "$(grep -c ' mmap new ' inlined/text) $(grep -c ' mmap new ' inlined-stripped/text)" = "2 2" ]
check inlined-filter sh -c '"$0" report -F session_open inlined/rec | grep -q "mmap new *raw"' "$TOOL"
check inlined-json [ "$(jq -c '[.processes[0].sites[].stack[:2] | select(length > 0) |
	map([.function, .line, .inlined])] | sort' inlined/json)" = "$(jq -nc "[[[\"raw\", $at, true],
	[\"cache_fill\", $(line inlined.c CACHE), false]], [[\"raw\", $at, true],
	[\"session_open\", $(line inlined.c SESSION), false]]]")" ]

# Whoever was called and is not there jumped; the caller's line is not the culprit.
for name in tail tail-library tail-no-plt tail-stripped; do
	culprit='session_open tail.c:[0-9]+'
	[ $name != tail-stripped ] || culprit=session_open
	check $name-row grep -Eq "mmap new +$culprit \[tail call\]" $name/text
	check $name-at-exit grep -Eq "mmap new +$culprit \[tail call\]" $name/log.*
	check $name-caller grep -Eq "#1  main" $name/text
	check $name-json [ "$(jq -c '[.processes[0].sites[] | select(.stack | length > 0) |
		.stack[:2] | map([.function, .tail_call])]' $name/json)" = \
		'[[["session_open",true],["main",false]]]' ]
done
# Such a function may be in a library: then it is not the caller's module that is named.
traced jump "" bin/jump
"$TOOL" report jump/rec >jump/text 2>&1
"$TOOL" report --format=json jump/rec >jump/json 2>&1
check jump-module grep -Eq '#0  pool_get .*\(libjump.so\) \[tail call\]' jump/text
check jump-caller grep -Eq '#1  main .*\(jump\)' jump/text
check jump-json [ "$(jq -r '[.processes[0].sites[].stack[:2] | select(length > 0) |
	map(.module | sub(".*/"; "")) | join(" ")] | unique[]' jump/json)" = "libjump.so jump" ]
for name in quiet quiet-beside; do
	LD_LIBRARY_PATH=$TMP/bin traced $name "" bin/$name
	"$TOOL" report $name/rec >$name/text 2>&1
	check $name-row grep -Eq 'mmap new +quiet_get \[tail call\]' $name/text
	check $name-frame grep -Eq '#0  quiet_get \(libquiet.so\) \[tail call\]' $name/text
	check $name-caller grep -Eq '#1  main .*quiet.c:[0-9]+ \(quiet' $name/text
	check $name-json [ "$("$TOOL" report --format=json $name/rec | jq -r '[.processes[0].sites[].stack[:2] |
		select(length > 0) | map(.module | sub(".*/"; "")) | join(" ")] | unique[]')" = "libquiet.so $name" ]
	check $name-check sh -c '"$0" check --max-growth=5 $1/rec 2>&1 | grep -Eq "#0  quiet_get .*[[]tail call[]]"' "$TOOL" $name
done
LD_LIBRARY_PATH=$TMP/none:$TMP/apart/v1 traced elsewhere "" bin/near/quiet-elsewhere
check elsewhere-at-exit grep -Eq 'mmap new +quiet_get \[tail call\]' elsewhere/log.*
check elsewhere-set sh -c 'LD_LIBRARY_PATH=apart/v1 "$0" report elsewhere/rec |
	grep -Eq "#0  quiet_get \(libquiet.so\) [[]tail call[]]"' "$TOOL"
# Without the variable the file is not found, and the other one is not the one.
check elsewhere-unset sh -c '! "$0" report elsewhere/rec | grep quiet_get' "$TOOL"
traced lib "" env LD_LIBRARY_PATH="$TMP/bin/near/lib" bin/near/quiet-elsewhere
check lib-unset sh -c '"$0" report lib/rec | grep -Eq "#0  quiet_get \(libquiet.so\) [[]tail call[]]"' "$TOOL"
check jump-diff sh -c '"$0" diff tail/rec jump/rec | grep -q "#0  libjump.so!pool_get"' "$TOOL"
"$TOOL" check --max-growth=5 -- bin/tail >check.txt 2>&1
check tail-check grep -q 'session_open .*tail.c:[0-9]* \[tail call\]' check.txt

# What is called through a pointer may have ended in a jump, and then it is missing.
cat >pointer.c <<'END'
#include <sys/mman.h>
static void *volatile kept;
struct ops {
	void *(*get)(int i);
};
static void *get(int i)
{
	return mmap(0, 8192, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
struct ops ops = { get };
static __attribute__((noinline)) void serve(struct ops *with, int i)
{
	kept = with->get(i); /* SERVE */
}
static __attribute__((noinline)) void itself(int n)
{
	for (int i = 0; i < n; i++)
		kept = mmap(0, 4096, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < n; i++)
		kept = mmap(0, 8192, i & 1 ? PROT_READ : PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}
int main(void)
{
	struct ops *volatile with = &ops;
	volatile int n = 50;

	for (int i = 0; i < 2 * n; i++)
		serve(with, i);
	itself(n);
	return 0;
}
END
${CC:-cc} -g -O2 -fno-plt pointer.c -o bin/pointer || exit 2
traced pointer "" bin/pointer
"$TOOL" report pointer/rec >pointer/text 2>&1
check pointer-row grep -Eq "mmap new +serve[^ ]* pointer.c:$(line pointer.c SERVE) \[by pointer\]" pointer/text
check pointer-frame grep -Eq "#0  serve[^ ]* pointer.c:$(line pointer.c SERVE) .*\[by pointer\]" pointer/text
"$TOOL" report --format=json pointer/rec >pointer/json 2>&1
check pointer-json [ "$(jq -c '[.processes[0].sites[].stack[] | select((.function // "") | startswith("serve")) | .by_pointer] | unique' \
	pointer/json)" = "[true]" ]
check pointer-loaded-json [ "$(jq -c '[.processes[0].sites[].stack[] | select(.function == "itself") | .by_pointer] |
	unique' pointer/json)" = "[false]" ]
"$TOOL" check --per-site=5 -- bin/pointer >check.txt 2>&1
check pointer-check grep -q 'serve .*pointer.c:[0-9]* \[by pointer\]' check.txt
"$TOOL" diff store/rec pointer/rec >diff.txt 2>&1
check pointer-diff grep -q ' at .*pointer.c:[0-9]* \[by pointer\]' diff.txt
check pointer-loaded sh -c 'grep -q "#0  itself" pointer/text && ! grep -q "itself.*by pointer" pointer/text'

# A header of the C++ library is nobody's line.
at=$(line store.cc OPEN)
check store-row grep -Eq "mmap new +\.\.\.(SessionStore::)?open store.cc:$at" store/text
check store-whole grep -Eq "mmap new +acme::session::SessionStore::open .*store.cc:$at" store/verbose
CLOSE=1 traced closed "" bin/store
"$TOOL" report -v closed/rec >closed/verbose 2>&1
check store-close grep -Eq "munmap gone +acme::session::Unmap::operator\(\) .*store.cc:$(line store.cc UNMAP) in acme::session::SessionStore::close" \
	closed/verbose
check store-header grep -Eq '#[1-9] +std::.*unique_ptr.h:[0-9]+' closed/verbose
# Functions of headers between one's own are counted, but for the one that was called.
"$TOOL" report closed/rec >closed/text 2>&1
check store-headers-counted grep -Eq '\.\.\. [0-9]+ functions of system headers$' closed/text
check store-headers-called sh -c 'grep -A1 "functions of system headers" closed/text | grep -Eq "#[0-9]+ +std::"'
check store-headers-few [ "$(grep -Ec '#[0-9]+ +std::.*\.h:[0-9]+' closed/text)" -lt \
	"$(grep -Ec '#[0-9]+ +std::.*\.h:[0-9]+' closed/verbose)" ]
check store-whole-stack grep -Eq '#[0-9]+ +acme::session::SessionStore::close .*store.cc:'"$(line store.cc CLOSE)" closed/text
check store-no-header sh -c '! grep -q "munmap gone .*unique_ptr.h" closed/verbose'

# The depth counts lines, also where functions of headers, of the program, and inlined ones alternate
# from frame to frame, or a frame has many inlined ones. The line that is blamed is shown in any case.
cat >deep.cc <<'END'
#include <functional>
#include <sys/mman.h>
template <int N> static inline __attribute__((always_inline)) void nested()
{
	nested<N - 1>();
	asm volatile("");
}
template <> inline __attribute__((always_inline)) void nested<0>()
{
	mmap(0, 4096, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0); /* NESTED */
}
int main(int argc, char **)
{
	std::function<void(int)> deep = [&](int n) {
		if (n)
			deep(n - 1);
		else
			mmap(0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0); /* DEEP */
	};
	if (argc > 1)
		nested<30>();
	else
		deep(100);
}
END
${CXX:-c++} -g -O1 -std=c++17 deep.cc -o bin/deep || exit 2
traced deep "" bin/deep
traced nested "" bin/deep nested
# lines NAME TEXT DEPTH: how many lines the one stack of the program has; the last may count the rest
lines() {
	"$TOOL" report --depth=$3 $1/rec | sed -nE '/==.* mmap new /,/present at start/{ /==     (#|\.\.\. )/p }' >$1/stack
	grep -q "deep.cc:$(line deep.cc $2)" $1/stack && wc -l <$1/stack
}
for depth in 2 5 8; do
	check deep-depth-$depth [ "$(lines deep DEEP $depth)" -le $((depth + 1)) ]
	check nested-depth-$depth [ "$(lines nested NESTED $depth)" -le $((depth + 1)) ]
done
check deep-verbose sh -c "! '$TOOL' report -v deep/rec | grep -qE 'and [0-9,]+ outer frames?'"
check deep-rest sh -c "'$TOOL' report --depth=2 deep/rec | grep -qE '==     and [0-9]+ outer frames?'"
check deep-whole [ "$(lines deep DEEP 1000)" -gt 100 ]

# Neither a module's long name nor the name of a function beside it makes a line longer; -v has all of it.
long=$(printf 'module-%.0s' $(seq 9))
for strip in --strip-all --strip-debug; do
	rm -rf long && mkdir long
	objcopy $strip "$TARGETS/demo12k" "$long"
	LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:dir=$TMP/long "./$long" >/dev/null 2>&1
	"$TOOL" report long >long.txt 2>&1
	check "long-name$strip" grep -q 'module-module-.*\.\.\.' long.txt
	check "long-name$strip-80-columns" sh -c "! grep -E '^.{81}' long.txt"
	check "long-name$strip-whole" sh -c "'$TOOL' report -v long | grep -qE '[(/]$long[)+]'"
done

# Two plugins of the same layout are loaded at one place in turns: each call is its own plugin's.
cat >plugin.c <<'END'
#include <sys/mman.h>
int NAME(void)
{
	return mmap(0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}
END
cat >turns.c <<'END'
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
int main(void)
{
	const char *names[] = { "first", "other", "first", "other", "other" };
	ElfW(Addr) place = 0;
	int moved = 0;
	for (int i = 0; i < 200; i++) {
		const char *name = names[i % 5];
		char path[64];
		sprintf(path, "./%s.so", name);
		struct link_map *module = dlopen(path, RTLD_NOW);
		moved += place && place != module->l_addr;
		place = module->l_addr;
		if (((int (*)(void))dlsym(module, name))())
			return 2;
		dlclose(module);
	}
	printf("%d moved\n", moved);
	return 0;
}
END
for name in first other; do
	${CC:-cc} -g -O0 -fPIC -shared -DNAME=$name plugin.c -o $name.so || exit 2
done
${CC:-cc} -g -O0 turns.c -o bin/turns -ldl || exit 2
check turns-moved [ "$("$TOOL" run -o turns -- bin/turns 2>/dev/null)" = '0 moved' ]
check turns [ "$("$TOOL" report --format=json turns | jq -c '[.processes[0].sites[] |
	select(.stack[0].function == ("first", "other")) | [.stack[0].function, .calls]] | sort')" = \
	'[["first",80],["other",120]]' ]

# A line that the compiler made two calls of is one row, also where there are but a handful of them.
cat >unrolled.c <<'EOF'
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>
static char *ring_new(int fd, size_t length)
{
	char *base = mmap(0, 2 * length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

#pragma GCC unroll 2
	for (int half = 0; half < 2; half++)
		mmap(base + half * length, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	return base;
}

int main(void)
{
	int fd = memfd_create("ring", 0);

	if (ftruncate(fd, 65536))
		return 1;
	for (int i = 0; i < 100; i++)
		ring_new(fd, 65536);
	return 0;
}
EOF
${CC:-cc} -g -O2 unrolled.c -o bin/unrolled || exit 2
"$TOOL" run -o unrolled -- bin/unrolled 2>/dev/null
check unrolled-is-two [ "$("$TOOL" report --format=json unrolled |
	jq '[.processes[0].sites[] | select(.stack[0].line == 10)] | length')" = 2 ]
"$TOOL" report unrolled >unrolled.txt
check unrolled-is-one-row [ "$(grep -c ' mmap new .* unrolled.c:10' unrolled.txt)" = 1 ]
check unrolled-live grep -qE '^==[0-9]+== +200 .* mmap new .* unrolled.c:10' unrolled.txt

# Where addresses are few, debug information is left out; libdw would end the tool. So the program's
# status is passed on, and there is a report at each limit that has room for one.
awk 'BEGIN { for (i = 0; i < 2500; i++)
	printf "struct s%d { int a, b[%d]; };\nint f%d(struct s%d *p, int n) { struct s%d q = *p; " \
		"{ int in = n + q.a; for (int k = 0; k < n; k++) in += k; return in; } }\n", i, i + 1, i, i, i
	print "#include <sys/mman.h>\nint main(void) { for (int i = 0; i < 50; i++)"
	print "mmap(0, 4096, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0); return 3; }" }' >many.c
${CC:-cc} -g -gz -O0 many.c -o bin/many || exit 2
for limit in $(seq 8500 500 14000); do
	(
		ulimit -c 0
		ulimit -v "$limit"
		"$TOOL" run -o few -- bin/many
		echo "status $?"
	) >few.txt 2>&1
	tail -n 1 few.txt >>few.status
	grep -E 'SUMMARY: vmatrace: \+50|the program runs untraced|some lines are missing' few.txt >>few.told
done
check few-addresses-status [ "$(sort -u few.status)" = 'status 3' ]
check few-addresses-report [ "$(grep -Ec 'SUMMARY|untraced' few.told)" = 12 ]
check few-addresses-told grep -q 'some lines are missing' few.told
finish
