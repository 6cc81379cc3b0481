#!/bin/bash
# SPDX-License-Identifier: MIT
# What people meet, on real programs: Electric Fence, 64 malloc arenas, jemalloc in two ways, node
# with workers, java with 2,000 threads, 20,000 mapped files, fibers with guards. The cause must
# stand in the first ten lines of `vmatrace maps PID` and of `vmatrace report`.
#
#   tests/real/cases.sh             print a line for each case and tool
#   tests/real/cases.sh --update    also write their output to doc/cases.md
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2
PAGES=$TMP/cases.md
: >"$PAGES"

cat >Threads.java <<'END'
import java.util.concurrent.CountDownLatch;

public class Threads {
	public static void main(String[] arguments) throws Exception {
		int count = Integer.parseInt(arguments[0]);
		CountDownLatch up = new CountDownLatch(count), end = new CountDownLatch(1);
		for (int i = 0; i < count; i++)
			new Thread(null, () -> {
				up.countDown();
				try {
					end.await();
				} catch (InterruptedException e) {
				}
			}, "worker-" + i, 256 << 10).start();
		up.await();
		System.out.println("ready " + ProcessHandle.current().pid());
		System.in.read();
		end.countDown();
	}
}
END
cat >workers.js <<'END'
const { Worker, isMainThread, parentPort } = require("worker_threads");
if (isMainThread) {
	const count = Number(process.argv[2]);
	let up = 0;
	for (let i = 0; i < count; i++)
		new Worker(__filename).on("message", () => {
			if (++up === count)
				console.log("ready " + process.pid);
		});
	process.stdin.resume();
	process.stdin.on("end", () => process.exit());
} else {
	parentPort.on("message", () => {});
	parentPort.postMessage("up");
}
END

# look NAME [VAR=VALUE...] COMMAND...: run it until it prints "ready PID". The output of the tools
# at that time goes to NAME.maps, NAME.json and NAME.report, and the report at its exit to NAME.end.
look() {
	local name=$1 job pid=
	shift
	rm -f input
	mkfifo input
	mkdir -p "$name.rec"
	: >ready
	# timeout and env are not traced, only the program is.
	timeout -k 5 120 env LD_PRELOAD="$LIB${AFTER:+ $AFTER}" \
		VMATRACE_OPTIONS="dir=$name.rec:log_path=$name.end" "$@" \
		<input >ready 2>"$name.err" &
	job=$!
	exec 9>input
	wait_ready $job
	if [ -n "$pid" ]; then
		"$TOOL" maps "$pid" >"$name.maps" 2>>"$name.err"
		"$TOOL" maps --format=json "$pid" >"$name.json" 2>>"$name.err"
		"$TOOL" report --pid="$pid" "$name.rec" >"$name.report" 2>>"$name.err"
	fi
	exec 9>&-
	wait $job
}

# says NAME FILE PATTERN: the wrapped text of FILE must match when it is joined to one line without
# margins
says() {
	local text
	text=$(head -10 "$1.$2" 2>/dev/null | sed -E 's/^==[0-9]+== ?//; s/^ +/ /' | tr -d '\n')
	if grep -qE "$3" <<<"$text"; then
		pass "$1 $2" "$(grep -oE "$3" <<<"$text" | head -1 | cut -c1-150)"
	else
		fail "$1 $2" "not '$3' in: $text $(head -c 300 "$1.err")"
	fi
}

# kept NAME WITHOUT: the savings that the first one promises are those of the second one, within 5 %
kept() {
	local before after saves
	before=$(jq '.processes[0].maps' "$1.json")
	after=$(jq '.processes[0].maps' "$2.json")
	saves=$(jq '.processes[0].patterns[0].saves' "$1.json")
	check "$1: -$saves promised, -$((before - after)) came" \
		[ $((20 * (saves - before + after))) -le "$saves" -a \
		$((20 * (before - after - saves))) -le "$saves" ]
}

# page NAME TITLE TEXT
page() {
	{
		echo
		echo "## $2"
		echo
		printf '%s\n' "$3"
		for what in maps report; do
			echo
			echo '```'
			head -10 "$1.$what" | sed "s|$TMP|/tmp/demo|g; s|[^ ]*/build/|build/|g"
			echo '```'
		done
	} >>"$PAGES"
}

JEMALLOC=$(library libjemalloc.so.2)
EFENCE=$(library libefence.so.0)
check jemalloc-is-installed [ -e "$JEMALLOC" ]
check efence-is-installed [ -e "$EFENCE" ]

AFTER=$EFENCE look efence EF_DISABLE_BANNER=1 "$TARGETS/case_churn" 4000
says efence maps 'mostly allocations of a debugging allocator, each with a guard'
says efence report 'cause +allocations of a debugging allocator, each with a guard: [0-9,]+ of [0-9,]+ maps, by mprotect in fill_and_evict [^ ]*case_churn.c:[0-9]+'
page efence "Electric Fence" "\`EF_DISABLE_BANNER=1 LD_PRELOAD=libefence.so.0 case_churn 4000\`: a debugging
allocator puts an inaccessible page behind each allocation, and makes freed memory inaccessible."

look arenas MALLOC_ARENA_MAX=64 "$TARGETS/case_churn" 30 64
says arenas maps "glibc's malloc arenas, 2 maps each \\([0-9]+ maps\\)"
says arenas report "glibc's malloc arenas, 2 maps each: [0-9]+ of [0-9]+ maps, ([0-9]+ % of them |mostly )?by [a-z]+ in fill_and_evict [^ ]*case_churn.c:[0-9]+"
page arenas "64 threads, 64 malloc arenas" "\`MALLOC_ARENA_MAX=64 case_churn 30 64\`: each thread has a stack with a guard, and an arena of
two maps: the part in use and the rest."

AFTER=$JEMALLOC look jemalloc-holes MALLOC_CONF=retain:false,dirty_decay_ms:0,muzzy_decay_ms:0 \
	"$TARGETS/case_churn" 4000
says jemalloc-holes maps 'mostly holes between pieces of memory, as munmap leaves them'
says jemalloc-holes report 'cause +holes punched into memory by munmap: [0-9,]+ of [0-9,]+ maps, by munmap in fill_and_evict [^ ]*case_churn.c:[0-9]+'
page jemalloc-holes "jemalloc that does not retain" "\`MALLOC_CONF=retain:false,dirty_decay_ms:0,muzzy_decay_ms:0 LD_PRELOAD=libjemalloc.so.2
case_churn 4000\`: freed memory is given back by munmap, from the middle of maps."

AFTER="$TARGETS/libovercommit_2.so $JEMALLOC" look jemalloc-decommit \
	MALLOC_CONF=dirty_decay_ms:0,muzzy_decay_ms:0 "$TARGETS/case_churn" 4000
says jemalloc-decommit maps 'mostly memory without access .PROT_NONE., given back or reserved'
says jemalloc-decommit report 'cause +memory without access .PROT_NONE., given back or reserved: [0-9,]+ of [0-9,]+ maps, by mmap in fill_and_evict [^ ]*case_churn.c:[0-9]+'
page jemalloc-decommit "jemalloc with vm.overcommit_memory=2" "\`MALLOC_CONF=dirty_decay_ms:0,muzzy_decay_ms:0 LD_PRELOAD=libjemalloc.so.2 case_churn 4000\` where
the kernel promises no memory twice: freed memory is mapped anew without access (\"decommitted\")."

look node node workers.js 16
says node maps 'mostly pieces of memory that touch no other \([0-9]+ maps, [0-9]+ of 256 KiB; typical of garbage-collected heaps'
says node report 'cause +pieces of memory that touch no other, which is typical of garbage-collected heaps: [0-9]+ of [0-9]+ maps \([0-9]+ of 256 KiB\), by mmap in .*v8::'
page node "node with 16 workers" "Each worker is an isolate with a heap of its own, which V8 maps in aligned pages of 256 KiB. This
takes about 35 maps for each worker."

if javac Threads.java 2>javac.err; then
	look java java -XX:+UseSerialGC -Xmx64m -cp . Threads 2000
	says java maps 'mostly a stack and a guard for each thread \(4,0[0-9]+ maps\)'
	says java report 'cause +a stack and a guard for each thread: 4,[0-9]+ of 4,[0-9]+ maps, by [a-z]+ in os::'
	mv "$(ls java.end.* | head -1)" java.end 2>/dev/null
	# At the exit of the program its threads and their maps are gone.
	says java end 'cause +of the 4,[0-9]+ maps at the peak: [0-9,]+ by [a-z]+ in os::'
	page java "java with 2,000 threads" "Each thread takes two maps: its stack, and the guard zone below it."
else
	fail java "no javac: $(head -c 200 javac.err)"
fi

mkdir segments
look segments "$TARGETS/case_segments" "$TMP/segments" 20000
says segments maps 'mostly a map for each of many files \(20,0[0-9]+ maps\)'
says segments report 'cause +a map for each of many files: 20,000 of 20,0[0-9]+ maps, by mmap in open_segment [^ ]*case_segments.c:[0-9]+'
page segments "20,000 small files" "\`case_segments DIRECTORY 20000\`: a search engine maps an index of many segments like this."

look deleted "$TARGETS/case_segments" "$TMP/segments" 20000 merge
says deleted maps 'among them files that have been deleted \(10,000 maps\)'
says deleted report 'cause +files that have been deleted: 10,000 of 20,0[0-9]+ maps'
page deleted "20,000 small files, half of them deleted" "\`case_segments DIRECTORY 20000 merge\`: segments that have been merged into others are still mapped."
rm -r segments

# Memory that happens to lie directly below a guard is also kept apart by it, and counts as one more
# map.
look fibers "$TARGETS/case_fibers" mprotect 5000
says fibers maps 'mostly a guard page for each object \(10,00[0-3] maps\)'
line=$(grep -n "the fibers' guard" "$ROOT/tests/targets/case_fibers.c" | cut -d: -f1)
says fibers report "cause +a guard page for each object: 10,00[0-3] of 10,0[0-9]+ maps, by mprotect in make_stack [^ ]*case_fibers.c:$line"
page fibers "5,000 fibers, guards by mprotect" "\`case_fibers mprotect 5000\`: each fiber takes two maps, its stack and its guard."

look fibers-install "$TARGETS/case_fibers" install 5000
if [ -e fibers-install.maps ]; then
	says fibers-install maps '^case_fibers \([0-9]+\): [34][0-9] maps'
	says fibers-install report 'maps +22 at start, 2[0-9] now'
	page fibers-install "5,000 fibers, guards by MADV_GUARD_INSTALL" "\`case_fibers install 5000\`: the result of the
advice above. All stacks are one map, so there is nothing to explain."
	kept fibers fibers-install
else
	echo "skip fibers-install: this kernel has no MADV_GUARD_INSTALL"
fi

long=$(grep -hE '^.{81}' ./*.maps ./*.report ./*.end* | head -3)
check "no line is longer than 80 columns${long:+: $long}" [ -z "$long" ]

if [ "${1:-}" = --update ]; then
	{
		cat <<-'END'
		# Cases

		What vmatrace says about programs that need many maps: the first ten lines of `vmatrace maps PID`,
		which needs no preload, and of `vmatrace report`, which also knows the call sites. `tests/real/cases.sh
		--update` makes this page, and checks that these lines name the cause. The programs `case_*` are in
		`tests/targets`.
		END
		cat "$PAGES"
	} >"$ROOT/doc/cases.md"
fi
finish
