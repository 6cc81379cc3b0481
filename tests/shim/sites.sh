#!/bin/bash
# SPDX-License-Identifier: MIT
# The jumps in the text of libc and other modules: whatever others do to that text, or to the calls
# that are made from it, neither the program nor its report is harmed.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

same_and_true uprobe_removed "$TARGETS/uprobes" by_hand
check uprobe_removed_plain [ "$(cat uprobe_removed/plain/status)" = 0 ]
# The kernel makes a map of its own for the instructions that uprobes replace.
ALLOW=unseen VERIFY=0 same_and_true uprobes "$TARGETS/uprobes"
unseen=$(jq '[.processes[].coverage.unseen] | add' "$TMP/uprobes/traced/json")
[ "$unseen" -le 1 ] && pass uprobes_seen "$unseen unseen" || fail uprobes_seen "$unseen unseen"

# noted NAME [TEXT]: the recording has a note with TEXT; by default, why it ends before its process
noted() {
	jq -e --arg text "${2:-only from certain addresses}" '.processes[0].coverage.notes | any(test($text))' \
		"$TMP/$1/traced/json" >/dev/null && pass "$1_noted" || fail "$1_noted" "no note of it"
}

# failed_calls NAME WANTED: how many calls of munmap failed; each loaded module makes one that does
failed_calls() {
	local failed
	failed=$(jq '.processes[0].calls.munmap.failed' "$TMP/$1/traced/json")
	[ "$failed" = "$2" ] && pass "$1_seen" "$failed" || fail "$1_seen" "$failed instead of $2"
}

# Threads that share their storage are told apart nevertheless.
for round in 1 2 3; do
	VERIFY=0 same_and_true shared_storage_$round "$TARGETS/shared_storage"
done

# The shapes of an older glibc's calls are caught, or are no memory calls and nothing to warn of.
for sites in auto mprotect; do
	OPTIONS=sites=$sites same_and_true older_libc_$sites "$TARGETS/older_libc_calls"
	notes=$(jq -c '.processes[0].coverage.notes' older_libc_$sites/traced/json)
	[ "$notes" = "[]" ] && pass older_libc_${sites}_notes || fail older_libc_${sites}_notes "$notes"
done

# There are stubs for some 200 modules at a time.
VERIFY=50 same_and_true modules_come_and_go "$TARGETS/modules_come_and_go" 500 close
failed_calls modules_come_and_go 500
VERIFY=0 ALLOW=noted same_and_true modules_stay "$TARGETS/modules_come_and_go" 300 keep
noted modules_stay "system calls directly"

# Where /proc/self/mem cannot be written, text is made writable for a moment. This is done for a
# whole map, which would otherwise not be one map afterwards.
export OPTIONS=sites=mprotect VERIFY=0
same_and_true mprotect_maps perl -MPOSIX -e 'open(F, "/proc/self/maps"); while (<F>) {
	@f = split; print "@f[1,2,5]\n" if $f[5] =~ /libc.so|ld-linux|libm.so|POSIX|perl$/ }'
[ "$(grep -c libc.so mprotect_maps/plain/out)" -ge 4 ] && pass mprotect_maps_read || fail mprotect_maps_read
same_and_true mprotect_demo "$TARGETS/demo12k"
same_and_true mprotect_dlopen "$TARGETS/dlopen_many"
same_and_true mprotect_modules "$TARGETS/modules_come_and_go" 500 close
failed_calls mprotect_modules 500
same_and_true mprotect_uprobes "$TARGETS/uprobes" by_hand
STATUS=22 same_and_true mprotect_exit "$TARGETS/many_ways_to_exit" _exit
same_and_true mprotect_python python3 -c 'import json, ssl, threading
threads = [threading.Thread(target=lambda: bytearray(1 << 22)) for i in range(20)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]; print("done")'
same_and_true mprotect_node node -e 'let a = []; for (let i = 0; i < 3e5; i++) a.push({ i }); console.log(a.length)'
ALLOW="unseen" same_and_true mprotect_java java --version
same_and_true mprotect_redis redis-server --version
unset OPTIONS
# The same happens without /proc, where nothing can be compared.
ALLOW=noted same_and_true no_proc unshare -rm sh -c \
	'mount -t tmpfs none /proc && ! ls /proc/self 2>/dev/null && exec "$0"' "$TARGETS/demo12k"
grep -q . no_proc/plain/out && pass no_proc_runs || fail no_proc_runs "$(head -c 200 no_proc/plain/err)"
seen=$(jq -c '[.processes[].coverage.doors] | unique' no_proc/traced/json)
[ "$seen" = '[["wrappers","sites"]]' ] && pass no_proc_sites || fail no_proc_sites "$seen"
unset VERIFY

# Calls are let through by the address that they come from; with each way to end.
STATUS=3 same_and_true dispatch_everywhere "$TARGETS/calls_by_address" everywhere exit
[ "$(cat dispatch_everywhere/plain/out)" = "all done" ] && pass dispatch_works ||
	fail dispatch_works "$(head -c 200 dispatch_everywhere/plain/out)"
for how in dispatch filter filter_twice kill; do
	for way in return exit _exit exit_group; do
		STATUS=any same_and_true "${how}_$way" "$TARGETS/calls_by_address" $how $way
		noted "${how}_$way"
	done
done
export AFTER=$TARGETS/dispatch_selector.so
same_and_true aside_python python3 -c 'import json, threading
threads = [threading.Thread(target=lambda: bytearray(1 << 22)) for i in range(20)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]; print("done")'
noted aside_python
STATUS=3 same_and_true aside_perl perl -MPOSIX -e 'system("echo", "x" x 10); print "y" x 3e6 =~ /y$/, "\n"; exit 3'
noted aside_perl
same_and_true aside_node node -e 'let a = []; for (let i = 0; i < 3e5; i++) a.push({ i }); console.log(a.length)'
noted aside_node
same_and_true aside_java java --version
noted aside_java
unset AFTER

finish
