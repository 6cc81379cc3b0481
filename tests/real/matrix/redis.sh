# SPDX-License-Identifier: MIT
# Redis on jemalloc: filled past its memory limit, so that it evicts, and saved meanwhile.
NEEDS="redis-server redis-cli redis-benchmark"
VERIFY=1
SECONDS_MAX=120

run() {
	local socket=$PWD/redis.sock
	redis-server --port 0 --unixsocket "$socket" --save "" --dir "$PWD" --daemonize no \
		--maxmemory 30mb --maxmemory-policy allkeys-lru --logfile "$PWD/log" &
	local server=$!
	ask() { redis-cli -s "$socket" "$@"; }
	until [ "$(ask ping 2>&1)" = PONG ]; do kill -0 $server || return 1; done
	ask config set activedefrag yes
	for _ in 1 2 3; do
		redis-benchmark -s "$socket" -q -n 20000 -c 20 -d 2000 -r 100000 -t set,get,lpush \
			>benchmark 2>&1 || return 1
		ask bgsave
		until ask info persistence | grep -q bgsave_in_progress:0; do
			kill -0 $server || return 1
		done
	done
	ask info persistence | tr -d '\r' | grep rdb_last_bgsave_status
	ask info stats | tr -d '\r' | grep -q '^evicted_keys:0$' && echo "nothing was evicted"
	ask shutdown nosave
	wait $server
	echo "ended with $?"
}
