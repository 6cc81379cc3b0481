# SPDX-License-Identifier: MIT
# PostgreSQL as an unprivileged user: initdb, pgbench with four clients, a clean stop.
NEEDS="runuser pgbench"
VERIFY=50
SECONDS_MAX=180

run() {
	local bin
	bin=$(ls -d /usr/lib/postgresql/*/bin | tail -1)
	[ -x "$bin/initdb" ] || return 1
	chmod 777 .
	runuser -u postgres -- env BIN="$bin" HOME="$PWD" bash -c '
	export PATH=$BIN:$PATH PGHOST=$PWD PGDATABASE=postgres
	initdb -D data -A trust --no-sync >initdb.out || exit 1
	pg_ctl -D data -w -s -l log -o "-k $PWD -h \"\" -c max_parallel_workers=2" start || exit 1
	pgbench -q -i -s 2 2>pgbench.err || exit 1
	pgbench -n -c 4 -j 2 -t 250 >pgbench.out 2>&1 || exit 1
	grep "actually processed" pgbench.out
	psql -Atc "select count(*), sum(aid) from pgbench_accounts"
	psql -Atc "select count(*) from pgbench_history"
	pg_ctl -D data -w -s -m fast stop
	echo "stopped with $?"
	grep -E "PANIC|terminated by signal" log'
	return 0
}
