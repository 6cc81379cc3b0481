#!/bin/bash
# SPDX-License-Identifier: MIT
# Why calls fail: the test provokes each reason. The recording must name it, the report must say it
# in words, and if it is the map limit, a message must come at that moment.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

# by WAY REASON: a call that fails in this way does so for this reason
by() {
	dir=$TMP/$1
	plain "$dir/plain" "$TARGETS/fails_for" "$1"
	traced "$dir" "" "$TARGETS/fails_for" "$1"
	said=$(differences "$dir/plain" "$dir")
	found=$("$TOOL" report --format=json "$dir/rec" 2>&1 |
		jq -r '[.processes[].failures[].reason] | unique | join(",")' 2>&1)
	if [ -z "$said" ] && [ "$found" = "$2" ]; then
		pass "$1" "$(cat "$dir/out")"
	else
		fail "$1" "$said found '$found'"
	fi
}

for reason in map-limit rlimit-as rlimit-data rlimit-memlock overcommit address-space huge-pages hole sealed; do
	by $reason $reason
done
for way in mmap future mremap brk; do
	by locked-$way rlimit-memlock
done
by lock-all rlimit-memlock
by dontdump-limit map-limit
by lock-limit map-limit
fields "fields of failures" "$TMP/map-limit/rec"

# Threads and processes that are refused are no matter of maps, and have no call site.
for way in threads forks; do
	"$TOOL" run -o $way.rec -- "$TARGETS/fails_for" $way >$way.out 2>$way.txt
	[ "$("$TARGETS/fails_for" $way)" = "$(cat $way.out)" ] || fail "$way: the same errno" "$(cat $way.out)"
	check "$way: counted" [ "$("$TOOL" report --format=json $way.rec |
		jq -c ".processes[0].refused | [.$way, .errno, .reason, .limit]")" = '[3,"EAGAIN","rlimit-nproc",1]' ]
	name=$(echo $way | sed 's/threads/pthread_create/;s/forks/fork/')
	check "$way: said" [ "$(tr -s ' \n' ' ' <$way.txt | sed 's/==[0-9]*== //g' | grep -c \
		"failure $name failed 3 times: EAGAIN, because of the limit of a user's processes and threads (ulimit -u), which is 1, not of the maps")" = 1 ]
done
fields "fields of refused threads" threads.rec

# Nor may the tool be started then, which is not for want of a library.
LD_PRELOAD=$LIB "$TARGETS/fails_for" forks >tool.out 2>tool.txt
check "forks: no tool" [ "$(tr -s ' \n' ' ' <tool.txt | sed 's/==[0-9]*== //g' | grep -c \
	"no lines and causes: a limit on processes (ulimit -u, or pids.max of a cgroup) leaves none for the vmatrace tool")" = 1 ]

# In a new PID namespace nothing starts once its first process has ended, as after unshare --fork.
LD_PRELOAD=$LIB unshare --user --map-root-user --pid --fork true >pid.out 2>pid.txt
check "pid namespace: no tool" [ "$(tr -s ' \n' ' ' <pid.txt | sed 's/==[0-9]*== //g' | grep -c \
	"no lines and causes: no process can be started (ENOMEM): the first one of its PID namespace has ended")" = 1 ]

line=$(grep -n 'if (mprotect(at' "$ROOT/tests/targets/fails_for.c" | cut -d: -f1)
# A thread or a process may have been refused, or killed, for other reasons than maps. `run` tells
# this from its control group.

# in_group CONTROLLER FILE VALUE COMMAND...: run it in a new control group with this limit
in_group() {
	local controller=$1 file=$2 value=$3 group own
	shift 3
	own=$(sed -n "s/^[0-9]*:$controller://p" /proc/self/cgroup)
	for group in /sys/fs/cgroup/$controller$own /sys/fs/cgroup/$controller \
		/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup); do
		group+=/vmatrace-$$
		mkdir "$group" 2>/dev/null || continue
		if echo "$value" 2>/dev/null >"$group/$file"; then
			timeout -k 5 60 sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@"
			STATUS=$?
			rmdir "$group"
			return
		fi
		rmdir "$group"
	done
	return 1
}

STATUS=
if in_group pids pids.max 30 "$TOOL" run -o pids.rec -- "$TARGETS/causes" threads 100 >out 2>err ||
	[ -n "$STATUS" ]; then
	check "pids.max: said" grep -q 'limit on tasks (pids.max) of its control group refused' err
	check "pids.max: no failure of memory" [ "$(grep -c '^==[0-9]*==   failure' err)" = 1 ]
	check "pids.max: the library says so" [ "$(tr -s ' \n' ' ' <err | sed 's/==[0-9]*== //g' | grep -c \
		'failure pthread_create failed once: EAGAIN, because of pids.max of its control group, which is 30, not of the maps')" = 1 ]
else
	echo "--   pids.max                     not run: no control group can be made here"
fi
STATUS=
if in_group memory memory.limit_in_bytes 60M "$TOOL" run -o memory.rec -- "$TARGETS/eats_memory" >out 2>err ||
	[ -n "$STATUS" ] || in_group memory memory.max 60M "$TOOL" run -o memory.rec -- \
	"$TARGETS/eats_memory" >out 2>err || [ -n "$STATUS" ]; then
	check "memory.max: status" [ "$STATUS" = 137 ]
	check "memory.max: said" grep -q 'killed 1 of the processes of its control group for lack' err
else
	echo "--   memory.max                   not run: no control group can be made here"
fi
"$TOOL" run -o none.rec -- true >out 2>err
check "no control group's limit" [ "$(grep -c 'control group' err)" = 0 ]

for said in '80 % of vm.max_map_count' '95 % of vm.max_map_count' 'mprotect failed: ENOMEM, because' \
	"fails_for.c:$line" 'limit reached'; do
	if grep -qF "$said" "$TMP"/map-limit/log.*; then pass "says '$said'"; else fail "says '$said'"; fi
done

check "two reports: which is which" [ "$(tr -s ' \n' ' ' <"$(echo "$TMP"/map-limit/log.*)" | sed 's/==[0-9]*== //g' |
	grep -c 'SUMMARY.*this second report is of the end; the first one is of the moment when the limit was reached.*SUMMARY')" = 1 ]
check "one report: nothing of that" [ "$(cat "$TMP"/rlimit-as/log.* | grep -c "second report") $(cat "$TMP"/rlimit-as/log.* | grep -c SUMMARY)" = "0 1" ]

# After a quiet time, the mean since the start says nothing of how long is left.
cat >late.c <<'EOF'
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
static void *page(void) { return mmap(0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0); }
int main(void)
{
	const struct timespec pause = { 0, 1000000 };

	for (int i = 0; i < 200; i++)
		page();
	usleep(3000000);
	for (long n = 0;; n++) {
		if (page() == MAP_FAILED)
			return 0;
		if (n % 100 == 0)
			nanosleep(&pause, 0);
	}
}
EOF
cc -g late.c -o late || exit 2
"$TOOL" run -o late.rec -- ./late >out 2>err
rate_after() { tr -s ' \n' ' ' <err | sed 's/==[0-9]*== //g' | grep -oE "$1" | tail -1 | grep -oE '\+[0-9,]+' | tr -d '+,'; }
seconds=$(sed -nE 's/.* vmatrace: \.\/late, ([0-9.]+) s,.*/\1/p' err | tail -1)
for words in '80 % of vm.max_map_count \([0-9,]+\), of late \+[0-9,]+/s' 'up to the limit, \+[0-9,]+ a second of late'; do
	rate=$(rate_after "$words")
	# More than the mean by a fifth at least, however long a busy machine takes.
	awk -v rate="${rate:-0}" -v seconds="$seconds" 'BEGIN { exit !(rate * seconds > 1.2 * 65000) }' &&
		pass "late: $words" "$rate" || fail "late: $words" "${rate:-none} in $seconds s: $(head -c 300 err)"
done

# Under `run` the lines and the report come at once as well. This program goes on, at the latest after
# half a minute, when it may, and says so.
cat >held.c <<'EOF'
#include <sys/mman.h>
#include <unistd.h>
int main(void)
{
	for (int i = 0; mmap(0, 4096, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
			MAP_FAILED; i++)
		;
	for (int i = 0; i < 6000 && access("goes-on", F_OK); i++)
		usleep(5000);
	return write(2, "held\n", 5) != 5;
}
EOF
${CC:-cc} -g -O1 held.c -o held || exit 2
# held FILE WANT ...: it may go on when the file says this
held() {
	local file=$1 want=$2 pid
	shift 2
	rm -f goes-on err
	timeout -k 5 60 "$TOOL" run -o held.rec "$@" >out 2>err &
	pid=$!
	while [ -n "$want" ] && ! grep -qs "$want" $file && kill -0 $pid 2>/dev/null; do
		sleep 0.02
	done
	: >goes-on
	wait $pid
}
# before N PATTERN, after N PATTERN: so many lines match before or after what the program says
before() { [ "$(sed '/^held/q' err | grep -Ec -- "$2")" = "$1" ]; }
after() { [ "$(sed '1,/^held/d' err | grep -Ec -- "$2")" = "$1" ]; }
LINES_SAID='(80|95) % of vm.max_map_count'
REPORT='^SUMMARY: vmatrace: .*limit reached'
held err ^SUMMARY -- ./held
check "run: two lines" before 2 "$LINES_SAID"
check "run: a report at once" before 1 "$REPORT"
check "run: with call sites" before 1 ' %  mmap new  .* main held.c:[0-9]'
check "run: one at the end" after 1 "$REPORT"
check "run: which says so" after 1 'this second report is of the end; the first one is of the moment'
held err ^SUMMARY -- sh -c './held; :'
check "run: a child's report at once" before 1 "$REPORT"
held "" "" --report=none -- ./held
check "run without a report" [ "$(cat err)" = held ]
held "" "" --report=json -- ./held
check "run in JSON" sh -c '[ "$(head -1 err)" = held ] && sed 1d err | jq -e .processes >/dev/null'
rm -f whose.txt
held err "call sites" --report-file=whose.txt -- ./held
check "run with a file: two lines" before 2 "$LINES_SAID"
check "run with a file: where to look" sh -c 'sed "s/^==[0-9]*== //; /^held/q" err | tr -s "\n " "  " |
	grep -q "mmap failed: ENOMEM, because .*; vmatrace report $0/held.rec shows their call sites"' "$TMP"
check "run with a file: one report" [ "$(grep -c SUMMARY err) $(grep -c '^SUMMARY' whose.txt)" = "0 1" ]
check "run with a file: which is no second" sh -c '! grep -q "second report" whose.txt'
VMATRACE_OPTIONS=log_path=held.log held "held.log.*" ^SUMMARY -- ./held
check "run with a log: both reports" [ "$(cat held.log.* | grep -c "$REPORT") $(cat err)" = "2 held" ]

# Several threads meet the limit at nearly the same time, and each ends the process, as an exception that
# nobody catches does: the report is printed before.
cat >threads_abort.c <<'EOF'
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
static void *grow(void *unused)
{
	for (int i = 0;; i++) {
		const int prot = i & 1 ? PROT_READ : PROT_NONE;

		if (mmap(NULL, 4096, prot, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
			abort();
	}
	return unused;
}
int main(void)
{
	pthread_t thread;

	for (int i = 0; i < 4; i++)
		pthread_create(&thread, NULL, grow, NULL);
	pthread_join(thread, NULL);
	return 0;
}
EOF
${CC:-cc} -g -O1 -pthread threads_abort.c -o threads_abort || exit 2
# the log has the whole report when the program is dead
(ulimit -c 0; timeout -k 5 60 env LD_PRELOAD="$LIB" VMATRACE_OPTIONS=top=3 ./threads_abort >out 2>err)
check "threads that abort: said" grep -q 'mmap failed: ENOMEM, because the process' err
check "threads that abort: report" grep -Eq '^SUMMARY: vmatrace: .*limit reached' err

# A call that meets the limit waits for the tool, but not for ever: here, the tool waits for the program
# to go on. It prints also when the program is dead. No child of it is seen.
mkdir -p slow/preload slow/tools
cp "$LIB" slow/preload/
cat >slow/tools/vmatrace <<'EOF2'
#!/bin/sh
i=0
while [ ! -e "$VMATRACE_TEST_GOES_ON" ] && [ $((i += 1)) -lt 30000000 ]; do :; done
echo "SUMMARY: the tool of $VMATRACE_TEST_GOES_ON"
EOF2
chmod 755 slow/tools/vmatrace slow/tools

# goes_on LIBRARY WAY STATUS [PREFIX...]: the status of the program, and its standard error up to the end
goes_on() {
	local library=$1 way=$2 want=$3 status
	shift 3
	export VMATRACE_TEST_GOES_ON=$TMP/went-on-$way
	rm -f "$VMATRACE_TEST_GOES_ON"
	{ (ulimit -c 0; timeout -k 5 60 "$@" env LD_PRELOAD="$library" \
		"$TARGETS/limit_goes_on" "$way" "$VMATRACE_TEST_GOES_ON"; echo $? >status) 2>&1 |
		cat >err; } 2>/dev/null
	status=$(cat status)
	[ "$status" = "$want" ] && pass "goes on: $way" || fail "goes on: $way" "$status $(tail -3 err)"
}
for way in abort:134 exit:3 exec:4; do
	goes_on "$TMP/slow/preload/libvmatrace.so" ${way%:*} ${way#*:}
	check "goes on: ${way%:*} is reported" grep -q "^SUMMARY: the tool of $TMP/went-on-${way%:*}" err
done
check "goes on: exit has two reports" [ "$(goes_on "$TMP/slow/preload/libvmatrace.so" exit 3 >/dev/null
	grep -c '^SUMMARY: the tool' err)" = 2 ]
# In a process 1, with whose end everything ends, and in a subreaper, which would see an orphan as its
# child, the report has names and causes as well.
goes_on "$LIB" subreaper 134
check "goes on: subreaper is reported" grep -q '#0  reach_limit .*limit_goes_on.c:[0-9]' err
if unshare -p -f true 2>/dev/null; then
	goes_on "$LIB" exit 3 unshare -p -f
	check "goes on: process 1 has two reports" \
		[ "$(grep -c '#0  reach_limit .*limit_goes_on.c:[0-9]' err)" = 2 ]
fi
finish
