# SPDX-License-Identifier: MIT
# nginx with two workers, which give up root, under load by wrk, a reload in the middle.
NEEDS="nginx wrk"
VERIFY=5
SECONDS_MAX=120

run() {
	local port=18$((RANDOM % 900 + 100)) server errors
	mkdir -m 755 html && seq 20000 >html/page
	printf '%s\n' "user nobody nogroup;" "daemon off;" "worker_processes 2;" "pid $PWD/pid;" \
		"error_log $PWD/error.log;" "events {}" "http { access_log off;" \
		"server { listen 127.0.0.1:$port; root $PWD/html; } }" >conf
	nginx -e "$PWD/error.log" -p "$PWD" -c "$PWD/conf" &
	server=$!
	until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
		kill -0 $server || return 1
	done
	wrk -t2 -c20 -d2s "http://127.0.0.1:$port/page" >wrk.out || return 1
	nginx -e "$PWD/error.log" -p "$PWD" -c "$PWD/conf" -s reload
	wrk -t2 -c20 -d2s "http://127.0.0.1:$port/page" >>wrk.out || return 1
	errors=$(grep -cE 'Non-2xx|Socket errors.*(connect|timeout) [1-9]' wrk.out)
	exec 3<>"/dev/tcp/127.0.0.1/$port"
	printf 'GET /page HTTP/1.0\r\n\r\n' >&3
	sed '1,/^\r$/d' <&3 | sha256sum
	exec 3>&-
	kill -QUIT $server
	wait $server
	echo "ended with $?, runs with errors: $errors"
}
