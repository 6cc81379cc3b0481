#!/bin/bash
# SPDX-License-Identifier: MIT
# Programs that end a runtime, and go on: what that gives back is given back while they run. Only their own
# end is the end.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

# A host that ends an interpreter for each request goes on, which is no end; what it keeps until its own end
# counts. Marks and the end are told apart.
cat >host.c <<'EOF'
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <sys/wait.h>
#include "vmatrace.h"
static void *kept[1000];
static int count;
static void keep(int n)
{
	while (n--)
		kept[count++] = mmap(0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}
static void __attribute__((noinline)) keep_second(int n) { keep(n); __asm__(""); }
static void give_back(void)
{
	while (count)
		munmap(kept[--count], 4096);
}
void __attribute__((noinline)) lua_close(void);
void lua_close(void) { give_back(); __asm__(""); }
static void __attribute__((noinline)) end_thread(void) { lua_close(); __asm__(""); }
/* Objects are opened and closed, but for so many. */
static void __attribute__((noinline)) serve(int leak)
{
	for (int i = 0; i < 200; i++) {
		char *p = mmap(0, 8192, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		mprotect(p, 4096, PROT_NONE);
		if (i >= leak)
			munmap(p, 8192);
		usleep(100);
	}
}
int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "host")) {
		for (int i = 0; i < 5; i++) {
			keep(200);
			lua_close();
		}
	}
	if (argc > 1 && !strcmp(argv[1], "once")) {
		keep(200);
		lua_close();
		serve(atoi(argv[2]));
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "threads")) {
		keep(200);
		end_thread();
		keep(atoi(argv[2]));
		lua_close();
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "fork") && fork()) {
		wait(0);
		return 0;
	}
	atexit(give_back);
	keep(50);
	VMATRACE_MARK("half");
	keep_second(50);
	return 0;
}
EOF
cc -g -O1 -rdynamic -I "$ROOT/preload" host.c -o host || exit 2
for how in alone host fork; do
	rm -rf host.rec
	"$TOOL" run --report=none -o host.rec -- ./host $how 2>run.err
	"$TOOL" report --format=json host.rec | jq -c '.processes | max_by(.pid)' >host.json
	check "$how: what the end gave back" jq -e '.growth.torn_down == { maps: 100, function: "exit" }' host.json
	check "$how: who had it" [ "$(jq -c '[.sites[] | select(.kind == "call") | .live_before_end |
		select(. > 0)] | sort' host.json)" = '[50,50]' ]
	check "$how: its marks" jq -e '[.marks[] | .name] == ["half"] and
		.marks[0].maps == .maps.start + 50' host.json
done

# growth JSON-PATH PROGRAM…: of the one process
growth() {
	local path=$1
	shift
	rm -rf one.rec
	"$TOOL" run --report=none -o one.rec -- "$@" >/dev/null 2>run.err
	"$TOOL" report --format=json one.rec | jq -c ".processes[0] | $path"
}

# goes_on NAME PROGRAM…: whatever ends its runtime is not its end; a few maps more, its last argument, are red
goes_on() {
	local name=$1
	shift
	check "$name: no end" [ "$(growth '.growth.torn_down // "none"' "$@" 0)" = '"none"' ]
	"$TOOL" check --save=base.json -- "$@" 0 >/dev/null 2>&1
	"$TOOL" check --baseline=base.json -- "$@" 0 >check.txt 2>&1
	check "$name: the same" [ $? = 0 ]
	"$TOOL" check --baseline=base.json -- "$@" 10 >check.txt 2>&1
	check "$name: some more" [ $? = 23 ]
}
goes_on "a host" ./host once
# What is not exported is known by its name in the stacks only.
cc -g -O1 -I "$ROOT/preload" host.c -o local || exit 2
goes_on "a host, by names" ./local once
cat >kept.py <<'EOF'
import mmap
kept = [mmap.mmap(-1, 8192, prot=mmap.PROT_READ | (mmap.PROT_WRITE if i % 2 else 0)) for i in range(200)]
EOF
for library in /usr/lib/x86_64-linux-gnu/libpython3.*.so.1.0 ~/.pyenv/versions/3.1[123].*/lib/libpython3.*.so.1.0; do
	[ -e "$library" ] || continue
	home=$(dirname "$(dirname "$library")")
	[ "$home" != /usr/lib ] || home=/usr
	export PYTHONHOME=$home
	goes_on "$(basename "$library" .so.1.0) of $home" "$TARGETS/embeds_python" "$library" kept.py
	unset PYTHONHOME
done
# perl ends the interpreter of each thread that is joined.
cat >threads.pl <<'EOF'
use strict; use threads;
sub job { select undef, undef, undef, 0.1 }
$_->join for map { threads->create(\&job) } 1 .. 30;
syscall(9, 0, 4096, $_ % 2 ? 1 : 3, 0x22, -1, 0) for 1 .. $ARGV[0];
EOF
goes_on "perl's threads" perl threads.pl
check "another end: what it gave back" [ "$(growth '[.growth.torn_down.maps, (.maps.now - .maps.start)]' ./host threads 30)" = '[30,0]' ]
finish
