#!/bin/bash
# SPDX-License-Identifier: MIT
# The files of recordings: names that several processes want, their owners, their size.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2
DEMO=$TARGETS/demo12k
"$DEMO" >plain.out

# recorded DIR: print how many recordings in DIR end well and are exact
recorded() {
	"$TOOL" report --format=json "$1" 2>"$1.err" |
		jq '[.processes[] | select(.end == "exit" and .coverage.exact)] | length' 2>>"$1.err"
}

# The same pid in 16 pid namespaces at the same time. A file of that name that belongs to somebody
# else stays.
mkdir same_pid
echo mine >same_pid/demo12k.1.tmp
for _ in $(seq 16); do
	LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:dir=$TMP/same_pid unshare -pf "$DEMO" \
		>>same_pid.out 2>>same_pid.err &
done
wait
count=$(ls same_pid | grep -c '^demo12k\.1\(-[0-9]*\)\?\.vmt$')
rm -f same_pid/unshare.*
"$TOOL" report same_pid >same_pid.txt 2>&1
check "same_pid_said" grep -q '^(report DIR/FILE, of those with equal pids)$' same_pid.txt
check "same_pid_files" sh -c 'f=$(grep -o "demo12k\.1-[0-9]*\.vmt" same_pid.txt | head -1) &&
	[ -n "$f" ] && "$0" report "same_pid/$f" >/dev/null' "$TOOL"
if [ "$count" = 16 ] && [ "$(recorded same_pid)" = 16 ] && [ ! -s same_pid.err ] &&
	[ "$(cat same_pid/*.tmp)" = mine ]; then
	pass same_pid "$count recordings"
else
	fail same_pid "$count recordings, $(ls same_pid | head -20 | tr '\n' ' ') $(head -c 300 same_pid.err)"
fi

# A process in a container is found by its pid outside, while it runs, however it is recorded. Its
# recording says that it runs, though its pid inside belongs to nobody or to another process here.
for way in file memfd; do
	mkdir "container_$way"
	mkfifo "container_$way.end"
	options=report=0
	[ $way = memfd ] || options+=:dir=$TMP/container_$way
	unshare -pf env LD_PRELOAD="$LIB" VMATRACE_OPTIONS=$options "$TARGETS/many_sites" 50 wait \
		<"container_$way.end" >"container_$way.out" 2>&1 &
	exec 3>"container_$way.end"
	inside=
	for ((SECONDS = 0; SECONDS < 60; )); do
		inside=$(pgrep -P $! 2>/dev/null)
		grep -qs many_sites "/proc/${inside:-0}/comm" && "$TOOL" report "$inside" >/dev/null 2>&1 && break
	done
	wrong=
	"$TOOL" report --format=json "${inside:-0}" 2>&1 | jq -e '.processes[0] |
		.pid == 1 and .end == "running"' >/dev/null || wrong+="report; "
	"$TOOL" top --plain -n 1 "${inside:-0}" >top.out 2>&1 || wrong+="top: $(head -c 200 top.out); "
	[ $way = memfd ] || "$TOOL" report --format=json "container_$way" 2>&1 |
		jq -e '.processes[0].end == "running"' >/dev/null || wrong+="by its folder; "
	exec 3>&-
	wait
	[ $way = memfd ] || "$TOOL" report --format=json "container_$way" 2>&1 |
		jq -e '.processes[0].end == "exit"' >/dev/null || wrong+="its end; "
	[ -z "$wrong" ] && pass "container_$way" || fail "container_$way" "pid ${inside:-none}: $wrong"
done

# A program starts without /proc and /dev, as in a bare chroot: the calls are counted, and the
# report names the program, whatever folders it lies in, and says what is missing and why.
far=bare/in_a_folder/of_a_folder/with_a_name/longer_than_the_line
mkdir -p "$far"
ln -s "$DEMO" "$far/demo12k"
LD_PRELOAD='' unshare -m sh -c 'mount -t tmpfs none /proc && mount -t tmpfs none /dev &&
	LD_PRELOAD=$0 VMATRACE_OPTIONS=report=0:dir=$1 exec "$2"' "$LIB" "$TMP/bare" "$TMP/$far/demo12k" \
	>bare.out 2>bare.err
"$TOOL" report bare >bare.report 2>&1
if cmp -s bare.out plain.out && grep -q 'memory calls' bare.report && [ ! -s bare.err ] &&
	grep -q '^==[0-9]*== vmatrace: [.]*/demo12k, ' bare.report &&
	tr -s '=0-9 \n' ' ' <bare.report | grep -q 'no stack is known: mount /proc'; then
	pass bare "$(grep -m1 'memory calls' bare.report)"
else
	fail bare "$(head -c 300 bare.err) $(head -c 300 bare.report)"
fi

# A process has more than 1,000 images: each has a recording, and the last one is number 1,101.
mkdir images
bash -c 'for i in {2..1100}; do : >images/demo12k.$$-$i.vmt; done; : >images/demo12k.$$.vmt
	echo $$ >images.pid
	LD_PRELOAD=$0 VMATRACE_OPTIONS=report=0:dir=images exec "$1"' "$LIB" "$DEMO" >images.out 2>&1
if [ -s "images/demo12k.$(cat images.pid)-1101.vmt" ] && cmp -s images.out plain.out; then
	pass images
else
	fail images "$(ls -s images | awk '$1' | tail -3 | tr '\n' ' ') $(head -c 300 images.out)"
fi

# A recording holds the command line, so only its owner may read it, whatever the umask is.
mkdir private
(umask 0; LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:dir=private "$DEMO" >/dev/null)
mode=$(stat -c %a private/*.vmt)
[ "$mode" = 600 ] && pass private || fail private "mode $mode"

# How much a small process takes, with the usual map limit and with that of newer distributions. The
# options say for how many maps there must be room.
plain_kb=$("$TARGETS/address_space")
for maps in 66185 1060000; do
	mkdir "size_$maps"
	traced_kb=$(LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:max_maps=$maps "$TARGETS/address_space")
	LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:max_maps=$maps:dir=size_$maps ls / >/dev/null
	disk=$(du -k size_$maps/*.vmt | cut -f1)
	length=$(stat -c %s size_$maps/*.vmt)
	if [ "$disk" -le 64 ] && [ "$length" -le 131072 ] && [ $((traced_kb - plain_kb)) -le 20480 ]; then
		pass "size_$maps" "$disk KiB of disk, $length bytes long, $((traced_kb - plain_kb)) KiB of addresses"
	else
		fail "size_$maps" "$disk KiB of disk, $length bytes long, $((traced_kb - plain_kb)) KiB of addresses"
	fi
done

# The recording grows, and every map and every call that it held before is still there.
mkdir grown
LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:dir=grown "$TARGETS/many_maps_threads" >/dev/null 2>&1
facts=$("$TOOL" report --format=json grown 2>&1 | jq -c '.processes[0] |
	[.end, .coverage.exact, .coverage.notes, (.maps.now > 40000), ([.sites[].live] | add) == .maps.now,
	([.calls[].calls] | add) == .coverage.calls, .maps.own <= 24]')
[ "$facts" = '["exit",true,[],true,true,true,true]' ] && pass grown || fail grown "$facts"

# The program reads all its writable maps: it can read every page, and the recording is still there.
for way in "ask" "send" "copy" "ask 5000" "copy 5000"; do
	name=read_${way/ /_}
	mkdir "$name"
	LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:dir=$name "$TARGETS/reads_all_maps" $way >read.out 2>&1
	facts=$("$TOOL" report --format=json "$name" 2>&1 |
		jq -c '.processes[0] | [.end, .coverage.exact, .coverage.notes]')
	[ "$(cat read.out) $facts" = '0 pages cannot be read ["exit",true,[]]' ] && pass "$name" ||
		fail "$name" "$(head -c 300 read.out) $facts"
done

# A file that was damaged later: no report of it passes for a good one, not even with a single wrong
# byte if the process has ended, and no report contains impossible figures.
damage() {	# FROM TO BYTES SEED: a copy with so many other bytes
	perl -e 'srand($ARGV[3]); local $/; open F, "<", $ARGV[0] or die; my $text = <F>;
		for (1 .. $ARGV[2]) { my $at = 4096 + int rand(length($text) - 4096);
			substr($text, $at, 1) = chr(ord(substr($text, $at, 1)) ^ 1 + int rand 255); }
		open T, ">", $ARGV[1] or die; print T $text' "$@"
}
recording=$(echo grown/*.vmt)
wrong=
for seed in 1 2 3 4 5 6 7; do
	damage "$recording" damaged.vmt 2300 $seed
	"$TOOL" report damaged.vmt >damaged.out 2>damaged.err
	[ $? = 2 ] || wrong+="seed $seed: status; "
	grep -q 'damaged.vmt is damaged' damaged.err || wrong+="seed $seed: not said; "
	grep -q 'DAMAGED' damaged.out || wrong+="seed $seed: not in the report; "
	! grep -q 'equal to the kernel' damaged.out || wrong+="seed $seed: called equal; "
	! grep -qE '[0-9],[0-9]{3},[0-9]{3},[0-9]{3}' damaged.out ||
		wrong+="seed $seed: $(grep -m1 -E '[0-9],[0-9]{3},[0-9]{3},[0-9]{3}' damaged.out); "
	"$TOOL" report --format=json damaged.vmt 2>/dev/null | jq -e '.processes[0].coverage |
		(.exact | not) and (.damaged | length) > 0 and .left_out > 0' >/dev/null ||
		wrong+="seed $seed: not in JSON; "
done
"$TOOL" diff "$recording" damaged.vmt >/dev/null 2>&1
[ $? = 2 ] || wrong+="compared all the same; "
[ -z "$wrong" ] && pass damaged || fail damaged "$wrong"

# looked_at DIR STATEMENT: of python, about the process that is reported. It reads the 200 MB of JSON
# that follow in a third of the time that jq takes. OUTLINE: lines that begin with this are left out.
looked_at() {
	"$TOOL" report --format=json "$1" 2>&1 | grep -v "^${OUTLINE:-$}" | /usr/bin/python3 -c "import json, sys
process = json.load(sys.stdin)['processes'][0]
sites, now, coverage = process['sites'], process['maps']['now'], process['coverage']
$2" 2>&1
}

# All sections grow at the same time, call sites and modules too, while somebody else reads.
mkdir read
mkfifo end
LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:dir=read "$TARGETS/many_sites" 18000 wait <end \
	>many_sites.out 2>&1 &
exec 3>end
reads=0 wrong= outline=
for ((SECONDS = 0; reads < 10 && SECONDS < 60;)); do
	ls read/*.vmt >/dev/null 2>&1 || continue
	wrong+=$(OUTLINE=$outline looked_at read 'live = sum(site["live"] for site in sites)
if now < 5 or abs(live - now) > 2: print(now, "maps,", live, "live;")')
	reads=$((reads + 1))
	outline='      '	# without stacks from the second time on
done
exec 3>&-
wait
facts=$(looked_at read 'print(process["end"], coverage["exact"], coverage["notes"], len(sites) >= 18000)')
if [ "$facts" = 'exit True [] True' ] && [ -z "$wrong" ]; then
	pass grown_while_read
else
	fail grown_while_read "${wrong:0:200} $facts $(head -c 200 many_sites.out)"
fi

# Where addresses are few, nearly all of them are left to the program; and all data, of which the
# library has none.
few() {	# OPTION OF ULIMIT, LIMIT, WHAT IS MAPPED, LEAST SHARE IN %
	plain_mb=$(ulimit "$1" "$2"; "$TARGETS/address_space" "$3")
	traced_mb=$(ulimit "$1" "$2"; LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0 \
		"$TARGETS/address_space" "$3" 2>/dev/null)
	if [ "$traced_mb" -ge $((plain_mb * $4 / 100)) ] 2>/dev/null; then
		pass "limit$1_$2_$3" "$traced_mb of $plain_mb MB"
	else
		fail "limit$1_$2_$3" "$traced_mb of $plain_mb MB"
	fi
}
for limit in 200000 60000 20000; do
	few -v $limit most 85
done
for limit in 200000 60000 3000; do
	few -d $limit data 99
done
few -d unlimited limited 99

# Somebody truncates the recording (copytruncate): the recording is lost, but the program lives, and
# its own SIGBUS works as without the library.
for way in plain handler once blocked ignored default killed threads; do
	mkdir "bus_$way"
	timeout 60 "$TARGETS/bus_errors" $way "bus_$way" >"bus_$way.plain" 2>&1
	plain_status=$?
	timeout 60 env LD_PRELOAD="$LIB" VMATRACE_OPTIONS="report=0:log_path=$TMP/bus_$way.log:dir=bus_$way" \
		"$TARGETS/bus_errors" $way "bus_$way" >"bus_$way.traced" 2>&1
	status=$?
	said=$(cat "bus_$way".log.* 2>/dev/null | tr '\n' ' ' | grep -c 'file was truncated')
	[ $way != ignored ] || said=1	# the image after its exec has a log of that name
	if [ $status = $plain_status ] && cmp -s "bus_$way.plain" "bus_$way.traced" &&
		[ "$said" = 1 ]; then
		pass "bus_$way" "status $status"
	else
		fail "bus_$way" "status $status, plain $plain_status, said $said; $(diff \
			"bus_$way.plain" "bus_$way.traced" | head -5 | tr '\n' '|')"
	fi
done

# The table grows where addresses are few, too.
(ulimit -v 30000; LD_PRELOAD=$LIB "$TARGETS/guard_pages" 2>few.err)
check few_addresses grep -q 'at the end (+1,000)' few.err
check few_addresses_compared grep -q "equal to the" few.err
# Where there is no room to read all of the kernel's maps, those of the table are not given up.
cat >fill.c <<'END'
#include <sys/mman.h>
int main(void)
{
	for (;;) {
		char *two = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (two == MAP_FAILED || mprotect(two, 4096, PROT_READ))
			return 0;
	}
}
END
${CC:-cc} -g fill.c -o fill || exit 2
(ulimit -v 60000; LD_PRELOAD=$LIB ./fill 2>fill.err)
check no_address_left grep -q ' 0 unseen, 0 lost' fill.err
check no_address_left_kept grep -qE 'at the end \(\+1[0-9],[0-9]{3}\)' fill.err
check no_address_left_said grep -q 'NOTHING' fill.err

# There are too few addresses for the library: it says so in one sentence, and the program runs.
(ulimit -v 3700; LD_PRELOAD=$LIB "$DEMO" >none.out 2>none.err)
(ulimit -v 3700; "$DEMO" >none.plain 2>&1)
if cmp -s none.out none.plain && [ "$(grep -c 'ulimit -v' none.err)" = 1 ]; then
	pass limit_3700 "$(head -1 none.err)"
else
	fail limit_3700 "$(head -c 300 none.err)"
fi

# Advice for all maps (MADV_DONTFORK, MADV_DONTNEED) does not affect the library's own.
for advice in 10 4; do
	mkdir "advice_$advice"
	"$TARGETS/dontfork_all" $advice >advice.plain 2>&1
	LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:dir=advice_$advice "$TARGETS/dontfork_all" $advice \
		>advice.traced 2>&1
	if cmp -s advice.plain advice.traced && [ "$(recorded "advice_$advice")" = 2 ]; then
		pass "advice_$advice" "$(cat advice.traced)"
	else
		fail "advice_$advice" "$(head -c 300 advice.traced) $(recorded "advice_$advice") recordings"
	fi
done

# A program unmaps all files except those it needs, or forbids access to them, or maps over them:
# the library's files stay. If the program uses the memory, tracing ends before, and what it writes
# there stays.
for way in munmap mprotect blank away cut use move attach; do
	mkdir "others_$way"
	case $way in use | move | attach) exact=0 ;; *) exact=2 ;; esac
	"$TARGETS/unmaps_others" $way >others.plain 2>&1
	LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:dir=others_$way "$TARGETS/unmaps_others" $way \
		>others.traced 2>&1
	if cmp -s others.plain others.traced && grep -q 'status 3, 0 bytes' others.traced &&
		[ "$(recorded "others_$way")" = $exact ]; then
		pass "others_$way" "$(cat others.traced)"
	else
		fail "others_$way" "$(head -c 300 others.traced) $(recorded "others_$way") recordings"
	fi
done
# So it is where nothing is recorded.
for way in munmap mprotect blank away cut use move attach; do
	LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:follow_children=0 \
		sh -c '"$0/unmaps_others" $1; exit $?' "$TARGETS" $way >others.traced 2>&1
	status=$?
	[ $status = 0 ] && grep -q 'status 3, 0 bytes' others.traced &&
		pass "others_${way}_unrecorded" || fail "others_${way}_unrecorded" \
		"status $status: $(head -c 300 others.traced)"
done
for way in use move attach; do
	check "others_${way}_noted" \
		eval '"$TOOL" report "others_$way" | grep -q "switched off before the end"'
done

# A program unmaps the vdso, or moves it.
for way in munmap data move protect; do
	STATUS=5 SAME="out status" same_and_true "vdso_$way" "$TARGETS/without_vdso" $way
done

# A fork child that gives up root, or its root folder, before its first memory call is recorded all the same,
# and under its own pid. Nothing is different for the program.
# left WAY END: END is how the recording of the child ends, with how many maps more
left() {
	local way=$1 said
	mkdir -m 755 "left_$way"
	"$TARGETS/child_leaves_root" "$way" >plain.left
	LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:verify=1:dir=$TMP/left_$way "$TARGETS/child_leaves_root" "$way" >left.out 2>left.err
	said=$("$TOOL" report --format=json "left_$way" 2>&1 | jq -c '[.processes[] |
		select(.exe | endswith("child_leaves_root"))] |
		[.[0].coverage.exact, .[1].parent_pid == .[0].pid] +
		(.[1:] | map("\(.end) \(.maps.now - .maps.start) \(.coverage.exact)"))')
	cmp -s left.out plain.left && [ "$said" = "[true,true,\"$2\"]" ] && pass "left_$way" "$said" ||
		fail "left_$way" "$said $(head -c 300 left.out left.err)"
}
for way in setuid setreuid setresuid seteuid syscall chroot late handler vfork; do
	left $way 'exit 300 true'
done
if [ "$(id -u)" = 0 ]; then
	left exec 'exec 0 false'
	# One that is not root has nothing to give up, and goes on to exec without a recording of its own.
	mkdir -m 777 left_not_root
	setpriv --reuid=65534 --regid=65534 --clear-groups env LD_PRELOAD="$LIB" \
		VMATRACE_OPTIONS="report=0:dir=$TMP/left_not_root" "$TARGETS/child_leaves_root" exec >left.out 2>&1
	said=$(cd left_not_root && ls | sed 's/[.0-9]*vmt$//' | grep -v '^env\|^setpriv' | tr '\n' ' ')
	[ "$said" = "child_leaves_root true " ] && pass left_not_root "$said" || fail left_not_root "$said"
fi
finish
