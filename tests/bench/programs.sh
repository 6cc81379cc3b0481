# SPDX-License-Identifier: MIT
# Whole programs: wall clock time and processor time, their children's included. A program that is
# not installed is named and left out.

write_programs() {
	mkdir -p "$TMP/programs"
	cd "$TMP/programs" || exit 2
	cat >work.py <<-'PROGRAM'
		import json, re, threading
		def work(index):
		    blocks = [bytearray(300000) for _ in range(200)]
		    text = json.dumps([{"n": i, "s": "x" * (i % 100)} for i in range(15000)])
		    return len(re.findall(r'"n": \d+', json.dumps(json.loads(text)))) + len(blocks)
		for round in range(4):
		    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
		    for thread in threads: thread.start()
		    for thread in threads: thread.join()
	PROGRAM
	cat >work.js <<-'PROGRAM'
		let sum = 0;
		for (let round = 0; round < 12; round++) {
			const kept = [];
			for (let i = 0; i < 150000; i++)
				kept.push({ i, name: "object " + i, more: [i, i + 1] });
			sum += JSON.stringify(kept).length;
		}
		if (sum < 1000) process.exit(1);
	PROGRAM
	cat >Work.java <<-'PROGRAM'
		import java.util.*;
		public class Work {
			public static void main(String[] arguments) throws Exception {
				int count = Integer.parseInt(arguments[0]);
				List<Thread> threads = new ArrayList<>();
				for (int t = 0; t < count; t++) {
					Thread thread = new Thread(() -> {
						Map<Integer, byte[]> kept = new HashMap<>();
						for (int i = 0; i < 3200000 / count; i++)
							kept.put(i % (16000 / count), new byte[i % 4000]);
					});
					threads.add(thread);
					thread.start();
				}
				for (Thread thread : threads)
					thread.join();
			}
		}
	PROGRAM
	cat >work.lisp <<-'PROGRAM'
		(let ((kept nil))
		  (dotimes (i 20000)
		    (push (make-array 20000) kept)
		    (when (zerop (mod i 100)) (setf kept nil))
		    (when (zerop (mod i 2500)) (gc :full t))))
	PROGRAM
}

has() {
	command -v "$1" >/dev/null || [ -e "$1" ]
}

program() {	# NAME COMMAND...
	local name=$1
	shift
	if has "$1"; then
		measure "$name" "ns:$(budget x1.02) ns:$(budget x1.03)" spend_under "$@"
	else
		printf '%-26s is not installed (%s)\n' "$name" "$1"
	fi
}

redis() {	# a|b REQUESTS OPTIONS...: the client's time, the server's processor time
	local socket=$TMP/redis.sock start end
	FLAGS="-o $TMP/redis.log" spend_under "$1" redis-server --port 0 --unixsocket "$socket" \
		--save "" --dir "$TMP" --daemonize no --pidfile "$TMP/redis.pid" "${@:3}" >"$TMP/redis.spent" &
	wait_until redis-cli -s "$socket" ping || return	# clean_up stops it
	start=$(date +%s%N)
	redis-benchmark -s "$socket" -q -n "$(rounds "$2")" -c 20 -d 200 -r 50000 \
		-t set,get,lpush,lpop >/dev/null || return
	end=$(date +%s%N)
	redis-cli -s "$socket" shutdown nosave >/dev/null
	wait $!
	echo $((end - start)) "$(cut -d' ' -f2 "$TMP/redis.spent")"
}

# PostgreSQL refuses to run as root.
as_nobody() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		"$@"
	fi
}

postgres_program() {
	local found
	# On Debian the programs on the PATH are a script that looks for these.
	for found in /usr/lib/postgresql/*/bin/"$1" "$(command -v "$1")"; do
		[ -x "$found" ] && readlink -f "$found" && return
	done
	return 1
}

# The user that the server runs as must be able to read the library.
make_cluster() {
	PG_PLACE=$TMP/postgres
	mkdir -p "$PG_PLACE/a" "$PG_PLACE/b"
	[ -z "$LIB_A" ] || cp "$LIB_A" "$PG_PLACE/a/"
	cp "$LIB_B" "$PG_PLACE/b/" && cp "$SPEND" "$PG_PLACE/"
	chmod -R a+rX "$PG_PLACE"
	mkdir -p "$PG_PLACE/data" "$PG_PLACE/socket"
	[ "$(id -u)" != 0 ] || chown -R 65534:65534 "$PG_PLACE/data" "$PG_PLACE/socket"
	as_nobody "$(postgres_program initdb)" -D "$PG_PLACE/data" -U bench -A trust \
		>"$TMP/initdb.log" 2>&1
}

pg_client() {
	"$(postgres_program pgbench)" -h "$PG_PLACE/socket" -U bench "$@" postgres
}

pgbench_once() {	# a|b CLIENTS: the client's time, the server's processor time
	local lib start end
	lib=$(lib_of "$1")
	[ -z "$lib" ] || lib=$PG_PLACE/$1/libvmatrace.so
	: >"$TMP/pg.spent"
	as_nobody "$PG_PLACE/spend" ${lib:+-e "LD_PRELOAD=$lib"} \
		${lib:+-e VMATRACE_OPTIONS=report=0} "$PG_SERVER" \
		-D "$PG_PLACE/data" -k "$PG_PLACE/socket" -c listen_addresses= \
		-c fsync=off -c max_connections=80 >"$TMP/pg.spent" 2>"$TMP/pg.log" &
	wait_until "$(postgres_program pg_isready)" -h "$PG_PLACE/socket" || return
	[ -e "$TMP/pg.filled" ] || {
		pg_client -i -q -s 2 >/dev/null 2>&1 && touch "$TMP/pg.filled"
	}
	start=$(date +%s%N)
	pg_client -n -c "$2" -j 2 -t "$(($(rounds 4000) / $2 + 1))" >/dev/null 2>&1 || echo "pgbench failed" >&2
	end=$(date +%s%N)
	kill -INT "$(head -1 "$PG_PLACE/data/postmaster.pid")"
	wait $!
	echo $((end - start)) "$(cut -d' ' -f2 "$TMP/pg.spent")"
}

bench_programs() {
	local place=$PWD
	heading programs
	write_programs
	program python3 /usr/bin/python3 work.py
	program node node --max-semi-space-size=4 work.js
	if ! wanted java && ! wanted java-64-threads; then
		:
	elif has javac && javac Work.java; then
		program java java -Xmx200m Work 8
		program java-64-threads java -Xmx200m Work 64
	else
		printf '%-26s is not installed (javac)\n' java
	fi
	program sbcl sbcl --noinform --no-userinit --non-interactive --load work.lisp
	if has redis-server && has redis-benchmark; then
		measure redis "ns:$(budget x1.02) ns:$(budget x1.03)" redis 50000
		# The threads wait busily, so more than there are processors for would measure luck.
		measure redis-io-threads "ns:$(budget x1.02) ns:$(budget x1.03)" redis 5000 \
			--io-threads 2 --io-threads-do-reads yes
	else
		printf '%-26s is not installed (redis-server, redis-tools)\n' redis
	fi
	if PG_SERVER=$(postgres_program postgres) && postgres_program pgbench >/dev/null &&
		make_cluster; then
		measure pgbench "ns:$(budget x1.02) ns:$(budget x1.03)" pgbench_once 4
		measure pgbench-64-clients "ns:$(budget x1.02) ns:$(budget x1.03)" pgbench_once 64
	else
		printf '%-26s is not installed (postgresql)\n' pgbench
	fi
	cd "$place" || exit 2
}
