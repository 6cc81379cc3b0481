#!/bin/sh
# SPDX-License-Identifier: MIT
# vmatrace run: status and signals are passed on, and programs that cannot be traced are named.
. "$(dirname "$0")/common.sh"

run() { "$VMATRACE" run -o data "$@"; }
end_of() { run --report=json "$@" 2>&1 >/dev/null | jq -c '.processes[0]|[.end,.status]'; }

check "status of the program" status 3 run -- sh -c 'echo out; exit 3'
check "its output alone on stdout" [ "$(cat out)" = out ]
check "report on stderr" has err '^SUMMARY: vmatrace'
check "128 + signal" status 137 run sh -c 'kill -KILL $$'
check "…is told" has err 'killed by SIGKILL'
check "end and status: killed" [ "$(end_of sh -c 'kill -SEGV $$')" = '["signal",11]' ]
check "end and status: exit" [ "$(end_of sh -c 'exit 5')" = '["exit",5]' ]
check "no report" status 0 run --report=none true
check "…nothing printed" [ ! -s err ]
check "report file" status 0 run --report-file=rep true
check "…is written" has rep SUMMARY
check "log_path" status 0 env VMATRACE_OPTIONS=log_path=log "$VMATRACE" run -o data true
check "…is where the report goes" sh -c 'grep -q SUMMARY log.[0-9]*'
check "…which is its owner's" [ "$(stat -c %a log.[0-9]*)" = 600 ]
mkdir shared && chmod 1777 shared
for kind in file link; do
	echo precious >victim
	check "log_path over a $kind of others" status 0 env VMATRACE_OPTIONS=log_path=shared/log \
		"$VMATRACE" run -o data sh -c 'if [ $0 = file ]; then cat victim >shared/log.$$; else
			ln -sf ../victim shared/log.$$; fi' $kind
	check "…writes beside it" sh -c '[ "$(cat victim)" = precious ] &&
		grep -q SUMMARY shared/log*-[23] && ! grep -l precious shared/* | xargs grep -q SUMMARY'
	rm -f shared/*
done
check "options of the program are its own" [ "$(run --report=none echo -n -o x)" = "-o x" ]
check "LD_PRELOAD is kept" [ "$(LD_PRELOAD=libm.so.6 run --report=none sh -c 'echo $LD_PRELOAD')" = \
	"$work/preload/libvmatrace.so:libm.so.6" ]
check "a directory with its parents" status 0 "$VMATRACE" run --report=none -o new/deep/er true
check "…is made" sh -c 'ls new/deep/er | grep -q vmt'
printf x >file-in-the-way
check "a parent that is a file" status 125 "$VMATRACE" run -o file-in-the-way/sub true
check "…is told" has err "cannot make the directory file-in-the-way/sub: Not a directory; name another with -o"
rm -r new file-in-the-way
check "VMATRACE_OPTIONS is kept" [ "$(VMATRACE_OPTIONS=a=1 run --report=none -O b=2 \
	sh -c 'echo $VMATRACE_OPTIONS')" = "a=1:b=2:report=0:dir=$work/data" ]
# What the library says while the program runs goes to its standard error, unless that has another format.
of_library() { run "$@" sh -c 'echo $VMATRACE_OPTIONS' 2>/dev/null; }
check "the library reports at the limit" [ "$(of_library)" = "report=limit:dir=$work/data" ]
check "…in lines, beside a file" [ "$(of_library --report-file=rep)" = "report=lines:dir=$work/data" ]
check "…of any format" [ "$(of_library --report=json --report-file=rep)" = "report=lines:dir=$work/data" ]
check "…nothing among JSON" [ "$(of_library --report=json)" = "report=0:dir=$work/data" ]
check "…nothing without a report" [ "$(of_library --report=none --report-file=rep)" = "report=0:dir=$work/data" ]

# Without -o an older recording is moved away, and not mixed with the new one.
mkdir aside && cd aside || exit 2
recordings() { ls "$1" 2>/dev/null | wc -l; }
"$VMATRACE" run --report=none true
"$VMATRACE" run --report=none sh -c '/bin/true; :'
check "the default directory holds the last run" [ "$(recordings vmatrace.data)" = 2 ]
check "…and .old the one before" [ "$(recordings vmatrace.data.old)" = 1 ]
"$VMATRACE" run --report=none true
check "…whatever was there" [ "$(recordings vmatrace.data.old)" = 2 ]
: >vmatrace.data.old/mine
"$VMATRACE" run --report=none true
check "nobody's files are removed" [ -e vmatrace.data.old/mine ]
"$VMATRACE" run --report=none -o kept true && "$VMATRACE" run --report=none -o kept true
check "-o adds to what is there" [ "$(recordings kept)" = 2 ]
check "children are told of" status 0 "$VMATRACE" run -o more sh -c '/bin/true; :'
check "…with the next step" has err "^vmatrace: 1 more recording, up to 26 maps: vmatrace report more"
check "…but not where there are none" status 0 "$VMATRACE" run -o none true
check "…at all" sh -c '! grep -q "more recording" err'
# A daemon is still running when the program that started it has ended, and may have no recording yet.
cat >daemon.c <<'EOF'
#include <fcntl.h>
#include <unistd.h>
int main(int count, char **arguments)
{
	if (fork())
		return 0;
	close(1);
	close(2);
	return open(arguments[count - 1], O_RDONLY) < 0;
}
EOF
$CC daemon.c -o daemon && mkfifo daemon.end
check "a daemon" status 0 "$VMATRACE" run -o daemons -- ./daemon daemon.end
check "…is told of" has err "^vmatrace: 1 process that it started still runs: vmatrace top daemons now, vmatrace report daemons at the end"
: >daemon.end
# What runs at that moment may be a process in the middle, that ends when it has started the daemon.
cat >middle.c <<'EOF'
#include <fcntl.h>
#include <unistd.h>
int main(int count, char **arguments)
{
	if (count < 3 || fork())
		return 0;
	close(1);
	close(2);
	close(open(arguments[1], O_RDONLY));
	return !fork() && open(arguments[2], O_RDONLY) < 0;
}
EOF
$CC middle.c -o middle && mkfifo middle.goes middle.end
check "one with a process in the middle" status 0 "$VMATRACE" run -o twice -- ./middle middle.goes middle.end
check "…which is not named" has err "^vmatrace: 1 process that it started still runs: vmatrace top twice now, vmatrace report twice at the end"
: >middle.goes
: >middle.end

# Without an argument, report takes what run left.
check "report of the last run" status 0 "$VMATRACE" report
check "…is that of vmatrace.data" has out '^SUMMARY: vmatrace'
check "report --merge as well" status 0 "$VMATRACE" report --merge
check "--pid of what is not there" status 2 "$VMATRACE" report --pid=1 nowhere
check "…is one complaint" [ "$(wc -l <err)" = 1 ]
if [ "$(id -u)" = 0 ]; then
	# The recordings here are root's; a run of somebody else says one thing about that.
	mkdir others && chmod 755 others . "$work" "$work/tools" "$work/preload" && cp -r vmatrace.data others/
	check "somebody else's directory" status 125 sh -c 'cd others && exec setpriv --reuid=65534 \
		--regid=65534 --clear-groups "$0" run true' "$VMATRACE"
	check "…is one complaint" sh -c '[ "$(wc -l <err)" = 1 ] && grep -q "cannot write to the directory vmatrace.data" err'
fi

cd "$work" || exit 2

# A signal sent to the tool reaches the program, which ends as it likes.
"$VMATRACE" run -o data --report=none sh -c 'trap "exit 9" TERM; : >ready; while :; do sleep 0.05; done' &
tries=0
while [ ! -e ready ] && [ $((tries += 1)) -lt 1000 ]; do sleep 0.05; done
kill -TERM $!
wait $!
check "SIGTERM is passed on" [ $? = 9 ]

echo 'int main(void) { return 0; }' >p.c
$CC -static p.c -o static 2>/dev/null && {
	check "static" status 125 run ./static
	check "…is explained" has err 'static is statically linked.*vmatrace maps PID'
	printf '#!%s/static\n' "$work" >script && chmod +x script
	check "script of a static interpreter" status 125 run ./script
}
$CC -fsanitize=address p.c -o asan 2>/dev/null && {
	check "AddressSanitizer" status 125 run --report=none ./asan
	check "…is explained" has err 'set ASAN_OPTIONS=verify_asan_link_order=0'
	check "…and runs when told so" status 0 env ASAN_OPTIONS=verify_asan_link_order=0 \
		"$VMATRACE" run -o data --report=none ./asan
}
# 32-bit: enough of a header for the kernel and us.
printf '\177ELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\3\0\1\0\0\0%060d' 0 >bit32 && chmod +x bit32
check "32-bit" status 125 run ./bit32
printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\267\0\1\0\0\0%060d' 0 >arm && chmod +x arm
check "another processor" status 125 run ./arm
check "…is named" has err 'arm is a program for 64-bit ARM'
if [ "$(id -u)" = 0 ]; then
	$CC p.c -o suid && chown 65534 suid && chmod u+s suid
	check "setuid" status 125 run ./suid
fi
check "missing" status 127 run ./nowhere
check "not in PATH" status 127 run no-such-program-here
: >plain
check "not executable" status 126 run ./plain
check "directory" status 126 run /
printf 'echo by shell $1\n' >noshebang && chmod +x noshebang
check "script without #!" [ "$(run --report=none ./noshebang arg)" = "by shell arg" ]
check "no program" status 2 run
check "unwritable directory" status 125 "$VMATRACE" run -o /proc/x true
check "library path" [ "$("$VMATRACE" --print-lib)" = "$work/preload/libvmatrace.so" ]
# As in a bare chroot.
bare() { unshare -rm sh -c 'mount -t tmpfs none /proc && exec "$@"' sh "$@" 2>&1; }
check "library path without /proc" [ "$(bare "$VMATRACE" --print-lib)" = "$work/preload/libvmatrace.so" ]
check "run without /proc" sh -c 'echo "$1" | grep -q "memory calls"' sh "$(bare "$VMATRACE" run -o bare -- true)"
check "maps without /proc" [ "$(bare "$VMATRACE" maps 1)" = \
	"vmatrace: /proc is not mounted, so no process can be looked at." ]
check "report PID without /proc" [ "$(bare "$VMATRACE" report 1)" = \
	"vmatrace: 1: no such file, and as /proc is not mounted, no process can be looked at." ]
finish
