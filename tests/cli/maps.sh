#!/bin/bash
# SPDX-License-Identifier: MIT
# vmatrace maps: processes of all sorts, saved texts, hostile names, bad input, and its speed.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2
SHELL_NAME=$(cat /proc/$$/comm)	# maps.sh, or bash if that was told to run it

# status WANTED COMMAND...: the exit status; output goes to ./out and ./err
status() {
	local wanted=$1 got
	shift
	"$@" >out 2>err </dev/null
	got=$?
	[ "$got" = "$wanted" ]
}
one_sentence() { [ "$(wc -l <err)" = 1 ] && grep -q "^vmatrace: .*$1" err && [ ! -s out ]; }

# waiting COMMAND...: start it; it waits for the end of its input; sets PID when it is ready
waiting() {
	rm -f input
	mkfifo input
	: >ready
	"$@" <input >ready 2>/dev/null &
	JOB=$!
	exec 9>input
	wait_ready $JOB
	PID=$pid
}
done_waiting() {
	exec 9>&-
	wait $JOB 2>/dev/null
}

check "help" status 0 "$TOOL" maps --help
check "own shell" status 0 "$TOOL" maps $$
check "headline" grep -Eq "^$SHELL_NAME \($$\): [0-9,]+ maps, [0-9]+ % of vm.max_map_count" out
check "not traced" sh -c '! grep -q "is traced" out'
waiting env LD_PRELOAD="$LIB" sh -c 'echo ready $$; read line'
check "traced" status 0 "$TOOL" maps $PID
check "its own maps are told" grep -q "; it is traced, and some are vmatrace's own " <<<"$(tr -s ' \n' ' ' <out)"
done_waiting
lines=$(grep -vc vsyscall /proc/$$/maps)
check "count is that of /proc" [ "$("$TOOL" maps --format=json $$ | jq '.processes[0].maps')" = "$lines" ]
check "kinds add up" [ "$("$TOOL" maps --format=json $$ |
	jq '[.processes[0].kinds[].maps] | add')" = "$lines" ]
check "pairs and holes add up" [ "$("$TOOL" maps --format=json $$ | jq '.processes[0] |
	([.neighbours[].pairs] | add) + .holes.count + 1')" = "$lines" ]
check "flags on demand" [ "$("$TOOL" maps --flags --format=json $$ | jq '.processes[0].flags')" = true ]
check "no flags" [ "$("$TOOL" maps --no-flags --format=json $$ | jq '.processes[0].flags')" = false ]
for options in "$$" "--flags $$" --all; do
	# shellcheck disable=SC2086
	"$TOOL" maps --format=json $options >schema.json 2>/dev/null
	keeps_to "schema of maps $options" maps schema.json
done
check "several" status 0 "$TOOL" maps $$ $PPID
check "all" status 0 "$TOOL" maps --all
check "all has this shell" grep -Eq "^ +[0-9,]+ +[0-9.]+ +$$  $SHELL_NAME" out
check "all in JSON" [ "$("$TOOL" maps --all --format=json |
	jq "[.processes[] | select(.pid == $$)] | length")" = 1 ]
check "watch, twice" status 0 "$TOOL" maps --watch --count=2 --interval=1 $$
check "…both shown" [ "$(grep -c "^$SHELL_NAME ($$)" out)" = 2 ]
check "a count and an interval are for watching" status 0 "$TOOL" maps --count=2 --interval=1 $$
check "…both shown" [ "$(grep -c "^$SHELL_NAME ($$)" out)" = 2 ]

# A saved text is explained like the process itself, except for what only the process knows.
cat /proc/$$/maps >saved
cat /proc/$$/smaps >saved-smaps
check "saved maps" status 0 "$TOOL" maps saved
check "…how to know more" grep -q "a copy of /proc/PID/smaps would" out
check "saved smaps" status 0 "$TOOL" maps saved-smaps
check "…have flags" [ "$("$TOOL" maps --format=json saved-smaps | jq '.processes[0].flags')" = true ]

# Texts from elsewhere: through a pipe, with other line ends, cut short.
check "from a pipe" sh -c "cat saved | '$TOOL' maps - | grep -q '^standard input: [0-9]* maps'"
check "from a pipe that is slow" bash -c "'$TOOL' maps <(sleep 0.2; cat saved)"
(printf '\357\273\277'; sed 's/$/\r/' saved) >saved-crlf
check "CRLF and a byte order mark" cmp <("$TOOL" maps --format=json saved | jq '.processes[0] | del(.name)') \
	<("$TOOL" maps --format=json saved-crlf | jq '.processes[0] | del(.name)')
head -c 300 saved >saved-cut
check "cut off" status 0 "$TOOL" maps saved-cut
check "…is told" grep -q "^saved-cut: [0-9]* maps, the last line is cut off" out
head -1 saved >saved-one
check "a single map" sh -c "'$TOOL' maps saved-one | grep -q '^saved-one: 1 map\$'"
check "smaps_rollup" status 2 "$TOOL" maps /proc/$$/smaps_rollup

check "no process" status 2 "$TOOL" maps 2147483647
check "…is told" one_sentence "no process 2147483647"
check "pid out of range" status 2 "$TOOL" maps 99999999999
check "no file" status 2 "$TOOL" maps /no/such/file
check "…is told" one_sentence "/no/such/file: No such file"
check "directory" status 2 "$TOOL" maps /
check "…is told" one_sentence "directory"
: >empty
check "empty file" status 2 "$TOOL" maps empty
check "…is told" one_sentence "empty holds no maps"
echo "no maps here" >other
check "something else" status 2 "$TOOL" maps other
check "…is told with its line" one_sentence "line 1 is not a line of"
mkfifo fifo
check "FIFO without a writer" status 2 timeout 5 "$TOOL" maps fifo
check "nothing named" status 2 "$TOOL" maps
check "unknown option" status 2 "$TOOL" maps --nonsense 1
check "unknown format" status 2 "$TOOL" maps --format=xml 1
check "all with a process" status 2 "$TOOL" maps --all 1
check "bad interval" status 2 "$TOOL" maps --watch --interval=0 1

kernel_thread=$(awk '$1 == "Kthread:" && $2 == 1 { print FILENAME; exit }' /proc/[0-9]*/status \
	2>/dev/null | cut -d/ -f3)
if [ -n "$kernel_thread" ]; then
	check "kernel thread" status 2 "$TOOL" maps "$kernel_thread"
	check "…is told" one_sentence "is a kernel thread"
fi
sh -c 'sleep 0 & exec sleep 5' &
parent=$!
has_zombie() {
	zombie=$(awk -v parent=$parent '$1 == "Name:" { name = $2 } $1 == "State:" { state = $2 }
		$1 == "PPid:" && $2 == parent && state == "Z" { split(FILENAME, part, "/"); print part[3] }' \
		/proc/[0-9]*/status 2>/dev/null)
	[ -n "$zombie" ]
}
wait_until has_zombie
check "zombie" status 2 "$TOOL" maps "$zombie"
check "…is told" one_sentence "has ended"
kill $parent
mkdir zombie
waiting env LD_PRELOAD="$LIB" VMATRACE_OPTIONS="dir=zombie:report=0" "$TARGETS/first_thread_ends"
check "first thread ended" status 0 "$TOOL" maps "$PID"
check "…its maps" [ "$("$TOOL" maps --format=json "$PID" | jq '.processes[0].maps')" = \
	"$(grep -vc vsyscall "/proc/$PID/task/$(ls "/proc/$PID/task" | tail -1)/maps")" ]
check "…among all" sh -c "'$TOOL' maps --all | grep -q ' $PID  '"
check "…its flags in the report" sh -c "'$TOOL' report --format=json zombie |
	jq -e 'any(.processes[0].neighbours[]; .reason == \"accounting\")'"
done_waiting
if [ "$(id -u)" = 0 ] && has_program setpriv; then
	check "somebody else's" status 2 setpriv --reuid=65534 --clear-groups "$TOOL" maps $$
	check "…is told" one_sentence "belongs to somebody else"
	check "all without rights" status 0 setpriv --reuid=65534 --clear-groups "$TOOL" maps --all
	check "…counts the others" grep -q 'of other users' out
fi

# Names that would break out of a line, or move the cursor.
deep=$TMP
while [ ${#deep} -lt 3600 ]; do deep+=/$(printf 'd%.0s' $(seq 200)); done
mkdir -p "$deep"
for name in $'new\nline.seg' $'esc\033[2Jape.seg' 'a (deleted)' "$deep/long.seg" $'latin\xe9.seg'; do
	case $name in
	/*) path=$name ;;
	*) path=$TMP/$name ;;
	esac
	head -c 4096 /dev/zero >"$path"
	: >ready
	python3 - "$path" >ready 2>/dev/null <<-'EOF' &
		import mmap, os, sys, time
		fd = os.open(os.fsencode(sys.argv[1]), os.O_RDONLY)
		kept = [mmap.mmap(fd, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ) for i in range(20)]
		print("ready", flush=True)
		time.sleep(60)
	EOF
	JOB=$!
	wait_until has_said ready ready
	label=$(printf %s "$name" | tr -c 'a-z (.)' '?' | tail -c 12)
	check "name $label" status 0 "$TOOL" maps $JOB
	check "…no control bytes" sh -c "! LC_ALL=C grep -q '[[:cntrl:]]' out"
	[ "$name" != 'a (deleted)' ] || check "…is not deleted" sh -c \
		"! '$TOOL' maps --format=json $JOB | grep -q 'deleted file'"
	check "…valid JSON" sh -c "'$TOOL' maps --format=json $JOB | jq -e '.processes[0].maps > 20'"
	kill $JOB
	wait $JOB 2>/dev/null
done

# The process has such a name itself; and a process that nobody may examine.
cat >hostile.c <<'END'
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char byte;

	(void)argv;
	prctl(PR_SET_NAME, "e\033[2J\nx\351");
	prctl(PR_SET_DUMPABLE, argc < 2);
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
END
if cc -o hostile hostile.c; then
	waiting ./hostile
	check "hostile process" status 0 "$TOOL" maps "$PID"
	check "…no control bytes" sh -c "! grep -q '[[:cntrl:]]' out"
	check "…valid JSON" sh -c "'$TOOL' maps --format=json $PID | jq -e .processes[0].name"
	check "…among all" sh -c "'$TOOL' maps --all | grep ' $PID  ' | grep -qv '[[:cntrl:]]'"
	done_waiting
	if [ "$(id -u)" = 0 ] && has_program setpriv; then
		cp "$TOOL" tool
		waiting setpriv --reuid=65534 --clear-groups ./hostile undumpable
		check "undumpable" status 2 setpriv --reuid=65534 --clear-groups ./tool maps "$PID"
		check "…is told" one_sentence "does not allow inspection"
		check "…without control bytes" sh -c "! grep -q '[[:cntrl:]]' err"
		done_waiting
	fi
else
	fail "hostile process" "cannot be compiled"
fi

# Processes end while they are read: the output is a page, or one true sentence.
wrong=
for i in $(seq 100); do
	sleep 0.00$((RANDOM % 10)) &
	"$TOOL" maps --flags $! >out 2>err
	case $? in
	0) grep -q "^sleep ($!): [0-9]* maps\|^$SHELL_NAME ($!)" out || wrong="$(head -1 out)" ;;
	2) one_sentence "there is no process\|has ended\|it is ending" || wrong="$(cat err)" ;;
	*) wrong="status $?" ;;
	esac
	wait $!
done
if [ -z "$wrong" ]; then pass "processes vanish"; else fail "processes vanish" "$wrong"; fi

# A process that ends while it is watched; and many that come and go.
waiting "$TARGETS/pattern_guards"
# Without the descriptor that keeps it waiting.
"$TOOL" maps --watch --interval=1 "$PID" >out 2>err 9>&- &
watch=$!
wait_until grep -q pattern_guards out
done_waiting
wait $watch
check "watched process ends" [ $? = 0 ]
(for i in $(seq 300); do /bin/true; done) &
churn=$!
vanished=0
for i in $(seq 10); do
	"$TOOL" maps --all >/dev/null 2>&1 || vanished=1
done
wait $churn
check "processes come and go" [ $vanished = 0 ]

# 60,000 maps take at most twice as long as with cat; the best of several runs counts, since others
# run too.
waiting "$TARGETS/pattern_guards" none 30000
took() {
	local start
	start=$(date +%s%N)
	"$@" >/dev/null 2>&1
	echo $(($(date +%s%N) - start))
}
cat_time=999999999
maps_time=999999999
for i in $(seq 25); do
	time=$(took cat "/proc/$PID/maps")
	[ "$time" -ge $cat_time ] || cat_time=$time
	time=$(took "$TOOL" maps "$PID")
	[ "$time" -ge $maps_time ] || maps_time=$time
done
DETAIL="cat $((cat_time / 1000)) us, maps $((maps_time / 1000)) us"
# Times on shared machines are printed, not judged; it only has to answer.
if "$TOOL" maps "$PID" | grep -q '^.*60,0[0-9][0-9] maps'; then
	pass "60,000 maps" "$DETAIL"
else
	fail "60,000 maps" "$DETAIL: $("$TOOL" maps "$PID" | head -1)"
fi
done_waiting
# No loader maps one file so often: it is no library, though it has code.
awk 'BEGIN { for (i = 0; i < 300; i++) printf "%x-%x r-xp 00000000 08:01 77                         /usr/bin/tool\n",
	1048576 * (i + 1), 1048576 * (i + 1) + 16384 }' >again.maps
"$TOOL" maps again.maps >out
check "a file with code, again and again" grep -q 'mostly the same part of the same file mapped again and again (300 maps)' out
check "…is no library" sh -c '! grep -q library out'

finish
