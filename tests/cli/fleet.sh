#!/bin/bash
# SPDX-License-Identifier: MIT
# Metrics of running processes: vmatrace export once, into a file, and over HTTP, judged by promtool and
# scraped by a real Prometheus; the alert rules, the dashboard and the uploads of doc/fleet.md.
. "$(dirname "$0")/../lib.sh"
HERE=$ROOT/tests/cli
DOC=$ROOT/doc/fleet
export PYTHONPATH=$TMP PYTHONDONTWRITEBYTECODE=1
cd "$TMP" || exit 2
JOBS_STARTED=
end_jobs() {
	local job
	exec 8>&-
	for job in $JOBS_STARTED; do kill "$job" 2>/dev/null; done
	wait 2>/dev/null
	clean_up
}
trap end_jobs EXIT
EXPORT="$TOOL export --openmetrics"

# wait_for COMMAND...: until it succeeds, for at most 20 seconds
wait_for() {
	local tries
	for ((tries = 0; tries < 200; tries++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	return 1
}

# linted NAME FILE: promtool has nothing to say
linted() {
	local said
	if said=$(promtool check metrics <"$2" 2>&1) && [ -z "$said" ] && [ -s "$2" ]; then
		pass "$1" "$(grep -vc '^#' "$2") series"
	else
		fail "$1" "$said"
	fi
}

# refused NAME TEXT ARGUMENTS...: status 2, and a sentence that has the text
refused() {
	local name=$1 text=$2 status
	shift 2
	timeout 20 "$TOOL" export "$@" >out 2>err
	status=$?
	if [ $status = 2 ] && [ ! -s out ] && grep -qF -- "$text" err && [ "$(wc -l <err)" = 1 ]; then
		pass "$name"
	else
		fail "$name" "status $status: $(cat out err | head -3)"
	fi
}

# A traced program that makes as many maps as it is told, and one that is not traced.
start_programs() {
	mkdir rec
	mkfifo orders
	LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:dir=$TMP/rec "$TARGETS/grows_on_demand" <orders >/dev/null &
	TRACED=$!
	exec 8>orders
	sleep 600 8>&- &
	UNTRACED=$!
	JOBS_STARTED="$TRACED $UNTRACED"
	echo 100 >&8
	wait_for has_maps 200
}

# has_maps N: at least so many maps of the traced program's call sites
has_maps() {
	$EXPORT "$TRACED" | awk -v n="$1" '/^vmatrace_site_maps/ { sum += $NF } END { exit sum < n }'
}

once() {
	local what
	for what in "$TRACED" "$UNTRACED" rec --all; do
		# shellcheck disable=SC2086
		$EXPORT $what >"once.$what" 2>err || fail "once-$what" "$(cat err)"
		linted "lint-$what" "once.$what"
	done
	check traced-site grep -qE "^vmatrace_site_maps\{program=\"grows_on_demand\",pid=\"$TRACED\",image=\"1\",\
site=\"[0-9]+\",call=\"mprotect\",where=\"make_object [^ ]*grows_on_demand.c:[0-9]+\"\} 200$" "once.$TRACED"
	check untraced-maps [ "$(grep -c "^process_memory_map_areas{program=\"sleep\",pid=\"$UNTRACED\"" once.--all)" = 1 ]
	check untraced-limit grep -qxE "process_memory_map_areas_limit\{program=\"sleep\",pid=\"$UNTRACED\",image=\"1\"\} \
$(cat /proc/sys/vm/max_map_count)" "once.$UNTRACED"
	check untraced-only [ "$(grep -c "^vmatrace_[^p].*{" "once.$UNTRACED")" = 0 ]
	check all-has-traced grep -q "^vmatrace_site_maps{.*pid=\"$TRACED\"" once.--all
	$EXPORT --all --most=1 >most
	check most [ "$(grep -c '^process_memory_map_areas{' most)" = 1 ]
	check left-out grep -qE '^vmatrace_processes\{state="left_out"\} [1-9]' most
	$EXPORT --top=1 "$TRACED" >top
	check top [ "$(grep -c '^vmatrace_site_maps{' top)" = 1 ]
}

# Recordings of processes that have ended: once they are shown, as long as nobody says otherwise.
ended() {
	traced done report=0 "$TARGETS/guard_pages"
	$EXPORT done/rec >out
	linted lint-ended out
	check ended-shown grep -q '^process_memory_map_areas{program="guard_pages"' out
	$EXPORT --running done/rec >out
	check ended-left-out sh -c '! grep -q guard_pages out'
}

hostile() {
	cc -D_GNU_SOURCE -I"$ROOT/preload" "$HERE/make_hostile.c" -o make_hostile || exit 2
	mkdir hostile
	./make_hostile hostile/h.vmt 4194999
	$EXPORT hostile >out
	linted lint-hostile out
	check hostile-labels [ "$(LC_ALL=C awk '{ for (i = 1; i <= NF; i++) if (length($0) > 900) n++ }
		END { print n + 0 }' out)" = 0 ]
	cp "$(command -v sleep)" 'pay"me\n{x}='
	./'pay"me\n{x}=' 600 8>&- &
	JOBS_STARTED+=" $!"
	wait_for grep -q pay "/proc/$!/comm"
	$EXPORT $! >out
	linted lint-hostile-name out
	check hostile-name grep -qF 'program="pay\"me\\n{x}="' out
}

# A reader must never see half of it, and after the end it is gone.
textfile() {
	local job i halves=0
	$EXPORT --all --interval=1 --output=all.prom 2>err &
	job=$!
	JOBS_STARTED+=" $job"
	wait_for test -s all.prom
	check textfile-mode [ "$(stat -c %a all.prom)" = 644 ]
	first=$(stat -c %i all.prom)
	for ((i = 0; i < 300; i++)); do
		tail -1 all.prom 2>/dev/null | grep -q '^vmatrace_site_maps' || halves=$((halves + 1))
	done
	check textfile-whole [ $halves = 0 ]
	check textfile-renewed wait_for sh -c "[ \$(stat -c %i all.prom) != $first ]"
	linted lint-textfile all.prom
	kill "$job"
	wait "$job"
	check textfile-end [ $? = 0 ]
	check textfile-removed [ ! -e all.prom ]
	check textfile-nothing-left [ -z "$(find . -name '.all.prom*')" ]
	sleep 600 8>&- &
	i=$!
	$EXPORT --interval=1 --output=one.prom $i &
	job=$!
	JOBS_STARTED+=" $job $i"
	wait_for test -s one.prom
	kill $i
	wait $job
	check textfile-ends-with-process [ $? = 0 ]
}

# fetch PATH [ARGUMENT...]: of our server
fetch() {
	local path=$1
	shift
	curl --silent --show-error --max-time 20 "$@" "http://$ADDRESS$path"
}

start_server() {
	$EXPORT --listen=127.0.0.1:0 --all 2>listening &
	SERVER=$!
	JOBS_STARTED+=" $SERVER"
	wait_for grep -q 'listening at http' listening
	ADDRESS=$(sed -n 's,.*http://\([0-9.:]*\)/metrics,\1,p' listening)
}

listen() {
	start_server
	fetch /metrics --dump-header head >page
	linted lint-http page
	check http-type grep -qi '^content-type: text/plain; version=0.0.4' head
	fetch /metrics --dump-header head --header 'Accept: application/openmetrics-text;version=1.0.0' >page
	check openmetrics-type grep -qi '^content-type: application/openmetrics-text' head
	check openmetrics-end [ "$(tail -1 page)" = "# EOF" ]
	check openmetrics-parser /usr/bin/python3 -c 'if 1:
		from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
		assert any(f.name == "vmatrace_site_maps" and f.samples for f in parse(open("page").read()))'
	check http-head [ "$(fetch /metrics --head --output /dev/null --write-out '%{http_code}')" = 200 ]
	check http-root [ "$(fetch / --output /dev/null --write-out '%{http_code}')" = 200 ]
	check http-unknown [ "$(fetch /etc/passwd --output /dev/null --write-out '%{http_code}')" = 404 ]
	check http-post [ "$(fetch /metrics --data x --output /dev/null --write-out '%{http_code}')" != 200 ]
	refused listen-taken "cannot listen at $ADDRESS: Address already in use" \
		--openmetrics --all --listen="$ADDRESS"
}

# ask EXPRESSION: what Prometheus answers, as the value of its only result
ask() {
	curl --silent --max-time 20 --get --data-urlencode "query=$1" "http://$PROMETHEUS/api/v1/query" |
		jq -er '.data.result[0].value[1]'
}

prometheus_says() {
	[ "$(ask "$1")" = "$2" ]
}

prometheus() {
	local port
	port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	PROMETHEUS=127.0.0.1:$port
	cp "$DOC/alerts.yml" .
	sed -n '/^rule_files/,/^```/p' "$ROOT/doc/fleet.md" | grep -v '```' |
		sed "s/127.0.0.1:9843/$ADDRESS/" >prometheus.yml
	printf 'global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\n' >>prometheus.yml
	check prometheus-config promtool check config prometheus.yml
	command prometheus --config.file=prometheus.yml --storage.tsdb.path=tsdb --web.listen-address="$PROMETHEUS" \
		--log.level=error >prometheus.log 2>&1 8>&- &
	JOBS_STARTED+=" $!"
	check scraped wait_for prometheus_says "sum(vmatrace_site_maps{pid=\"$TRACED\",call=\"mprotect\"})" 200
	echo 150 >&8
	check growth-scraped wait_for prometheus_says "sum(vmatrace_site_maps{pid=\"$TRACED\",call=\"mprotect\"})" 500
	check target-up prometheus_says 'up{job="vmatrace"}' 1
	check rules-loaded [ "$(curl --silent "http://$PROMETHEUS/api/v1/rules" |
		jq '[.data.groups[].rules[]] | length')" = 2 ]
	dashboard_answers
}

# Each expression of the dashboard is one that Prometheus takes, and names metrics that exist.
dashboard() {
	jq -e . "$DOC/dashboard.json" >/dev/null && pass dashboard-json || fail dashboard-json
	grep -ohE '(process_memory|vmatrace)_[a-z_]+' "$DOC/dashboard.json" "$DOC/alerts.yml" | sort -u >named
	$EXPORT --all | sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' | sort -u >exist
	check metrics-exist [ -s named -a -z "$(comm -23 named exist)" ]
	check metrics-documented [ -z "$(while read -r name; do
		grep -qE "$name|…_${name#vmatrace_maps_}" "$ROOT/doc/fleet.md" || echo "$name"
	done <exist)" ]
}

dashboard_answers() {
	local expression bad=
	while read -r expression; do
		curl --silent --get --data-urlencode "query=$expression" "http://$PROMETHEUS/api/v1/query" |
			jq -e '.status == "success"' >/dev/null || bad+="$expression; "
	done < <(jq -r '.panels[].targets[].expr' "$DOC/dashboard.json" |
		sed 's/\$instance/.*/g; s/\$program/.*/g')
	[ -z "$bad" ] && pass dashboard-expressions || fail dashboard-expressions "$bad"
}

rules() {
	mkdir rules
	cp "$DOC/alerts.yml" "$HERE/alerts_test.yml" rules
	check rules-check promtool check rules rules/alerts.yml
	local said
	said=$(cd rules && promtool test rules alerts_test.yml 2>&1) && pass rules-test || fail rules-test "$said"
}

# The commands of doc/fleet.md as they stand there.
uploads() {
	local name
	protoc --python_out=. -I"$HERE" profile.proto || exit 2
	/usr/bin/python3 "$HERE/receiver.py" "$TMP" 2>receiver.err 8>&- &
	JOBS_STARTED+=" $!"
	wait_for test -s port
	PATH=$(dirname "$TOOL"):$PATH
	export RECORDINGS=done/rec DOC PYROSCOPE=127.0.0.1:$(cat port) PARCA=127.0.0.1:$(cat port)
	"$TOOL" report --format=json done/rec >done.json
	for name in pyroscope parca; do
		sed -n "/^\`\`\`sh $name/,/^\`\`\`\$/p" "$ROOT/doc/fleet.md" | grep -v '```' >"$name.sh"
		bash -eu "$name.sh" >out 2>&1 && [ -s "$name.sh" ] && pass "upload-$name" || fail "upload-$name" "$(cat out)"
	done
	for name in ingest profiles-writeraw; do
		if said=$(/usr/bin/python3 "$HERE/export_check.py" pprof "$name.pb.gz" done.json 2>&1); then
			pass "received-$name"
		else
			fail "received-$name" "$said"
		fi
	done
	check received-types [ "$(jq -r 'keys | sort | join(" ")' ingest.json)" = "bytes created live merged peak split" ]
}

refusals() {
	refused no-kind "say --openmetrics" rec
	refused nothing "no process or recording given" --openmetrics
	refused all-and-more "--all does not take" --openmetrics --all rec
	refused interval-alone "--interval needs --output=FILE" --openmetrics --interval=5 rec
	refused interval-0 "not a number from 1" --openmetrics --interval=0 --output=x rec
	refused no-process "no such process" --openmetrics 999999999
	refused no-process-listen "no such process" --openmetrics --listen=127.0.0.1:0 999999999
	refused no-recording "nowhere: No such file" --openmetrics nowhere
	refused no-folder "cannot write to nowhere/x: No such file or directory" --openmetrics --output=nowhere/x rec
	refused empty-folder "holds no recordings" --openmetrics rules
	refused listen-name "is like 127.0.0.1:9843" --openmetrics --listen=localhost:9843 --all
	refused listen-port "is like 127.0.0.1:9843" --openmetrics --listen=127.0.0.1:99999 --all
	refused listen-file "--listen writes no file" --openmetrics --listen=127.0.0.1:0 --output=x --all
	refused unknown "unknown option" --openmetrics --format=csv rec
	$EXPORT -o /dev/full rec >out 2>err
	check full [ $? = 125 ]
	check full-said grep -qF "cannot write to /dev/full: No space left on device" err
}

start_programs
once
ended
rules
dashboard
hostile
textfile
listen
prometheus
uploads
refusals
finish
