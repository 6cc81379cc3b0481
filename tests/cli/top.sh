#!/bin/sh
# SPDX-License-Identifier: MIT
# vmatrace top: lines where there is no terminal, and the screen and its keys in tmux.
. "$(dirname "$0")/common.sh"

./make_recording nine.vmt 9 || exit 2
mkdir dir && ./make_recording dir/a.1.vmt 2 4001 && ./make_recording dir/b.2.vmt 9 4002

check "a line" status 0 "$VMATRACE" top nine.vmt
check "…with the maps" has out " 9 maps "
check "…and the greatest call site" has out "by mmap in compare .*make_recording.c:"
check "a directory: most maps" status 0 "$VMATRACE" top -n 1 dir
check "…are of the second" has out " 9 maps "
check "--pid" status 0 "$VMATRACE" top -n 1 --pid=4001 dir
check "…is the first" has out " 2 maps "
check "--pid of another" status 2 "$VMATRACE" top -n 1 --pid=1 dir
check "…is said" has err "no recording of process 1;"
check "nothing named" status 2 "$VMATRACE" top
check "bad interval" status 2 "$VMATRACE" top -i 0 nine.vmt
check "bad sort" status 2 "$VMATRACE" top --sort=size nine.vmt
check "no rate at the first look" sh -c '"$0" top -n 1 nine.vmt | grep -Eq " 9 maps +0 % +- +[0-9]+ by mmap in "' "$VMATRACE"
check "no recording" status 2 "$VMATRACE" top nowhere.vmt
check "help" status 0 "$VMATRACE" top --help

command -v tmux >/dev/null || finish
tmux() { command tmux -L "vmatrace-test-$$" -f /dev/null "$@"; }
trap 'tmux kill-server 2>/dev/null; rm -rf "$work"' EXIT

# shows PATTERN: wait up to ten seconds until the screen shows it
shows()
{
	tries=0
	while [ $tries -lt 100 ]; do
		tmux capture-pane -p -t top >screen 2>/dev/null
		grep -q -- "$1" screen && return
		tries=$((tries + 1))
		sleep 0.1
	done
	echo "  no \"$1\" on the screen:"
	cat screen
	false
}

tmux new-session -d -s top -x 80 -y 20 "$VMATRACE top nine.vmt; echo status \$?; sleep 60"
check "the count against the limit" shows "maps   9 (+12 vmatrace) of 65,530, 0 %"
check "the call site" shows "mmap  *compare "
check "sorted by live maps" shows "sorted by live"
tmux send-keys -t top c
check "a key sorts" shows "sorted by calls"
check "80 columns show how to quit" shows "q: quit"
tmux send-keys -t top r
check "…and all keys" shows "sorted by created: lnpcrs$"
tmux send-keys -t top Enter
check "Enter opens the stack" shows "#1  "
check "…and q goes back" shows "^q: back "
check "…of the first of the row's call sites" shows "^the first of [2-9] stacks, 1 live"
tmux send-keys -t top q
check "q closes it" shows "live/s"
check "…and quits there" shows "^q: quit "
for key in h "?"; do
	tmux send-keys -t top "$key"
	check "$key shows the keys" shows "the next process"
	check "…and q goes back" shows "^q: back "
	tmux send-keys -t top "$key"
	check "…and the rows again" shows "live/s"
done
tmux send-keys -t top m
check "m shows the address space" shows "The address space: a row for each cluster"
tmux send-keys -t top m
check "…and the rows again" shows "live/s"
tmux send-keys -t top p
check "sorted by peak, the rows have the peak" shows "^ *peak .* peak/s"
tmux send-keys -t top " "
check "space pauses" shows "PAUSED .*space: go on .*sorted by peak: lnpcrs$"
tmux send-keys -t top q
check "q ends it" shows "status 0"

# The process has ended: the last screen stays, and a line below it says what there was.
tmux kill-session -t top
cp nine.vmt gone.vmt
tmux new-session -d -s top -x 80 -y 20 "$VMATRACE top -i 0.1 gone.vmt; echo status \$?; sleep 60"
check "an end" shows "mmap  *compare "
rm gone.vmt
tmux send-keys -t top n
check "…leaves the last screen" shows "ENDED"
check "…without a message over it" sh -c '! grep -q "^vmatrace: " screen'
tmux send-keys -t top q
check "…and a line" shows "has ended: 9 maps at the end, peak 9 of 65,530"
check "…with status 0" shows "status 0"

# Rows that read alike, as of two lambdas, have each its own rate.
cat >alike.cc <<'END'
#include <sys/mman.h>
#include <unistd.h>
#include <functional>
#include <vector>
static void *map_page()
{
	void *page = mmap(nullptr, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		_exit(1);
	return page;
}
int main()
{
	std::vector<void *> cache, journal;
	std::vector<std::function<void(int)>> tasks{
		[&](int i) { cache.push_back(map_page()); if (i >= 600) munmap(cache[i - 600], 4096); },
		[&](int i) { if (i % 20 == 0) journal.push_back(map_page()); } };
	for (int i = 0; i < 100000; i++) {
		for (auto &task : tasks)
			task(i);
		if (i > 1000)
			usleep(2000);
	}
}
END
${CXX:-c++} -g -O2 alike.cc -o alike || exit 2
LD_PRELOAD=${tool%/tools/*}/preload/libvmatrace.so VMATRACE_OPTIONS=report=0 ./alike &
alike=$!
sleep 0.5
"$VMATRACE" top --plain -i 0.3 -n 5 $alike >alike.txt
kill $alike
wait $alike 2>/dev/null
check "rows alike: a rate" grep -qE '[+][0-9]+/s .* map_page ' alike.txt
check "rows alike: none falls" sh -c '! grep -qE "%.* -[0-9]{2,}/s" alike.txt'

# A server's own recording does not have its workers' maps.
cat >serves.c <<'END'
#include <sys/mman.h>
#include <unistd.h>
int main(void)
{
	for (int worker = 1; worker < 4; worker++) {
		if (fork())
			continue;
		for (int i = 0; i < 100 * worker; i++)
			mmap(0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		write(1, "x", 1);
		sleep(20);
		return 0;
	}
	sleep(20);
	return 0;
}
END
$CC -D_GNU_SOURCE -g serves.c -o serves || exit 2
mkdir served
LD_PRELOAD=${tool%/tools/*}/preload/libvmatrace.so VMATRACE_OPTIONS=dir=$work/served:report=0 ./serves >serving &
serves=$!
for look in $(seq 200); do
	[ "$(wc -c <serving)" = 3 ] || sleep 0.05
done
for command in report "top --plain -n 1"; do
	"$VMATRACE" $command $serves >/dev/null 2>served.txt
	check "workers are told: $command" grep -qE "^vmatrace: process $serves has 3 traced child processes, .* has the most, 32[0-9]\.$" served.txt
done
kill $(cat /proc/$serves/task/$serves/children) $serves
wait $serves 2>/dev/null

# Of a process that was killed, time does not go on, and lines say that it has ended as well.
mkdir killed
LD_PRELOAD=${tool%/tools/*}/preload/libvmatrace.so VMATRACE_OPTIONS=dir=$work/killed sleep 100 &
killed=$!
for look in $(seq 100); do
	[ -e killed/sleep.$killed.vmt ] || sleep 0.05
done
kill -9 $killed
wait $killed 2>/dev/null
for look in one two; do
	sleep 0.6
	"$VMATRACE" top --plain -n 3 killed >killed.$look
done
check "a killed process: its time" cmp killed.one killed.two
check "…one line" [ "$(grep -c ' maps .*%' killed.two)" = 1 ]
check "…and its end" grep -q "^process $killed has ended: " killed.two

# Its last growth says nothing of what will come, and a long command does not hide the end.
tmux kill-session -t top
cp dir/a.1.vmt gone.vmt && ./make_recording more.vmt 9 4001 || exit 2
tmux new-session -d -s top -x 40 -y 20 "$VMATRACE top -i 0.1 gone.vmt; echo status \$?; sleep 60"
check "before its end" shows "^maps   2 "
mv more.vmt gone.vmt
tmux send-keys -t top n
check "after its end" shows "^maps   9 "
check "…the limit will not be reached" sh -c '! grep -q "the limit in" screen'
check "…nothing grows" sh -c 'grep -q "rate   none, the process has" screen && ! grep -q " +[0-9]*  *[0-9]*  *mmap" screen'
check "40 columns show the end" sh -c 'head -1 screen | grep -q ENDED'

# What a process gave back between the last look and its end is not shown as if it were still there.
cat >gives_back.c <<'END'
#include <stdio.h>
#include <sys/mman.h>
#define PAGE 4096
int main(void)
{
	static char *map[500];
	for (int i = 0; i < 500; i++) {
		map[i] = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		mprotect(map[i], PAGE, PROT_NONE);
	}
	puts("ready");
	fflush(stdout);
	getchar();
	for (int i = 0; i < 500; i++)
		munmap(map[i], 2 * PAGE);
	return 0;
}
END
$CC -D_GNU_SOURCE -g gives_back.c -o gives_back || exit 2
mkdir back && mkfifo go
for dir in dir=$work/back: ""; do
	for plain in "" --plain; do
		tmux kill-session -t top
		: >ready
		LD_PRELOAD=${tool%/tools/*}/preload/libvmatrace.so VMATRACE_OPTIONS=${dir}report=0 ./gives_back <go >ready &
		gives=$!
		exec 8>go
		for look in $(seq 100); do
			grep -q ready ready || sleep 0.05
		done
		tmux new-session -d -s top -x 80 -y 20 "$VMATRACE top $plain -i 0.1 $gives; echo status \$?; sleep 60" 8>&-
		check "before the end, $dir$plain" shows "1,\?0[0-9][0-9] "
		exec 8>&-
		[ -s ready ] && wait $gives
		if [ -z "$plain" ]; then
			check "at the end, $dir" shows "ENDED"
			check "…the maps of the end" shows "^maps   [1-9][0-9] "
			tmux send-keys -t top n
			check "…sorted otherwise" shows "sorted by net"
			check "…as well" shows "^maps   [1-9][0-9] "
			tmux send-keys -t top q
		fi
		check "the end is told, $dir$plain" shows "has ended: [1-9][0-9] maps at the end, peak 1,0"
		check "…without a complaint" sh -c '! grep -q "^vmatrace: " screen'
	done
done
finish
