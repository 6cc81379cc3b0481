#!/bin/bash
# SPDX-License-Identifier: MIT
# vmatrace check in the hands of people who do not know it: programs that must raise no alarm, since
# nothing in them grows; verdicts about less than the whole run, which must say so; files that are
# not what they should be; and the status that the library alone gives for each way to end a
# program.
. "$(dirname "$0")/../lib.sh"
HERE=$ROOT/tests/cli
cd "$TMP" || exit 2
export TMPDIR=$TMP
. "$HERE/check_common.sh"

# Workers use the call sites of their parent and inherit its maps, which must not count as theirs.
workers() {
	compile workers
	"$TOOL" check --save=workers.json -- ./workers 5
	check workers-nothing-kept jq -e '[.programs[].sites[]] == []' workers.json
	status workers-other-number 0 "$TOOL" check --baseline=workers.json --per-site=0 -- ./workers 50
	status workers-no-baseline 0 "$TOOL" check --per-site=9 -- ./workers 50
	status workers-leak 23 "$TOOL" check --baseline=workers.json --per-site=0 -- ./workers 50 20
	has workers-leak-place err '\+20 by mmap in take .*workers.c:[0-9]+  \(20, in the baseline 0\)'
	# What the parent keeps does not hide what a worker does; what is allowed is told.
	"$TOOL" check --save=parent.json -- ./workers 5 0 60
	check workers-forked [ "$(jq -c '.programs[] | [.growth > 59, .forked]' parent.json)" = '[true,0]' ]
	status workers-hidden-leak 23 "$TOOL" check --baseline=parent.json -- ./workers 5 20 60
	status workers-hidden-other 0 "$TOOL" check --baseline=parent.json -- ./workers 50 0 60
	check workers-hidden-quiet sh -c '! grep -q note: err'
	status workers-hidden-few 0 "$TOOL" check --baseline=parent.json -- ./workers 5 10 60
	tr -s '\n ' '  ' <err >words
	has workers-hidden-few-told words 'workers: note: \+10 maps by mmap in take: 10 instead of 0 in the baseline; it holds no more in total, so that this passes \(--per-site=N limits'
}

# What workers gain at a call site where their parent holds more is compared with what they gained before.
prefork() {
	local old
	compile prefork
	"$TOOL" check --save=prefork.json -- ./prefork 200 4
	check prefork-saved jq -e '.fork_children' prefork.json
	status prefork-same 0 "$TOOL" check --baseline=prefork.json --per-site=0 -- ./prefork 200 4
	for leaked in 20 60; do
		status "prefork-$leaked" 23 "$TOOL" check --baseline=prefork.json -- ./prefork 200 1 $leaked
		has "prefork-$leaked-place" err \
			"\+$leaked by mmap in take .*prefork.c:[0-9]+  \($leaked in a fork child, in the baseline 0\)$"
		status "prefork-$leaked-growth" 23 "$TOOL" check --max-growth=9 --baseline=prefork.json -- \
			./prefork 200 1 $leaked
		has "prefork-$leaked-growth-said" err "^==.* a fork child of prefork grew by $leaked maps, by 0 in the"
		has "prefork-$leaked-growth-place" err '#0  take .*prefork.c:[0-9]+$'
	done
	# Where one worker may vary, each of four does not do so by chance.
	status prefork-each 23 "$TOOL" check --baseline=prefork.json -- ./prefork 200 4 10
	status prefork-each-growth 23 "$TOOL" check --max-growth=9 --baseline=prefork.json -- ./prefork 200 4 10
	tr -s '\n ' '  ' <err >words
	has prefork-each-growth-said words 'each of the 4 fork children of prefork grew by 10 maps or more, by at most 0 in'
	status prefork-growth-limit 0 "$TOOL" check --max-growth=10 --baseline=prefork.json -- ./prefork 200 4 10
	status prefork-limit 23 "$TOOL" check --per-site=9 --baseline=prefork.json --format=json --output=prefork.out -- \
		./prefork 200 1 10
	check prefork-json jq -e '[.findings[] | .forked, .maps, .base, .allowed] == [true, 10, 0, 9] and
		.programs[0].forked == 10' prefork.out
	keeps_to prefork-json-form check prefork.out
	status prefork-limit-reached 0 "$TOOL" check --per-site=10 --baseline=prefork.json -- ./prefork 200 4 10
	status prefork-suppressed 0 "$TOOL" check --suppressions=<(echo 'vma:^take$') --baseline=prefork.json -- \
		./prefork 200 4 60
	# Workers that differ from one another, and from run to run.
	status prefork-vary 0 "$TOOL" check --baseline=prefork.json -- ./prefork 200 4 1 5
	tr -s '\n ' '  ' <err >words
	has prefork-vary-told words \
		'prefork: note: \+16 maps by mmap in take in a fork child: 16 instead of 0 in the baseline; fork children may vary by 16'
	"$TOOL" check --save=varied.json -- ./prefork 200 4 1 9
	check prefork-varied [ "$(jq -c '.programs[] | [.forked, .sites[0].maps, .sites[0].forked]' varied.json)" = \
		'[28,200,28]' ]
	keeps_to prefork-varied-form baseline varied.json
	status prefork-varied-other 0 "$TOOL" check --baseline=varied.json --per-site=0 -- ./prefork 200 4 28 -9
	# If the parent alone has more, what varies in its workers is not told.
	status prefork-parent 23 "$TOOL" check --baseline=prefork.json -- ./prefork 203 4 1 5
	has prefork-parent-said err '\+3 by mmap in take .*  \(203, in the baseline 200\)$'
	# Workers vary by as much where their parent grows less than they do; a single child is no worker.
	"$TOOL" check --save=small.json -- ./prefork 2 2 8
	status prefork-small 0 "$TOOL" check --baseline=small.json -- ./prefork 2 2 20
	status prefork-small-leak 23 "$TOOL" check --baseline=small.json -- ./prefork 2 2 25
	status prefork-small-parent 23 "$TOOL" check --baseline=small.json -- ./prefork 5 2 8
	"$TOOL" check --save=single.json -- ./prefork 2 1 8
	status prefork-single 23 "$TOOL" check --baseline=single.json -- ./prefork 2 1 11
	# What is suppressed in a worker excuses nothing in its parent.
	for mine in 0 60; do
		status "prefork-excused-$mine" $((mine ? 23 : 0)) "$TOOL" check --suppressions=<(echo 'vma:^take$') \
			--baseline=small.json -- ./prefork 2 2 100 0 $mine
	done
	has prefork-excused-said err '\+60 by mmap in take_own '
	# Older baselines do not know it, and nothing is said of them.
	jq 'del(.fork_children)' prefork.json >older.json
	jq 'del(.fork_children, .programs[].sites[].forked)' varied.json >between.json
	for old in older between; do
		status "prefork-$old" 0 "$TOOL" check --per-site=0 --baseline=$old.json -- ./prefork 200 4 28
		check "prefork-$old-quiet" sh -c '! grep -q "fork child" err'
	done
}

# One C++ program, however it is optimised. Call sites where threads get an arena are left out.
rebuilt() {
	local level
	for level in 0 1 3; do
		c++ -g -O$level -pthread "$HERE/alarms/templates.cc" -o templates || exit 2
		"$TOOL" check --save=templates.$level -- ./templates 2>err
		jq '[.programs[].sites[] | select(.stack | tostring | test("templates!(main|init|std::.*run)"))]' \
			templates.$level >sites.$level
	done
	check rebuilt-1 cmp sites.0 sites.1
	check rebuilt-3 cmp sites.0 sites.3
	check rebuilt-names [ "$(jq -c '[.[].stack | select(length == 2)[0]] | unique' sites.0)" = \
		'["templates!Pool::grow"]' ]
	c++ -g -O2 -pthread -DMORE=4 "$HERE/alarms/templates.cc" -o templates
	status rebuilt-grown 23 "$TOOL" check --baseline=templates.0 -- ./templates
	has rebuilt-whole-name err '^==[0-9]+==   \+4 by mmap in Pool<int>::grow .*templates.cc:'
}

# The verdict names the project's own line, not a header or library of the system. If there are no
# lines, it says why.
own_line() {
	c++ -O2 -pthread -DMORE=4 "$HERE/alarms/templates.cc" -o lineless || exit 2
	status lineless 23 "$TOOL" check --max-growth=0 -- ./lineless
	has lineless-told err '^vmatrace: lineless has no debug information: built with -g, it has lines'
	status lineless-green 0 "$TOOL" check --max-growth=1000 -- ./lineless
	check lineless-green-is-not-told sh -c '! grep -q "no debug information" err'
	status lines 23 "$TOOL" check --max-growth=0 -- ./templates
	check lines-are-not-told sh -c '! grep -q "no debug information" err'
	"$TOOL" check --per-site=0 --format=json --output=own.out -- ./templates 2>err
	check own-line jq -e '[.findings[] | select(.stack | tostring | test("std_thread")) |
		.file] | length > 0 and all(endswith("templates.cc"))' own.out
	cc -g -O1 "$HERE/alarms/library.c" -l:libz.so.1 -o library || exit 2
	status own-library 23 "$TOOL" check --per-site=0 -- ./library
	has own-library-named err 'by mmap in use_library .*library.c:[0-9]+$'
	has own-library-stack err '#[0-9]  inflate.* \(libz.so.1|#[0-9]  deflate.* \(libz.so.1|libz.so.1\+0x'
	"$TOOL" check --save=own.json -- ./library 2>err
	jq '.programs[] |= (.sites = [] | .growth = 0)' own.json >none.json
	status own-library-baseline 23 "$TOOL" check --per-site=0 --baseline=none.json -- ./library
	check own-library-is-not-own sh -c '! grep -q "have no name" err'
}

# The first malloc makes the heap.
heap() {
	echo 'int main(void) { return 0; }' >heap.c && cc heap.c -o heap
	"$TOOL" check --save=heap.json -- ./heap
	printf '#include <stdio.h>\nint main(void) { return !puts("hello"); }\n' >heap.c && cc heap.c -o heap
	status heap 0 "$TOOL" check --baseline=heap.json -- ./heap
	status heap-per-site 0 "$TOOL" check --per-site=0 -- ./heap
}

# Whoever saves a baseline of what varies is told at once, not by the first alarm.
varying() {
	"$TOOL" check --save=templates.json -- ./templates 2>err
	has threads-told err '^vmatrace: templates has threads: .* with templates.json with a tolerance of two maps'
	check threads-once [ "$(wc -l <err)" = 1 ]
	"$TOOL" check --save=templates.json --per-site=16 -- ./templates 2>err
	check threads-known sh -c '! grep -q "has threads" err'
	jq '.programs[] |= (.sites = [] | .growth = 0)' templates.json >less.json
	VMATRACE_SAVE_WITH=it status threads-failed 23 "$TOOL" check --baseline=less.json -- ./templates
	has threads-failed-tolerance err '^each, such as VMATRACE_CHECK=--per-site=16 for eight, or '
	"$TOOL" check --save=heap.json -- ./heap 2>err >out
	check threads-none [ ! -s err ]
}

# A phase of a script: the marks are set through ctypes, and its maps are gone at the end.
script() {
	local phase="--from=warm --to=done --max-growth=0"
	# shellcheck disable=SC2086
	{
	status script 0 "$TOOL" check $phase -- /usr/bin/python3 "$HERE/alarms/phase.py" 0
	status script-grown 23 "$TOOL" check $phase -- /usr/bin/python3 "$HERE/alarms/phase.py" 7
	has script-grown-said err 'python[0-9.]* grew by 7 maps, limit 0$'
	}
	status script-untraced 0 /usr/bin/python3 "$HERE/alarms/phase.py" 7
}

# A verdict about less than the whole run says so, whether it is green or red.
endings() {
	compile ends
	status killed 139 "$TOOL" check --max-maps=1000 -- ./ends segv
	has killed-said err '^vmatrace: ./ends was killed by signal 11 \(Segmentation fault\);'
	status failed 3 "$TOOL" check --max-maps=1000 -- ./ends return 3
	has failed-said err '^vmatrace: ./ends ended with status 3, and so does this check'
	status failed-saved 3 "$TOOL" check --save=failed.json -- ./ends return 3
	has failed-saved-said err '^vmatrace: the baseline failed.json comes from that run;'
	# Also without a report, the output says that the program itself was not traced.
	status untraced 3 "$TOOL" run --report=none -o untraced -- env LD_PRELOAD= ./ends return 3
	has untraced-said err '^vmatrace: [^ ]*env became another program, which was not traced:'
	# A check that examines nothing has not passed.
	status vanished 2 "$TOOL" check --max-growth=5 -- env -i ./ends return
	has vanished-said err '^vmatrace: no process was traced to its end: env became another program;'
	status vanished-child 23 "$TOOL" check --max-growth=5 -- sh -c 'env -i ./ends return; exit 0'
	has vanished-child-fails err '^==[0-9]+== ERROR: vmatrace: env: at the end of 1 of its processes'
	has vanished-child-limit err 'a program that is not traced.., limit 0 \(--allow-uncompared=N\)$'
	has vanished-child-way err '^vmatrace: env: --allow-uncompared=1 allows this, if it is meant to'
	status killed-worker 23 "$TOOL" check --max-growth=50 -- sh -c 'sleep 9 & sleep 0.3; kill -9 $!; wait'
	has killed-worker-said err '^vmatrace: sleep: pid [0-9]+ \(killed\?\); if these are workers .*allow as many'
	status vanished-child-allowed 0 "$TOOL" check --max-growth=5 --allow-uncompared=1 -- \
		sh -c 'env -i ./ends return; exit 0'
	has vanished-child-said err '^vmatrace: env became another program that was not traced '
	# A fork or vfork child that becomes an untraced program at once has no recording of its own.
	cat >spawns.c <<-'END'
		#define _GNU_SOURCE
		#include <fcntl.h>
		#include <spawn.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		#include <sys/wait.h>
		#include <unistd.h>
		extern char **environ;

		/* spawns fork|vfork|spawn|fd PROGRAM [VARIABLE...]: with these variables of our environment */
		int main(int argc, char **argv)
		{
			char *with[100], *args[] = { argv[2], "return", NULL };
			int n = 0, status;
			pid_t pid;

			for (int i = 3; i < argc; i++)
				if (getenv(argv[i]))
					asprintf(&with[n++], "%s=%s", argv[i], getenv(argv[i]));
			with[n] = NULL;
			if (!strcmp(argv[1], "spawn"))
				pid = posix_spawn(&pid, argv[2], NULL, NULL, args, with) ? -1 : pid;
			else if (!strcmp(argv[1], "vfork"))
				pid = vfork();
			else
				pid = fork();
			if (!pid) {
				if (!strcmp(argv[1], "fd"))
					fexecve(open(argv[2], O_RDONLY), args, with);
				execve("/no/such/program", args, with + n);
				execve(argv[2], args, with);
				_exit(127);
			}
			waitpid(pid, &status, 0);
			return WEXITSTATUS(status);
		}
	END
	cc -Wno-all spawns.c -o spawns || exit 2
	for way in fork vfork spawn fd; do
		status "given up by $way" 23 "$TOOL" check --max-growth=5 -- ./spawns $way ./ends HOME
		has given-up-said err '^vmatrace: spawns ran at least once without .*: a child of it became another program, with an environment without vmatrace in LD_PRELOAD'
		has given-up-fails err '^==[0-9]+== ERROR: vmatrace: spawns: at the end of 1 of its processes'
		status "given up by $way: allowed" 0 "$TOOL" check --max-growth=5 --allow-uncompared=1 -- \
			./spawns $way ./ends HOME
		status "kept by $way" 0 "$TOOL" check --max-growth=50 -- \
			./spawns $way ./ends HOME LD_PRELOAD VMATRACE_OPTIONS
		check "kept by $way: nothing is told" sh -c '! grep -q "ran at least once" err'
	done
	status "not recorded" 23 "$TOOL" check --max-growth=5 -- ./spawns fork ./ends LD_PRELOAD
	status "no such program" 127 "$TOOL" check --max-growth=5 -- ./spawns fork ./no-ends HOME
	check "no such program: nothing is told" sh -c '! grep -q "ran at least once" err'
	# The same of shells and scripts, under run as well.
	told='a child of it became another program, with an environment without vmatrace|became another program,? (which|that) was not traced'
	printf '#!/bin/sh\nLD_PRELOAD=libm.so.6 /bin/true\n:\n' >start.sh
	printf '#!/bin/bash\nexport LD_PRELOAD=libm.so.6\n"$@"\n' >inner.sh
	printf '#!/bin/sh\nexec ./inner.sh /bin/true\n' >outer.sh
	printf '#!/bin/sh\n# LD_PRELOAD=none\nLD_PRELOAD_X=1 /bin/true\n:\n' >innocent.sh
	chmod +x start.sh inner.sh outer.sh innocent.sh
	for script in 'LD_PRELOAD=libm.so.6 /bin/true; :' 'export LD_PRELOAD="libm.so.6"; /bin/true; :' \
		'unset LD_PRELOAD; /bin/true; :' 'env -u LD_PRELOAD /bin/true; :' \
		'if LD_PRELOAD=libm.so.6 /bin/true; then :; fi' 'sh -c "LD_PRELOAD=libm.so.6 /bin/true; :"' \
		'echo "$(A=1 LD_PRELOAD=libm.so.6 /bin/true)"; :' './outer.sh; :' ./start.sh \
		'timeout 9 /usr/bin/env A=1 LD_PRELOAD=libm.so.6 /bin/true; :'; do
		status "run $script" 0 "$TOOL" run --report=none -o replaced -- sh -c "$script"
		has replaced-said err "$told"
		"$TOOL" check --max-growth=50 -- sh -c "$script; :" >out 2>err
		check "check $script" [ $? = 23 ]
		has replaced-check-said err "$told"
	done
	status replaced-exec 0 "$TOOL" run --report=none -o replaced -- sh -c 'LD_PRELOAD=libm.so.6 exec /bin/true'
	has replaced-exec-said err "$told"
	for script in 'LD_PRELOAD="libm.so.6 $LD_PRELOAD" /bin/true; :' 'echo $LD_PRELOAD' ./innocent.sh \
		'echo LD_PRELOAD=libm.so.6' 'no-such-program; true'; do
		status "run $script" 0 "$TOOL" run --report=none -o replaced -- sh -c "$script"
		check kept-said sh -c '! grep -q vmatrace: err'
	done
	status replaced-by-env 0 "$TOOL" check --max-growth=5 --allow-uncompared=1 -- \
		sh -c 'env -u LD_PRELOAD ./ends return; exit 0'
	status replaced-by-both 0 "$TOOL" check --max-growth=50 -- \
		sh -c 'LD_PRELOAD="libm.so.6 $LD_PRELOAD" ./ends return'
	status replaced-in-others 0 "$TOOL" check --max-growth=50 --program=ends -- \
		sh -c 'LD_PRELOAD=libm.so.6 /bin/true; ./ends return'
	status mentioned 0 "$TOOL" check --max-growth=50 -- sh -c 'echo LD_PRELOAD=x; ./ends return'
	status mentioned-to-program 0 "$TOOL" check --max-growth=50 -- ./ends return 0 LD_PRELOAD=x
	status exec 23 "$TOOL" check --max-growth=5 -- env A=1 ./ends return
	compile rounds
	status rounds 0 "$TOOL" check --from=round --to=done --warmup=5 -- ./rounds 500
	status rounds-too-many 2 "$TOOL" check --from=round --to=done --warmup=5 -- ./rounds 2000
	has rounds-too-many-said err 'more marks than a recording has room for \(1,024'
}

# way WANTED WAY STATUS: the program ends with too many maps, under the library alone.
way() {
	alone "way-$2-$3" "$1" max_growth=9 ./ends "$2" "$3" 2>/dev/null
}

# A process without a recording, or without all of its call sites, may have grown: no verdict may pass.
unrecorded() {
	local why
	echo 'int main(void) { return 0; }' >plain.c && cc plain.c -o plain
	compile two_sites
	status unrecorded-size 23 "$TOOL" check --max-growth=5 -- sh -c 'ulimit -f 8; ./plain; :'
	has unrecorded-size-said err '^vmatrace: plain ran at least once without a recording in .*ulimit -f'
	has unrecorded-size-fails err '^==[1-9][0-9]*== ERROR: vmatrace: plain: at the end of 1 of its'
	status unrecorded-allowed 0 "$TOOL" check --max-growth=5 --allow-uncompared=1 -- \
		sh -c 'ulimit -n 4; ./plain; ./plain; :'
	has unrecorded-descriptors err '^vmatrace: plain ran .*: no file descriptor is left'
	status unrecorded-others 0 "$TOOL" check --max-growth=5 --program='*sh' -- \
		sh -c 'ulimit -n 4; ./plain; :'
	status unrecorded-saved 0 "$TOOL" check --save=unrecorded.json -- sh -c 'ulimit -n 4; ./plain; :'
	has unrecorded-saved-said err '^vmatrace: plain: the end of 1 of its processes was not compared'
	has unrecorded-saved-way err 'a check of the same needs --allow-uncompared=1\.$'
	check unrecorded-not-saved jq -e 'all(.programs[]; .program != "plain")' unrecorded.json
	status unrecorded-all 2 sh -c 'ulimit -f 8; exec "$0" check --max-growth=5 -- ./plain' "$TOOL"
	has unrecorded-all-said err '^vmatrace: ./plain left no recording;'
	"$TOOL" run --report=none -o lost -- sh -c 'ulimit -f 8; ./plain; :' 2>err
	has unrecorded-run err '^vmatrace: plain ran at least once without a recording in .*/lost: the file'
	status unrecorded-later 23 "$TOOL" check --max-growth=5 lost
	# As in a bare chroot, where the program's name is known only from its call.
	LEAK=1 status no-proc 23 unshare -rm sh -c 'mount -t tmpfs none /proc && exec "$0" "$@"' \
		"$TOOL" check --max-growth=0 -- ./two_sites
	has no-proc-named err '^==[0-9]+== ERROR: vmatrace: two_sites grew by'
	has no-proc-stack err ' of them by [a-z]+ in an unknown stack$'
	has no-proc-said err '^vmatrace: two_sites could not read /proc/self/maps, so nothing was compared'
	mkfifo nobody
	status left-alone 125 bash -c 'exec 3<>nobody 4>nobody 3>&-; "$0" check --max-maps=5 -- ./plain >&4 2>&4' \
		"$TOOL"
	check unrecorded-cleaned [ -z "$(ls -d "$TMP"/vmatrace-check.* 2>/dev/null)" ]
	[ "$(id -u)" = 0 ] && mkdir disk && mount -t tmpfs -o size=512k tmpfs disk 2>/dev/null || {
		echo "--   unrecorded-disk              not run: needs the right to mount a tmpfs"
		return
	}
	TMPDIR=$TMP/disk status unrecorded-disk 23 "$TOOL" check --max-growth=5 -- \
		sh -c 'dd if=/dev/zero of=disk/zero bs=1k; ./plain; :'
	has unrecorded-disk-said err '^vmatrace: plain ran at least once .*: the disk is full\.$'
	rm disk/zero
	mount -o remount,size=8k disk
	TMPDIR=$TMP/disk LEAK=1 status cut-short 23 "$TOOL" check --per-site=99 -- ./two_sites
	has cut-short-said err '^vmatrace: two_sites: a recording lacks call sites, since the disk was full'
	umount disk
	# Another user's process cannot record, and says so in a folder that is open to it.
	chmod 711 "$TMP"
	status unrecorded-user 23 "$TOOL" check --max-growth=99 -- su nobody -s /bin/sh -c /bin/true
	for why in ".*sh" true; do
		has "unrecorded-user-$why" err "^vmatrace: $why ran .*: you have no permission to write"
	done
	check unrecorded-user-cleaned [ -z "$(ls -d "$TMP"/vmatrace-check.* 2>/dev/null)" ]
}

ways_out() {
	local way
	for way in return exit _exit quick_exit exit_group thread_exit thread__exit atexit at_quick_exit; do
		way 23 "$way" 0
		way 3 "$way" 3
	done
	way 23 pthread_exit 0
	way 0 nothing 0
	way 0 fork 0	# a child is judged only when asked for
	way 137 kill 0
	way 139 segv 0
	DESTRUCTOR=1 way 23 nothing 0
	alone way-fork-judged 23 max_growth=9:children=report ./ends fork 0
}

# unusable NAME FILE PATTERN: check and diff refuse FILE as a baseline, for this reason
unusable() {
	status "baseline-$1" 2 "$TOOL" check --baseline="$2" rec
	has "baseline-$1-said" err "^vmatrace: $2 is not a usable baseline: $3; vmatrace check --save=FILE makes one\.$"
}

baselines() {
	"$TOOL" run --report=none -o rec -- ./ends return >/dev/null
	"$TOOL" check --save=base.json rec
	: >empty && unusable empty empty 'it is empty'
	mkdir -p folder && unusable folder folder 'Is a directory'
	cp rec/*.vmt recording && unusable recording recording 'it is a recording'
	sed '3i<<<<<<< HEAD' base.json >conflict && unusable conflict conflict '.* \(line 3\)'
	sed 's,baseline/1,baseline/2,' base.json >newer
	unusable newer newer 'its schema is not vmatrace.baseline/1 but "vmatrace.baseline/2"'
	unusable missing nowhere 'No such file or directory'
	printf '\xef\xbb\xbf' | cat - base.json | sed 's/$/\r/' >windows.json
	status baseline-of-windows 0 "$TOOL" check --baseline=windows.json rec
	status baseline-of-windows-diff 0 "$TOOL" diff windows.json rec
	status baseline-from-a-pipe 0 "$TOOL" check --baseline=<(cat base.json) rec
	status baseline-from-a-pipe-diff 0 "$TOOL" diff <(cat base.json) rec
	places
}

# A file that exists keeps its type: a link, a pipe (or a device).
places() {
	echo old >real.json && ln -s real.json link.json
	status save-through-a-link 0 "$TOOL" check --save=link.json rec
	check save-through-a-link-kept [ -L link.json ]
	check save-through-a-link-written cmp real.json base.json
	ln -s nowhere/x.json dangling.json
	status save-through-a-dangling-link 125 "$TOOL" check --save=dangling.json rec
	mkfifo pipe
	cat pipe >from-pipe &
	reader=$!
	status save-to-a-pipe 0 "$TOOL" check --save=pipe rec
	[ -p pipe ] || kill $reader	# it would wait for ever
	wait $reader
	check save-to-a-pipe-kept [ -p pipe ]
	check save-to-a-pipe-written cmp from-pipe base.json
}

# generated NAME LIMITS...: the output of --generate-suppressions makes the same check pass.
generated() {
	local name=$1
	shift
	status "generated-$name-before" 23 "$TOOL" check "$@" --generate-suppressions=lines -- ./templates
	status "generated-$name" 0 "$TOOL" check "$@" --suppressions=lines -- ./templates
}

# pasted NAME OPTIONS...: the lines that the failure prints, put into a file, make that very check pass
pasted() {
	local name=$1
	shift
	LEAK=1 status "pasted-$name-before" 23 "$TOOL" check "$@" -- ./two_sites
	grep -E '^  (vma|split):' err >lines
	check "pasted-$name-lines" [ "$(grep -cE '(split:\^guard|vma:\^take)\$' lines)" = 2 ]
	LEAK=1 status "pasted-$name" 0 "$TOOL" check "$@" --suppressions=lines -- ./two_sites
}

suppressions() {
	compile two_sites
	"$TOOL" check --save=two_sites.json -- ./two_sites >/dev/null
	pasted baseline --baseline=two_sites.json
	pasted sites --per-site=0
	pasted growth --max-growth=0
	status two-sites-none 0 "$TOOL" check --max-growth=0 -- ./two_sites
	generated growth --max-growth=5
	generated sites --per-site=1
	generated both --max-growth=3 --per-site=0 --baseline=templates.0
	status generated-none 23 "$TOOL" check --max-maps=5 --generate-suppressions=lines -- ./templates
	check generated-none-said [ "$(grep -c '^#.*no suppression lifts this limit$' lines)" = "$(wc -l <lines)" ]
	status generated-full-disk 125 "$TOOL" check --max-growth=5 --generate-suppressions=/dev/full \
		-- ./templates
	printf 'vma:Pool\nvma:never\n' >lines
	status known 0 "$TOOL" check --per-site=100 --suppressions=lines -- ./templates
	has known-said err 'lines:2: vma:never matched nothing'
	printf 'vma:init\n' >lines
	c++ -g -O0 -pthread "$HERE/alarms/templates.cc" -o templates
	status matched-not-grown 0 "$TOOL" check --baseline=templates.0 --suppressions=lines -- ./templates
	check matched-not-grown-quiet sh -c '! grep -q "matched nothing" err'
}

# Functions of system headers are one line, as in the report, and the project's own line that called
# them is among those shown, however deep it is.
folded() {
	c++ -g -O1 -fno-optimize-sibling-calls -Wno-all "$HERE/alarms/folded.cc" -o folded || exit 2
	status folded 23 "$TOOL" check --per-site=9 -- ./folded
	has folded-headers err '^==[0-9]+==     \.\.\. [0-9]+ functions of system headers$'
	has folded-called err '#[0-9]+ +std::make_shared<session.*'
	has folded-line err "#[0-9]+ +accept_loop.*folded.cc:$(grep -n LINE-ACCEPT "$HERE/alarms/folded.cc" | cut -d: -f1)\$"
	check folded-only sh -c '! grep -q "_Sp_counted_ptr_inplace" err'
	has folded-deep err '^==[0-9]+==     #7  d8 '
	has folded-left-out err '^==[0-9]+==     \.\.\. [0-9]+ frames$'
	has folded-caller err '#[0-9]+ +sort_all.*folded.cc:[0-9]+$'
	for format in junit github; do
		"$TOOL" check --per-site=9 -f $format -o folded.$format -- ./folded 2>err
		has folded-$format folded.$format 'functions of system headers'
		has folded-$format-line folded.$format '#[0-9]+ accept_loop'
		has folded-$format-all folded.$format '#[0-9]+ d10 '
		check folded-$format-only sh -c "! grep -q _Sp_counted_ptr_inplace folded.$format"
	done
}

# The cases of JUnit have short names, which tell call sites apart, and are the same in each run.
cases() {
	local run
	compile deep
	for run in 1 2; do
		status cases-$run 23 "$TOOL" check --per-site=5 --format=junit -o cases.xml -- ./deep
		grep -o 'testcase.* name="per-site: [^"]*"' cases.xml >cases.$run
	done
	check cases-are-short [ "$(grep -cE 'mmap in innermost[a-z_]*, called_by[a-z_]*, \.\.\. [0-9a-f]{8}"$' cases.1)" = 2 ]
	check cases-differ [ "$(sort -u cases.1 | wc -l)" = 2 ]
	check cases-stay cmp cases.1 cases.2
}

workers
prefork
rebuilt
own_line
heap
varying
script
endings
unrecorded
ways_out
baselines
suppressions
cases
folded
finish
