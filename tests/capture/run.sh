#!/bin/sh
# SPDX-License-Identifier: MIT
# The doors alone, with a room that only counts: build them, run the programs
# here and some of the system's with and without, compare results, then compare
# the counts with strace's. Usage: run.sh [BUILD-FOLDER]. Status 0 if all holds.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
out=${1:-$(mktemp -d)}
mkdir -p "$out" && cd "$out" || exit 2
cc=${CC:-gcc}
failed=0
calls=mmap,munmap,mprotect,pkey_mprotect,mremap,brk,madvise,process_madvise,mlock,mlock2,munlock
calls=$calls,mlockall,munlockall,shmat,shmdt,remap_file_pages,mbind,io_setup,io_destroy,prctl
calls=$calls,execve,execveat,clone,clone3,fork,vfork

fail() { echo "FAILED: $*"; failed=$((failed + 1)); }

build() {
	$cc -std=gnu17 -D_GNU_SOURCE -g -O2 -Wall -Wextra -fPIC -fvisibility=hidden \
		-mgeneral-regs-only -I"$top/preload" -shared -o libfake.so \
		"$top"/preload/capture/*.c "$top"/preload/malloc/*.[cS] "$top"/preload/patch/*.[cS] \
		"$top/preload/os/auxv.c" "$top/preload/os/elf.c" "$top/preload/os/libc.c" \
		"$top/preload/core/base/calls.c" "$here/fake_room.c" -Wl,-z,initfirst \
		-Wl,-z,nodelete -Wl,-z,defs -Wl,--version-script="$top/preload/vmatrace.map" &&
	$cc -shared -o libsite.so "$here/site_in_module.S" &&
	$cc -D_GNU_SOURCE -O1 -o every_call "$here/every_call.c" -L. -lsite -Wl,-rpath,"$out" &&
	$cc -D_GNU_SOURCE -O1 -o every_way "$here/every_way.c" &&
	$cc -D_GNU_SOURCE -O1 -o far_site "$here/every_call.c" "$here/site_in_module.S" &&
	g++ -O1 -rdynamic -fnon-call-exceptions -o stacks "$here/stacks.cc" \
		-L. -lsite -Wl,-rpath,"$out" &&
	$cc -D_GNU_SOURCE -O1 -I"$top/preload" -o code "$here/code.c" \
		"$top/preload/patch/code.c" "$top/preload/patch/plain.c" &&
	$cc -O2 -o bench_gate "$here/bench_gate.c"
}

# same PROGRAM ARGS: output and status as without the library, both doors and door 1 alone
same() {
	echo "$@"
	timeout 100 "$@" >plain.txt 2>&1 </dev/null
	want=$?
	for doors in 12 mprotect 1; do
		CAPTURE_DOORS=$doors LD_PRELOAD=$out/libfake.so timeout 100 "$@" >other.txt 2>&1 </dev/null
		got=$?
		[ $want = $got ] || fail "$* (doors $doors): status $got instead of $want"
		cmp -s plain.txt other.txt || fail "$* (doors $doors): other output"
	done
}

# counted PROGRAM ARGS: every call that strace sees is counted, and only once
counted() {
	rm -f counters && truncate -s 4096 counters
	strace -f -qq -e signal=none -o trace.log -e "trace=$calls" \
		env LD_PRELOAD="$out/libfake.so" CAPTURE_OUT="$out/counters" "$@" >/dev/null 2>&1 </dev/null
	echo "$*"
	python3 "$here/compare.py" counters trace.log || fail "$*: strace counted otherwise"
}

if_there() {
	how=$1
	shift
	if command -v "$1" >/dev/null; then $how "$@"; fi
}

build || exit 2
./code || fail "code"
same ./every_call
same ./far_site
for way in return exit _exit _Exit quick thread group; do
	same ./every_way $way
done
LD_PRELOAD=$out/libfake.so timeout 100 ./stacks || fail "stacks"
if_there same ls -la /etc
if_there same perl -e 'print join(",", map { $_ * 2 } 1 .. 1000)'
if_there same python3 -c 'import json, sqlite3, ssl, threading, subprocess; print(subprocess.check_output(["echo", "x"]))'
if_there same git --version
if_there same gcc -O2 -S -o - "$here/bench_gate.c"
if_there same node -e 'console.log(require("zlib").gzipSync("x".repeat(10000)).length)'
if_there same java --version
if_there same sqlite3 :memory: 'select 1 + 1'
if_there same find /etc -name '*.conf'
if_there same bash -c '(echo a | cat); ls / | wc -l; exit 3'
if_there same tar cf - /etc/alternatives
if command -v strace >/dev/null; then
	counted ./every_call
	counted ./every_way exit
	counted ./every_way thread
	if_there counted ls /
	if_there counted python3 -c 'import json, ssl'
	if_there counted gcc -O2 -S -o /dev/null "$here/bench_gate.c"
	if_there counted java --version
	if_there counted node -e 1
fi
echo "plain:         $(./bench_gate)"
echo "through a gate: $(LD_PRELOAD=$out/libfake.so ./bench_gate)"
[ $failed = 0 ] && echo "all holds"
exit $((failed != 0))
