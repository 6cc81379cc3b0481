#!/bin/bash
# SPDX-License-Identifier: MIT
# What is said of the child processes of a program that runs under the library alone. They print no
# reports unless that is asked for, but a report of the first process says that there were some, and
# a child that reaches the limit of maps says so at that moment.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

cat >forks.c <<'END'
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Every second page is readable: each is a map of its own. */
static void fill(void)
{
	for (int i = 0; mmap(NULL, 4096, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
			MAP_FAILED; i++)
		;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "alone"))
		return 0;
	if (fork() == 0) {
		if (argc > 1 && !strcmp(argv[1], "user") && (setuid(65534) || fork()))
			return wait(NULL) < 0;
		fill();
		return 0;
	}
	if (argc < 2 || !strcmp(argv[1], "user"))
		wait(NULL);
	return 0;
}
END
cc -g -O1 forks.c -o forks || exit 2

# said NAME yes|no PATTERN COMMAND...: what standard error says, without its line breaks
said() {
	local name=$1 wanted=$2 pattern=$3 found=no
	shift 3
	rm -f err # a child of the program before may still write to that one
	timeout 60 env LD_PRELOAD="$LIB" VMATRACE_OPTIONS="${OPTIONS:-}" "$@" >out 2>err </dev/null
	tr -s '\n ' ' ' <err | sed 's/ ==[0-9]*== / /g' >text
	grep -qE -- "$pattern" text && found=yes
	[ $found = "$wanted" ] && pass "$name" ||
		fail "$name" "'$pattern' in it: $found. $(cut -c1-1500 text)"
}

TOLD='child processes, which are not in this report: children=report prints'
said forked yes "$TOLD" ./forks
said forked-at-the-limit yes \
	'mmap failed: ENOMEM, because the process has .*; this is a child process without a recording: .*dir=DIR' ./forks
said forked-at-the-limit-only-that no ' cause .* in fill ' ./forks
said not-waited-for yes "$TOLD" ./forks daemon
said executed yes "$TOLD" sh -c "./forks alone; :"
said executed-at-the-limit yes \
	'mprotect failed: ENOMEM, because .* cause pieces of a range without access .*at_map_limit.c:[0-9]+' \
	sh -c "$TARGETS/at_map_limit; :"
said no-children no "$TOLD" ./forks alone
said earlier no "$TOLD" env -u LD_PRELOAD sh -c 'echo | cat; LD_PRELOAD=$0 exec ./forks alone' "$LIB"
said replaced no "$TOLD" sh -c 'exec ./forks alone'
OPTIONS=children=report said reported no "$TOLD" ./forks
OPTIONS=children=report said reported-at-the-limit yes 'failed: ENOMEM.* by mmap in fill forks.c:' \
	./forks
OPTIONS=report=0 said silent no . ./forks
OPTIONS=report=0 said silent-executed no vmatrace sh -c "$TARGETS/at_map_limit; :"
mkdir kept kept-too
OPTIONS=dir=$TMP/kept-too said recorded-at-the-limit yes ' failure mmap failed once: ENOMEM.* cause .* in fill ' ./forks
OPTIONS=dir=$TMP/kept said recorded no "$TOLD" ./forks
said_by=$("$TOOL" report kept 2>&1 | grep -c 'failed once: ENOMEM')
[ "$said_by" = 1 ] && pass recorded-failure || fail recorded-failure "$said_by of 1"
"$TOOL" run -o run -- ./forks 2>err
grep -qE '^vmatrace: 1 more recording, up to 65,[0-9]+ maps: vmatrace report run$' err &&
	grep -qE '^vmatrace: process [0-9]+ reached the limit of maps: vmatrace report --pid=[0-9]+ run$' err &&
	pass run-tells || fail run-tells "$(tail -3 err)"
# A child that still runs: who asks for it is told why there is nothing.
mkfifo ready wait
told_of() {
	local name=$1 wanted=$2 child
	${AS:-} env LD_PRELOAD="$LIB" VMATRACE_OPTIONS=report=0${3:-} bash -c \
		'(echo $BASHPID >ready; read -r <wait; :); :' 2>told.err &
	read -r child <ready
	"$TOOL" report "$child" >text 2>&1
	grep -q "$wanted" text && pass "$name" || fail "$name" "$(head -3 text)"
	echo >wait
	wait $!
}
told_of running-without-a-directory 'dir=DIR in VMATRACE_OPTIONS. Without them a child process has none'
told_of running-not-followed 'or follow_children=0' ":dir=$TMP/kept:follow_children=0"
# A child of one that has given up root may not write where root's recordings are, and that is what is said.
if [ "$(id -u)" = 0 ]; then
	mkdir -m 755 roots
	chmod 666 ready wait
	OPTIONS=dir=$TMP/roots said no-permission-at-the-limit yes \
		"ENOMEM.* this is a child process without a recording in $TMP/roots: you have no permission" ./forks user
	AS="setpriv --reuid=65534 --clear-groups" told_of no-permission-running \
		"has no recording: its user may not write to $TMP/roots" ":dir=$TMP/roots"
	for _ in 1 2 3; do
		"$TOOL" run --report=none -- ./forks user 2>err
	done
	grep -q '^vmatrace: forks ran at least once without a recording in .*: you have no permission' err &&
		pass no-permission-run || fail no-permission-run "$(tail -3 err)"
	kept=$(ls -d vmatrace.data*; ls vmatrace.data.old | sed 's/[.].*//')
	[ "$kept" = $'vmatrace.data\nvmatrace.data.old\nforks\nforks\nlost' ] && pass no-permission-set-aside ||
		fail no-permission-set-aside "$kept"
fi

# A program that does little but start another one is not what the report of run is about.
"$TOOL" run -o wrapped -- timeout 60 sh -c "$TARGETS/guard_pages; :" 2>err
grep -q '^==[0-9]*== vmatrace: .*/guard_pages, ' err &&
	grep -qE '^vmatrace: the report is about process [0-9]+, which timeout has started: vmatrace report --pid=[0-9]+ wrapped shows that one$' err &&
	pass run-wrapped || fail run-wrapped "$(head -3 err; tail -3 err)"
"$TOOL" run -o several -- sh -c "/bin/true; $TARGETS/guard_pages; :" 2>err
grep -q '^==[0-9]*== vmatrace: sh -c ' err && pass run-of-several || fail run-of-several "$(head -3 err)"
OPTIONS=log_path=$TMP/log said in-a-log no . ./forks
cat log.* >logs
grep -q 'this is a child process' <(tr -s '\n=0-9 ' ' ' <logs) && pass in-the-childs-log ||
	fail in-the-childs-log "$(head -c 1000 logs)"

finish
