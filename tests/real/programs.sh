#!/bin/bash
# SPDX-License-Identifier: MIT
# Real programs, plain and traced: output and status are the same, every call is seen, the sums
# hold, and the table equals the kernel's after every call (or every 50th, where that takes too
# long). For five of them strace counts each system call as well. A missing program is a failure.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2
export SUMMARY=1
FIVE=" python3 perl java node sbcl "
cp "$ROOT"/tests/real/inputs/* .

make_clone() {
	git init -q origin && (
		cd origin || exit 1
		for i in $(seq 300); do
			echo "commit refs/heads/main"
			echo "committer A <a@example.org> $((1700000000 + i)) +0000"
			echo "data 7"
			printf 'change\n'
			echo "M 644 inline file$((i % 20))"
			echo "data <<END"
			seq "$i" $((i + 200))
			echo "END"
		done | git fast-import --quiet
	) && git clone -q -b main origin clone
}

# Compare the report's count with the calls that strace counts between the library's markers,
# without those that the markers show to be the library's own.
MEMORY=mmap,munmap,mprotect,pkey_mprotect,mremap,brk,madvise,mlock,mlock2,munlock,mlockall
MEMORY+=,munlockall,mbind,shmat,shmdt,remap_file_pages,io_setup,io_destroy

count_by_strace() {
	local name=$1 dir=$TMP/$1/strace
	shift
	mkdir -p "$dir/rec"
	timeout -k 5 120 strace -f -qq -o "$dir/log" -e "trace=$MEMORY,write,execve" \
		-E LD_PRELOAD="$LIB" \
		-E VMATRACE_OPTIONS="markers=1:report=0:log_path=$dir/report:dir=$dir/rec" "$@" \
		>"$dir/out" 2>"$dir/err" </dev/null
	"$TOOL" report --format=json "$dir/rec" >"$dir/json" 2>/dev/null
	# An image counts until it executes another one, which counts from its own marker.
	awk '/write\(-1, "vmatrace: ready"/ { on = 1; ready = 1; next }
		/ execve\(/ { on = 0; next }
		/write\(-1, "vmatrace: done"/ { on = 0 }
		/write\(-1, "vmatrace: own"/ { if (on) count[last[$1]]--; next }
		on && $2 !~ /^(<\.\.\.|write|\+\+\+|---)/ {
			sub(/\(.*/, "", $2)
			count[$2]++
			last[$1] = $2
		}
		END {
			if (!ready)
				print "no marker"
			for (call in count)
				if (count[call])
					print call, count[call]
		}' \
		"$dir/log" | sort >"$dir/strace.txt"
	jq -r '[.processes[].calls | to_entries[]] | group_by(.key)[] |
		[.[0].key, (map(.value.calls) | add)] | select(.[1] > 0) |
		"\(.[0]) \(.[1])"' "$dir/json" | sort >"$dir/ours.txt"
	if [ -s "$dir/strace.txt" ] && cmp -s "$dir/strace.txt" "$dir/ours.txt"; then
		pass "$name-strace" "difference 0: $(tr '\n' ' ' <"$dir/ours.txt")"
	else
		fail "$name-strace" "call, strace, ours: $(join -a1 -a2 -o 0,1.2,2.2 -e 0 \
			"$dir/strace.txt" "$dir/ours.txt" | awk '$2 != $3' | tr '\n' ';')"
	fi
}

# The share of its calls, in per cent, about which a run asked the kernel.
share_asked() {	# DIR OF THE RUN
	jq -s '[.[].processes[].coverage] | max_by(.calls) |
		100 * ([.calls - .derived - .late, 0] | max) / .calls * 100 | floor / 100' "$1/json"
}

# Most effects are derived: the kernel is asked about less than 2 % of the calls. While a thread is
# held up in a call that is made without the lock, the kernel is asked about the others' calls as
# well. So a program with threads on a busy machine may run again; the rules have to do in one of
# the runs.
few_asked() {	# NAME COMMAND...
	local name=$1 dir=$TMP/$1/traced share shares= try
	shift
	for try in 1 2 3 4 5; do
		if [ "$try" -gt 1 ]; then
			dir=$TMP/$name/asked-$try
			traced "$dir" report=0 "$@"
			"$TOOL" report --format=json "$dir/rec" >"$dir/json" 2>/dev/null
		fi
		share=$(share_asked "$dir")
		shares+=" $share"
		if [ "$(jq -n "$share < 2")" = true ]; then
			pass "$name-asked" "$share % of the calls"
			return
		fi
	done
	fail "$name-asked" "$shares % of the calls: $(jq -c '[.processes[].coverage.asked]' \
		"$dir/json" | cut -c1-200)"
}

program() {
	local name=$1
	if ! has_program "$2"; then
		fail "$name" "$2 is not installed: scripts/setup.sh installs it"
		return
	fi
	same_and_true "$@"
	case $FIVE in *" $name "*) count_by_strace "$@" ;; esac
	case $FIVE in *" $name "*) few_asked "$@" ;; esac
}

PYTHON=/usr/bin/python3	# Debian's, whatever else the PATH holds
program python3 "$PYTHON" many.py
program perl perl many.pl
LIMIT=180 VERIFY=50 program java java -version
LIMIT=180 VERIFY=50 program node node many.js
LIMIT=180 VERIFY=50 program sbcl sbcl --noinform --no-userinit --non-interactive --load many.lisp

program gcc gcc -O1 hello.c -o hello
if has_program git && make_clone; then
	program git-log git --no-pager -C clone log -p --stat
else
	fail git-log "git is not installed, or the clone could not be made"
fi

program malloc-glibc "$TARGETS/malloc_threads"
for allocator in jemalloc:libjemalloc.so.2 tcmalloc:libtcmalloc_minimal.so.4 \
	mimalloc:libmimalloc.so.2; do
	path=$(library "${allocator#*:}")
	if [ -z "$path" ]; then
		fail "malloc-${allocator%:*}" "${allocator#*:} is not installed"
		continue
	fi
	# tcmalloc makes system calls by instructions of its own, and the report must say so.
	ALLOW=noted AFTER=$path program "malloc-${allocator%:*}" "$TARGETS/malloc_threads"
done

# redis-server under load. The server's output has pids and times, so its answers are compared.
run_redis() {	# DIR OPTIONS ("plain": untraced)
	local dir=$1 options=$2 socket=$TMP/redis.sock
	set -- redis-server --port 0 --unixsocket "$socket" --save "" --dir "$dir" \
		--daemonize no --logfile "$dir/server.log"
	mkdir -p "$dir"
	rm -f "$socket"
	if [ "$options" = plain ]; then
		plain "$dir" "$@" &
	else
		traced "$dir" "$options" "$@" &
	fi
	for _ in $(seq 100); do
		[ -S "$socket" ] && break
		sleep 0.1
	done
	{
		redis-benchmark -s "$socket" -q -n 20000 -c 20 -d 500 -r 10000 -t set,get,lpush \
			>/dev/null 2>&1 && echo benchmark done
		redis-cli -s "$socket" bgsave
		for _ in $(seq 100); do
			redis-cli -s "$socket" info persistence | grep -q bgsave_in_progress:0 &&
				break
			sleep 0.1
		done
		redis-cli -s "$socket" info persistence | grep rdb_last_bgsave_status
		redis-cli -s "$socket" flushall
		redis-cli -s "$socket" shutdown nosave
	} >"$dir/answers" 2>&1
	wait $!
}

test_redis() {
	local difference dir=$TMP/redis
	export LIMIT=120
	run_redis "$dir/plain" plain
	run_redis "$dir/traced" ""
	run_redis "$dir/verify" verify=1:report=0
	difference=$(SAME="answers status" differences "$dir/plain" "$dir/traced")
	difference+=$(SAME="answers status" differences "$dir/plain" "$dir/verify")
	judge "$dir/traced"
	grep -qs '^SUMMARY: vmatrace: ' "$dir/traced/log.$(cat "$dir/traced/pid")" ||
		PROBLEMS+="no summary in its log; "
	if [ -z "$difference$PROBLEMS" ] && grep -q "benchmark done" "$dir/plain/answers"; then
		pass redis "$DETAIL"
	else
		fail redis "$difference$PROBLEMS$DETAIL"
	fi
	few_asked redis
}
if has_program redis-server && has_program redis-benchmark; then
	test_redis
else
	fail redis "redis-server or redis-benchmark is not installed"
fi
finish
